/**
 * A stack on tap0 that a router and a DHCPv6 server configure; prints what they tell. Run as a program inside a namespace.
 *
 * @module
 */

import process from "node:process";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { dhcpv6 } from "../../protocols/dhcpv6.ts";
import { dns } from "../../protocols/dns.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { slaac } from "../../protocols/slaac.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const net = stack({
  driver: tap("tap0"),
  protocols: [ethernet(), ndp(), ipv6(), icmpv6(), slaac(), udp(), tcp(), dhcpv6(), dns()],
});
process.once("SIGTERM", () => net.close());
console.log(JSON.stringify({ told: await net.dhcpv6.informed() }));
await net.slaac.configured();
console.log(JSON.stringify({ found: await net.dns.lookup("one.example", { family: 6 }).catch(String) }));
console.log(JSON.stringify(net.counters()));
