// budget: 15.5 kB, until then 15.9 kB
// without: ndp ipv6 icmp tcp http

import { type Driver, stack } from "../../mod.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

declare const driver: Driver<"ethernet">;

const net = stack({ driver, protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), udp()] });
const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
  socket.send(data, address, port);
});
