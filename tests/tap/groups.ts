/**
 * A stack on tap0 in the group 239.1.2.3, run as a program inside a namespace. SIGUSR1 lets it leave the group.
 *
 * @module
 */

import process from "node:process";
import type { Ipv4Address } from "../../core/ipv4_address.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { igmp } from "../../protocols/igmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";

const GROUP = 0xef010203 | 0;

const net = stack({
  driver: tap("tap0"),
  protocols: [ethernet(), arp(), ipv4({ address: "10.9.0.2/24" }), igmp({ longestDelay: 200 })],
});
const leave = (): void => net.ipv4.leave(GROUP as Ipv4Address);
net.ipv4.join(GROUP as Ipv4Address);
process.on("SIGUSR1", leave);
process.once("SIGTERM", () => {
  process.off("SIGUSR1", leave);
  console.log(JSON.stringify(net.counters()));
  net.close();
});
console.log("ready");
