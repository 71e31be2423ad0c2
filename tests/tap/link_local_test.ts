import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "./namespace.ts";

testWith(
  [...NEEDS, "ping"],
  "an address of the link: the kernel reaches us there, and one that it has already is not taken",
  () =>
    inNamespace(async (namespace) => {
      namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
      namespace.run("ip", "link", "set", "tap0", "up");
      namespace.run("ip", "address", "add", "169.254.0.1/16", "dev", "tap0");
      const found: string[] = [];
      for (const conflicts of [0, 1]) {
        const program = namespace.start(["tests/tap/link_local.ts"]);
        const [own] = await program.line(/^169\.254\.\d+\.\d+$/);
        assertMatch(namespace.run("ping", "-c", "2", "-i", "0.1", "-W", "2", own), / 0% packet loss/);
        assertEquals(await program.stop(), 0, program.said());
        const { linkLocal, loop, arp } = JSON.parse(/^\{.*$/m.exec(program.stdout)![0]);
        assertEquals([loop.faults, arp.malformed, linkLocal.conflicts], [0, 0, conflicts], program.said());
        found.push(own);
        // The same MAC address would choose the same one again.
        namespace.run("ip", "address", "add", `${own}/16`, "dev", "tap0");
      }
      assertNotEquals(found[0], found[1]);
    }),
);
