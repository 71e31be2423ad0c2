// budget: 5 kB
// without: ndp ipv6 icmp tcp http

import { memory } from "../../drivers/memory.ts";
import { parseIpv4, stack } from "../../mod.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

const [driver] = memory("ethernet");
const net = stack({ driver, protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), udp()] });
net.udp.bind({ port: 0 }, () => {}).send(new TextEncoder().encode("21.5"), parseIpv4("10.0.0.1"), 5683);
