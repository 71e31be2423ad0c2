/**
 * A stack on tap0 that finds itself an address of the link, and prints it. Run as a program inside a namespace.
 *
 * @module
 */

import process from "node:process";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { linkLocal } from "../../protocols/link_local.ts";

const net = stack({
  driver: tap("tap0"),
  protocols: [ethernet({ mac: "02:00:00:00:77:01" }), arp(), ipv4(), icmp(), linkLocal({ onAddress: console.log })],
});
process.once("SIGTERM", () => {
  console.log(JSON.stringify(net.counters()));
  net.close();
});
