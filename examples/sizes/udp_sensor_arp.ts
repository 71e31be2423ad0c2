// budget: 8.5 kB
// without: static_arp ndp ipv4 ipv6 icmp udp tcp http

import { type Driver, stack } from "../../mod.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { udpTemplate } from "../../protocols/udp_template.ts";

declare const driver: Driver<"ethernet">;

const to = { source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 };
const net = stack({ driver, protocols: [ethernet(), arp(), udpTemplate(to)] });
net.datagram.send(Uint8Array.of(0, 215));
