import { host } from "@bonsai/net/host";
import { app } from "./app.ts";

const where = { hostname: "127.0.0.1", port: 8080 };
host().http.serve(app, where);
console.log(`Open http://${where.hostname}:${where.port}/`);
