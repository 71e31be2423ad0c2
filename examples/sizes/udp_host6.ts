// budget: 18 kB, until then 18.95 kB
// without: arp ipv4 icmp icmpv6 slaac mld tcp http

import { type Driver, stack } from "../../mod.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { udp } from "../../protocols/udp.ts";

declare const driver: Driver<"ethernet">;

const net = stack({ driver, protocols: [ethernet(), ndp(), ipv6({ address: "fd00::2/64" }), udp()] });
const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
  socket.send(data, address, port);
});
