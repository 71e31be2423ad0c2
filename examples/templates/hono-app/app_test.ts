import assert from "node:assert/strict";
import { test } from "node:test";
import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { app } from "./app.ts";
import { network } from "./net.ts";

test("the app answers over TCP and IP, without a socket of the host", async () => {
  const [left, right] = memory("ip");
  const server = network(left, "10.0.0.2/24");
  const client = stack({ driver: right, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp(), http()] });
  server.http.serve(app, { port: 80 });
  const response = await client.http.fetch("http://10.0.0.2/hello/world");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { hello: "world" });
  client.close();
  server.close();
});
