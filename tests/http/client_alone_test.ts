/** `httpClient()` over `tcpClient()`: an app that fetches and answers nobody. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { httpClient } from "../../protocols/http_client.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";
import { tcpClient } from "../../protocols/tcp_client.ts";

test("httpClient over tcpClient: fetches, keeps its connection, and refuses whoever connects", async () => {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const random = seededRandom(1);
  const client = stack({
    driver: left,
    clock,
    random,
    protocols: [ipv4({ address: "10.0.0.1/24" }), tcpClient(), httpClient({ maxIdle: 1 })],
  });
  const server = stack({
    driver: right,
    clock,
    random,
    protocols: [ipv4({ address: "10.0.0.2/24" }), tcp(), httpServer()],
  });
  server.http.serve(async (request) => new Response((await request.text()).toUpperCase()), { port: 80 });
  const run = <T>(until: Promise<T>): Promise<T> => simulate(clock, [client, server], { until, limit: 60_000 });

  for (const body of ["first", "x".repeat(100_000)]) {
    const response = run(client.http.fetch("http://10.0.0.2/", { method: "POST", body }));
    assertEquals(await run((await response).text()), body.toUpperCase());
  }
  const counters = client.counters();
  assertEquals((counters.tcp as { activeOpens?: number }).activeOpens, 1);

  const refused = await assertRejects(() => run(server.tcp.connect({ hostname: "10.0.0.1", port: 80 })), NetError);
  assertEquals(refused.code, "ECONNREFUSED");
  assert(!("listen" in client.tcp), "nothing to listen with");

  await simulate(clock, [client, server], { limit: 300_000 });
  for (const net of [client, server]) {
    assertEquals(net.packetsTaken, 0);
    net.close();
  }
});

test("httpClient: options are checked in its name", () => {
  assertThrows(() => httpClient({ maxIdle: -1 }), RangeError, "httpClient");
});
