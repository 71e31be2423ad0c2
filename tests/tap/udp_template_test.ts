import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, runtime } from "./namespace.ts";

for (
  const [name, what] of Object.entries({
    tun: "over TUN",
    static: "over TAP with a permanent ARP entry, and finds us by ARP itself",
    arp: "over TAP with ARP",
  })
) {
  testWith(NEEDS, `udp_template: the kernel reads datagrams of every length ${what}`, () =>
    inNamespace((namespace) => {
      const { status, stdout, stderr } = namespace.try([...runtime(), "tests/tap/udp_template_scenarios.ts", name]);
      assertEquals(status, 0, `${stdout}\n${stderr}`);
    }));
}
