import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";

const [left, right] = memory("ip");
const server = stack({ driver: left, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp(), http()] });
const client = stack({ driver: right, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp(), http()] });
server.http.serve(() => new Response("Hello from a TCP/IP stack in TypeScript\n"), { port: 80 });
console.log(await (await client.http.fetch("http://10.0.0.2/")).text());
for (const net of [client, server]) net.close();
