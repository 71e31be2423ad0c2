import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { fraction, seededRandom } from "../../core/random.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { app, statuses } from "./app.ts";
import { FakeNet, randomSegments, type RawClient } from "./fake_tcp.ts";
import type { RawCase } from "./raw_case.ts";
import { RAW_CASES } from "./raw_cases.ts";

async function run(raw: RawCase, segment: (size: number) => number): Promise<void> {
  const net = new FakeNet();
  net.segment = segment;
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  const server = http.serve(app, {
    port: 80,
    onError: () => new Response("failed", { status: 500 }),
  });
  const client = net.raw();
  client.send(raw.send);
  if (raw.end) client.end();
  await net.settle();
  check(raw, client);
  client.end();
  await net.pass(200_000);
  assert(client.over, "the connection is over in the end");
  await server.shutdown();
  assertEquals(net.reported, []);
}

function check(raw: RawCase, client: RawClient): void {
  const { received } = client;
  const found = statuses(received, raw.send.split("\r\n\r\n").map((head) => head.trimStart().split(" ")[0]!));
  if (raw.rest !== undefined && found.length > raw.status.length) assertEquals(found.pop(), raw.rest);
  assertEquals(found.length, raw.status.length, `${JSON.stringify(received.slice(0, 500))}`);
  for (const [i, status] of raw.status.entries()) {
    assert([status].flat().includes(found[i]!), `${found[i]} instead of ${status}: ${received.slice(0, 300)}`);
  }
  if (raw.closes !== undefined) assertEquals(client.ended, raw.closes, raw.closes ? "it closes" : "it stays open");
  if (raw.includes) assert(received.includes(raw.includes), `${JSON.stringify(received)} lacks ${raw.includes}`);
  if (raw.excludes) assert(!received.includes(raw.excludes), `${JSON.stringify(received)} holds ${raw.excludes}`);
}

for (const raw of RAW_CASES) {
  test(`http server: ${raw.name.replace(/[^\x20-\x7e]/g, "?")}`, async () => {
    await run(raw, (size) => size);
    if (raw.send.length < 2000) await run(raw, () => 1);
    for (let seed = 1; seed <= 5; seed++) {
      const random = seededRandom(seed);
      await run(raw, randomSegments(random, 1 + Math.floor(fraction(random) * 60)));
    }
  });
}
