import { assertEquals } from "@std/assert";
import { test } from "node:test";
import Value from "typebox/value";
import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import { seededRandom } from "../../core/random.ts";
import { ARP_OPTIONS } from "../../protocols/arp.ts";
import { ETHERNET_OPTIONS } from "../../protocols/ethernet.ts";
import { ICMP_OPTIONS } from "../../protocols/icmp.ts";
import { ICMPV6_OPTIONS } from "../../protocols/icmpv6.ts";
import { IPV4_OPTIONS } from "../../protocols/ipv4.ts";
import { IPV6_OPTIONS } from "../../protocols/ipv6.ts";
import { MLD_OPTIONS } from "../../protocols/mld.ts";
import { NDP_OPTIONS } from "../../protocols/ndp.ts";
import { SLAAC_OPTIONS } from "../../protocols/slaac.ts";
import { STATIC_ARP_OPTIONS } from "../../protocols/static_arp.ts";
import { UDP_BIND_OPTIONS, UDP_LISTEN_OPTIONS, UDP_OPTIONS } from "../../protocols/udp.ts";
import { UDP_TEMPLATE_OPTIONS } from "../../protocols/udp_template.ts";

const SCHEMAS: Record<string, OptionsSchema<Record<string, unknown>>> = {
  arp: ARP_OPTIONS,
  staticArp: STATIC_ARP_OPTIONS,
  ethernet: ETHERNET_OPTIONS,
  icmp: ICMP_OPTIONS,
  icmpv6: ICMPV6_OPTIONS,
  ipv4: IPV4_OPTIONS,
  ipv6: IPV6_OPTIONS,
  mld: MLD_OPTIONS,
  ndp: NDP_OPTIONS,
  slaac: SLAAC_OPTIONS,
  udpTemplate: UDP_TEMPLATE_OPTIONS,
  udp: UDP_OPTIONS,
  "udp.bind": UDP_BIND_OPTIONS,
  "udp.listen": UDP_LISTEN_OPTIONS,
} as never;

/** Values of every kind, those at the edges of ranges among them. */
const VALUES: unknown[] = [
  ...[-1, 0, 1, 1.5, 64, 255, 256, 1024, 1025, 65_535, 65_536, 65_537, 1e6, 1e7, 86_400_000, 1e12],
  ...["", "x", "10.0.0.2/24", "10.0.0.2", "02:00:00:00:00:01", "01:00:00:00:00:01", "udp", "tcp"],
  ...[true, false, null, {}, [], ["10.0.0.2/24"], ["x"], [1], [{ to: "10.0.0.0/8" }]],
];

for (const [owner, schema] of Object.entries(SCHEMAS)) {
  test(`${owner}: the small checker and TypeBox agree on the schema`, () => {
    const random = seededRandom(5);
    const pick = <T>(list: readonly T[]): T => list[(random() >>> 0) % list.length]!;
    const names = [...Object.keys(schema.properties), "unknown"];
    const seen = [0, 0];
    for (let i = 0; i < 5000; i++) {
      const options: Record<string, unknown> = {};
      if (i % 5 > 0 && schema.required) {
        for (const name of schema.required) options[name] = pick([0, 9, 65_535, "x"]);
      }
      for (let n = (random() >>> 0) % 3; n > 0; n--) options[pick(names)] = pick(VALUES);
      let fits = true;
      try {
        checkOptions(owner, schema, options);
      } catch {
        fits = false;
      }
      assertEquals(fits, Value.Check(schema as never, options), JSON.stringify(options));
      seen[fits ? 1 : 0]!++;
    }
    assertEquals(seen.every((count) => count > 50), true);
  });
}
