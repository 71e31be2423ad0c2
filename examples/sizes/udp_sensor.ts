// budget: 5 kB
// without: ethernet arp ndp ipv4 ipv6 icmp udp tcp http

import { type Driver, stack } from "../../mod.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { udpTemplate } from "../../protocols/udp_template.ts";

/** A network interface, which the rest of the app opens: the number is the stack's, and no host's. */
declare const driver: Driver<"ethernet">;

const macs = { mac: "02:00:00:00:00:02", neighbour: "02:00:00:00:00:01" };
const to = { source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 };
const net = stack({ driver, protocols: [staticArp(macs), udpTemplate(to)] });
net.datagram.send(Uint8Array.of(0, 215));
