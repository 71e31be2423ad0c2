// budget: 18.5 kB, until then 21.6 kB
// without: slaac mld icmp icmpv6 tcp http

import { type Driver, stack } from "../../mod.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { udp } from "../../protocols/udp.ts";

declare const driver: Driver<"ethernet">;

const four = ipv4({ address: "10.0.0.2/24" });
const six = ipv6({ address: "fd00::2/64" });
const net = stack({ driver, protocols: [ethernet(), arp(), four, ndp(), six, udp()] });
const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
  socket.send(data, address, port);
});
