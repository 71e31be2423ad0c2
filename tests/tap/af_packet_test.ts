import { assert, assertEquals, assertThrows } from "@std/assert";
import { NetError } from "../../core/net_error.ts";
import { afPacket } from "../../drivers/af_packet.ts";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Program } from "./namespace.ts";

/** Sends a datagram, so that ARP is over, three in one call, and one more. */
const GATHERED = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.9.0.2", 7))
s.send(b"w")
time.sleep(0.3)
SOL_UDP, UDP_SEGMENT = 17, 103
s.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
s.send(bytes([1]) * 1000 + bytes([2]) * 1000 + bytes([3]) * 500)
s.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
s.send(bytes(7))
`;

async function counters(server: Program): Promise<Record<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return JSON.parse([...server.stdout.matchAll(/^counters (.*)$/gm)].at(-1)![1]!);
}

/** Runs a test in two namespaces, ours and that of a kernel with 10.9.0.1, which a link of their own joins. */
function onVeth(run: (ours: Namespace, kernel: Namespace) => Promise<void>): Promise<void> {
  return inNamespace((ours) =>
    inNamespace((kernel) => {
      ours.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", kernel.name);
      for (const namespace of [ours, kernel]) namespace.run("ip", "link", "set", "veth0", "up");
      kernel.run("ip", "address", "add", "10.9.0.1/24", "dev", "veth0");
      return run(ours, kernel);
    })
  );
}

testWith(
  [...NEEDS, "ping"],
  "af_packet: a host on a link of its own talks with the kernel behind it, and hears nothing of the rest",
  () =>
    onVeth(async (ours, kernel) => {
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
    }),
);

testWith(
  [...NEEDS, "python3"],
  "af_packet: datagrams that a host of this machine sends as one (UDP_SEGMENT) are several; groups without promiscuity",
  () =>
    onVeth(async (ours, kernel) => {
      const listener = ours.start(["tests/tap/af_packet.ts", "listen"]);
      await listener.line(/^ready/);
      const { promiscuity, allmulti } = JSON.parse(ours.run("ip", "-d", "-j", "link", "show", "veth0"))[0];
      assertEquals([promiscuity, allmulti], [0, 1]);
      kernel.run("python3", "-c", GATHERED);
      await listener.line(/^datagram 7 0$/);
      assertEquals(listener.stdout.match(/^datagram .*$/gm), [
        ...["datagram 1 119", "datagram 1000 1", "datagram 1000 2", "datagram 500 3"],
        "datagram 7 0",
      ]);
    }),
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
