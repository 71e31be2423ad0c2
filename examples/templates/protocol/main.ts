import { type Driver, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { udp } from "@bonsai/net/protocols/udp";
import { quote } from "./mod.ts";

const [left, right] = memory("ip");
const host = (driver: Driver<"ip">, address: string) =>
  stack({ driver, protocols: [ipv4({ address }), udp(), quote()] });
const client = host(left, "10.0.0.1/24");
const server = host(right, "10.0.0.2/24");

server.quote.serve(() => "Simplicity is prerequisite for reliability.");
console.log(await client.quote.ask("10.0.0.2"));
client.close();
server.close();
