import process from "node:process";
import { tun } from "@bonsai/net/drivers/tun";
import { host } from "@bonsai/net/host";
import { app } from "./app.ts";
import { network } from "./net.ts";

// The name of a TUN device; without one, the sockets of the host, which need no rights.
const device = process.argv[2];
const net = device ? network(tun(device, { host: "10.0.0.1/24" }), "10.0.0.2/24") : host();
const where = device ? { hostname: "10.0.0.2", port: 80 } : { hostname: "127.0.0.1", port: 8080 };

const server = net.http.serve(app, where);
console.log(`Open http://${where.hostname}:${where.port}/`);

process.once("SIGINT", async () => {
  await server.shutdown();
  net.close();
});
