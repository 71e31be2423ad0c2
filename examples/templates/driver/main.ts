import { stack } from "@bonsai/net";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udpTunnel } from "./mod.ts";

const end = (port: number, peer: number, address: string) =>
  stack({
    driver: udpTunnel({ port, peer: { hostname: "127.0.0.1", port: peer } }),
    protocols: [ipv4({ address }), tcp(), http()],
  });
const client = end(7001, 7002, "10.0.0.1/24");
const server = end(7002, 7001, "10.0.0.2/24");

server.http.serve(() => new Response("Hello through the tunnel"), { port: 80 });
const response = await client.http.fetch("http://10.0.0.2/");
console.log(await response.text());
client.close();
server.close();
