// A driver that cuts up what is too large, as a network card does: what leaves TCP uncut arrives as if it had cut it itself.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Plugin } from "../../core/driver.ts";
import { impair } from "@bonsai/net/plugins/impair";
import { Card } from "./card.ts";
import { pair, pattern } from "./pair.ts";

/** The segments that were made of each packet: bytes of data. */
type Cuts = number[][];

function card(cuts: Cuts): Plugin {
  return (driver) => new Card(driver, (segments) => void cuts.push(segments));
}

async function transfer(size: number, leftPlugins: Plugin[], write = size): Promise<Uint8Array> {
  const net = pair({ leftPlugins, seed: 5 });
  const sent = pattern(size, 3);
  const got = new Uint8Array(size);
  let received = 0;
  net.right.tcp.accept({ port: 7 }, () => ({
    readable(connection) {
      for (let run = connection.peek(); run.length > 0; run = connection.peek()) {
        got.set(run, received);
        received += run.length;
        connection.consume(run.length);
      }
    },
  }));
  let taken = 0;
  const fill = (connection: { write(data: Uint8Array): number }): void => {
    for (let n = 1; taken < size && n > 0; taken += n) n = connection.write(sent.subarray(taken, taken + write));
  };
  const connection = net.left.tcp.open({ hostname: "10.0.0.2", port: 7 }, { opened: fill, writable: fill });
  await net.run({ until: () => received === size, limit: 600_000 });
  assertEquals(net.right.counters().tcp!.badChecksum, 0);
  connection.abort();
  await net.run({ limit: 1000 });
  assertEquals(net.left.packetsTaken, 0);
  net.close();
  assertEquals(got, sent);
  return got;
}

test("what TCP leaves uncut is a whole number of full segments, or ends the data", async () => {
  const cuts: Cuts = [];
  await transfer(3_000_000, [card(cuts)]);
  const large = cuts.filter((segments) => segments.length > 1);
  assert(large.length > 20, `${large.length} packets were cut`);
  assert(large.some((segments) => segments.length > 40), "up to 64 kB at a time");
  for (const segments of large) {
    const full = segments[0]!;
    assertEquals(full, 1448);
    for (const segment of segments.slice(0, -1)) assertEquals(segment, full);
  }
  // A small segment never leaves in the middle: sender's silly window avoidance (RFC 9293, 3.8.6.2.1), and Nagle's algorithm.
  const small = large.filter((segments) => segments.at(-1)! < 1448);
  assert(small.length <= 2, `${small.length} ended in a small segment`);
});

test("nothing is uncut that must be sent again, and all arrives over a bad network", async () => {
  const cuts: Cuts = [];
  await transfer(1_000_000, [impair({ loss: 0.02, reorder: 0.02, delay: 5, direction: "transmit" }), card(cuts)]);
  assert(cuts.some((segments) => segments.length > 1));
});

test("small writes are gathered, and none waits for long", async () => {
  const cuts: Cuts = [];
  await transfer(100_000, [card(cuts)], 777);
  assert(cuts.length < 100_000 / 777, `${cuts.length} packets`);
});
