// budget: 16 kB, until then 33.1 kB
// without: ethernet arp ndp ipv6 icmp udp

import { type Driver, stack } from "../../mod.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";

declare const driver: Driver<"ip">;

const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp(), httpServer()] });
net.http.serve({ port: 80 }, () => new Response("hello"));
