import assert from "node:assert/strict";
import { test } from "node:test";
import { stack } from "@bonsai/net";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udpTunnel } from "./mod.ts";

test("a request and 200 kB of answer cross the tunnel", async () => {
  const end = (port: number, peer: number, address: string) =>
    stack({
      driver: udpTunnel({ port, peer: { hostname: "127.0.0.1", port: peer } }),
      protocols: [ipv4({ address }), tcp(), http()],
    });
  const client = end(27_101, 27_102, "10.0.0.1/24");
  const server = end(27_102, 27_101, "10.0.0.2/24");
  const body = "bonsai".repeat(33_334);
  server.http.serve(() => new Response(body), { port: 80 });
  const response = await client.http.fetch("http://10.0.0.2/");
  assert.equal(await response.text(), body);
  assert.ok(client.counters().driver!.received! > 100);
  client.close();
  server.close();
});

test("options that do not fit are refused in a sentence", () => {
  const peer = { hostname: "127.0.0.1", port: 1 };
  assert.throws(() => udpTunnel({ port: 1, peer, mtu: 100 }), {
    name: "RangeError",
    message: 'udpTunnel(): option "mtu" must be an integer of at least 576 and at most 65507, not 100',
  });
});
