// budget: 12 kB, until then 21.7 kB
// without: ethernet arp ndp ipv6 icmp udp http

import { type Driver, stack } from "../../mod.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcpClient } from "../../protocols/tcp_client.ts";

declare const driver: Driver<"ip">;

const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcpClient()] });
const conn = await net.tcp.connect({ hostname: "10.0.0.1", port: 7 });
await conn.write(new TextEncoder().encode("hello"));
await conn.read(new Uint8Array(1024));
conn.close();
