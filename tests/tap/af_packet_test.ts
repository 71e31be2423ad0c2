import { assert, assertEquals, assertThrows } from "@std/assert";
import { NetError } from "../../core/net_error.ts";
import { afPacket } from "../../drivers/af_packet.ts";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, type Program } from "./namespace.ts";

async function counters(server: Program): Promise<Record<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return JSON.parse([...server.stdout.matchAll(/^counters (.*)$/gm)].at(-1)![1]!);
}

testWith(
  [...NEEDS, "ping"],
  "af_packet: a host on a link of its own talks with the kernel behind it, and hears nothing of the rest",
  () =>
    inNamespace((ours) =>
      inNamespace(async (kernel) => {
        ours.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", kernel.name);
        for (const namespace of [ours, kernel]) namespace.run("ip", "link", "set", "veth0", "up");
        kernel.run("ip", "address", "add", "10.9.0.1/24", "dev", "veth0");
        const server = ours.start(["tests/tap/af_packet.ts", "serve"]);
        await server.line(/^ready/);
        const user = kernel.start(["tests/tap/af_packet.ts", "use"]);
        await user.line(/^before/, 60_000);
        const before = await counters(server);
        assertEquals(await user.ended, 0, user.said());
        const after = await counters(server);
        const received = after.received! - before.received!;
        assert(received >= 5 && received < 15, `${received} frames came through`);
        // The requests with a priority and no VLAN; the kernel may ask once in between.
        const replies = after.replies! - before.replies!;
        assert(replies >= 5 && replies < 8, `${replies} requests were answered`);
        assertEquals([after.wrong, after.refused, after.oversized], [0, 0, 0]);
        // The interface goes off and on again.
        ours.run("ip", "link", "set", "veth0", "down");
        await new Promise((resolve) => setTimeout(resolve, 100));
        ours.run("ip", "link", "set", "veth0", "up");
        kernel.run("ping", "-c", "2", "-i", "0.2", "-W", "2", "10.9.0.2");
      })
    ),
);

testWith(NEEDS, "af_packet: interfaces that are none, or carry no frames, are refused in a sentence", () => {
  const refused = assertThrows(() => afPacket("nowhere0"), NetError);
  assertEquals([refused.code, refused.message], [
    "ENODEV",
    "Cannot open nowhere0: there is no such network interface; see those there are with: ip link",
  ]);
  const lo = assertThrows(() => afPacket("lo"), NetError);
  assertEquals([lo.code, lo.message], ["EINVAL", "Cannot open lo: it carries no Ethernet frames"]);
});
