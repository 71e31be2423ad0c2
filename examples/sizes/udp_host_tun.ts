// budget: 12.5 kB, until then 12.7 kB
// without: ethernet arp ndp ipv6 icmp tcp http

import { type Driver, stack } from "../../mod.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

declare const driver: Driver<"ip">;

const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
  socket.send(data, address, port);
});
