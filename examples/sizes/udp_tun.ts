// budget: 4 kB
// without: ethernet arp ndp ipv6 icmp tcp http

import { memory } from "../../drivers/memory.ts";
import { stack } from "../../mod.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

// A wire in memory stands for the TUN device, so that the number is the stack's and no host's.
const [driver] = memory("ip");
const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
  socket.send(data, address, port);
});
