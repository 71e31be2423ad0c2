import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "@bonsai/net/drivers/memory";
import { echo } from "./echo.ts";
import { network } from "./net.ts";

test("what is sent comes back", async () => {
  const [left, right] = memory("ip");
  const server = network(left, "10.0.0.2/24");
  const client = network(right, "10.0.0.1/24");
  const serving = echo(server, { port: 7 });
  const conn = await client.tcp.connect({ hostname: "10.0.0.2", port: 7 });
  const writer = conn.writable.getWriter();
  const sent = new Uint8Array(100_000).map((_, i) => i * 7);
  const written = writer.write(sent).then(() => writer.close());
  const got = await new Response(conn.readable).bytes();
  await written;
  assert.deepEqual(got, sent);
  client.close();
  server.close();
  await serving;
});
