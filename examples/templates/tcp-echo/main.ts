import process from "node:process";
import { tun } from "@bonsai/net/drivers/tun";
import { host } from "@bonsai/net/host";
import { echo } from "./echo.ts";
import { network } from "./net.ts";

// The name of a TUN device; without one, the sockets of the host, which need no rights.
const device = process.argv[2];
const net = device ? network(tun(device, { host: "10.0.0.1/24" }), "10.0.0.2/24") : host();
const where = device ? { hostname: "10.0.0.2", port: 7 } : { hostname: "127.0.0.1", port: 7007 };

process.once("SIGINT", () => net.close());
const serving = echo(net, where);
console.log(`Say something to it: nc ${where.hostname} ${where.port}`);
await serving;
