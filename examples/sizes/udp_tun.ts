// budget: 4 kB
// without: ethernet arp static_arp ndp ipv4 ipv6 icmp udp tcp http

import { type Driver, stack } from "../../mod.ts";
import { udpTemplate } from "../../protocols/udp_template.ts";

/** A TUN device, which the rest of the app opens: the number is the stack's, and no host's. */
declare const driver: Driver<"ip">;

const to = { source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 };
const net = stack({ driver, protocols: [udpTemplate(to)] });
net.datagram.send(Uint8Array.of(0, 215));
