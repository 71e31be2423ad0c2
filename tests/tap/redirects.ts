/**
 * A stack on tap0 that sends to 192.0.2.9 through 10.9.0.1 every tenth of a second, and tells when it is sent elsewhere. Run as a
 * program inside a namespace.
 *
 * @module
 */

import process from "node:process";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

const FAR = parseIpv4("192.0.2.9");

const net = stack({
  driver: tap("tap0"),
  protocols: [ethernet(), arp(), ipv4({ address: "10.9.0.2/24", gateway: "10.9.0.1" }), icmp(), udp()],
});
const socket = net.udp.bind({ port: 0 }, () => {});
let hop = "";
let changes = 0;
const timer = setInterval(() => {
  socket.send(Uint8Array.of(1), FAR, 9);
  const now = net.ipv4.format(net.ipv4.nextHop(FAR)!);
  if (now !== hop) console.log(`${++changes}: ${hop = now}`);
}, 100);
process.once("SIGTERM", () => {
  clearInterval(timer);
  console.log(JSON.stringify(net.counters()));
  net.close();
});
