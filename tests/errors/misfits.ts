// Compositions that do not fit.

import { stack } from "../../mod.ts";
import { memory } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const [driver] = memory("ethernet");
const [tun] = memory("ip");
const ip = ipv4({ address: "10.0.0.2/24" });

// A layer is missing.

// error: Type 'UdpProtocol' is not assignable to type '"udp() needs \"ip\": list ipv4() or ipv6() before it"'
stack({ driver, protocols: [ethernet(), arp(), udp()] });

// error: Type 'IcmpProtocol' is not assignable to type '"icmp() needs \"ip\": list ipv4() or ipv6() before it" | "icmp() needs \"ipv4\": list ipv4() before it"'
stack({ driver, protocols: [ethernet(), arp(), icmp()] });

// error: Type 'ArpProtocol' is not assignable to type '"arp() needs \"ethernet\": list ethernet() before it"'
stack({ driver, protocols: [arp(), ip, udp()] });

// error: Type 'Ipv4Protocol' is not assignable to type '"ipv4() needs \"link\": list ethernet() and arp() before it, or use a driver that carries IP packets"'
stack({ driver, protocols: [ethernet(), ip, udp()] });

// error: Type 'TcpProtocol' is not assignable to type '"tcp() needs \"ip\": list ipv4() or ipv6() before it"'
stack({ driver: tun, protocols: [tcp()] });

// A layer is listed too late.

// error: Type 'UdpProtocol' is not assignable to type '"udp() needs \"ip\": list ipv4() or ipv6() before it"'
stack({ driver, protocols: [ethernet(), arp(), udp(), ip] });

// The driver carries something else.

// error: Type 'EthernetProtocol' is not assignable to type '"ethernet() needs \"wire\": use a driver that carries Ethernet frames"'
stack({ driver: tun, protocols: [ethernet(), arp(), ip] });

// What was pruned is not there.

const net = stack({ driver: tun, protocols: [ip] });

// error: Property 'udp' does not exist on type
net.udp.bind({ port: 7 }, () => {});

// Options that do not exist, and of another type.

// error: 'socket' does not exist in type 'UdpOptions'
udp({ socket: 3 });

// error: Type 'number' is not assignable to type 'string'
ipv4({ address: 5 });
