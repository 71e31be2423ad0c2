// budget: 30 kB
// without: ethernet arp ndp ipv6 icmp udp

import { type Driver, stack } from "../../mod.ts";
import { httpClient } from "../../protocols/http_client.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcpClient } from "../../protocols/tcp_client.ts";

declare const driver: Driver<"ip">;

const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcpClient(), httpClient()] });
const response = await net.http.fetch("http://10.0.0.1/");
await response.text();
