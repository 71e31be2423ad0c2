// Transfers between two stacks: everything arrives, once and in order, whatever the network does.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { impair } from "@bonsai/net/plugins/impair";
import type { TcpConn } from "@bonsai/net/protocols/tcp";
import { type Pair, pair, pattern } from "./pair.ts";

async function send(conn: TcpConn, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at, at + 100_000));
  await conn.closeWrite();
}

async function receive(conn: TcpConn, length: number): Promise<Uint8Array> {
  const data = new Uint8Array(length);
  let at = 0;
  const chunk = new Uint8Array(65_536);
  for (;;) {
    const size = await conn.read(chunk);
    if (size === null) break;
    data.set(chunk.subarray(0, size), at);
    at += size;
  }
  return data.subarray(0, at);
}

/** Moves data both ways at once. */
async function exchange(net: Pair, up: Uint8Array, down: Uint8Array): Promise<[Uint8Array, Uint8Array]> {
  const listener = net.right.tcp.listen({ port: 80 });
  const serve = async (): Promise<Uint8Array> => {
    const conn = await listener.accept();
    const [got] = await Promise.all([receive(conn, up.length), send(conn, down)]);
    conn.close();
    return got;
  };
  const call = async (): Promise<Uint8Array> => {
    const conn = await net.left.tcp.connect({ hostname: "10.0.0.2", port: 80 });
    const [got] = await Promise.all([receive(conn, down.length), send(conn, up)]);
    conn.close();
    return got;
  };
  const both = Promise.all([serve(), call()]);
  const result = await net.run({ until: both, limit: 7_200_000 });
  listener.close();
  return result;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

test("a handshake, data both ways and a close leave nothing behind", async () => {
  const net = pair();
  const up = pattern(1_000_000, 1);
  const down = pattern(700_001, 2);
  const [gotUp, gotDown] = await exchange(net, up, down);
  assert(same(gotUp, up));
  assert(same(gotDown, down));
  await net.run({ limit: 100_000 });
  for (const side of [net.left, net.right]) {
    const { tcp } = side.counters();
    assertEquals([tcp!.connections, tcp!.timeWait, tcp!.retransmitted, side.packetsTaken], [0, 0, 0, 0]);
  }
  net.close();
});

for (const timestamps of [true, false]) {
  test(`2 % loss, duplicates, reordering and 40 ms, timestamps ${timestamps ? "on" : "off"}`, async () => {
    const bad = () => impair({ loss: 0.02, duplicate: 0.01, reorder: 0.02, delay: 20 });
    const net = pair({ leftPlugins: [bad()], rightPlugins: [bad()], left: { timestamps } });
    const up = pattern(1_500_000, 3);
    const down = pattern(1_500_000, 4);
    const [gotUp, gotDown] = await exchange(net, up, down);
    assert(same(gotUp, up));
    assert(same(gotDown, down));
    await net.run({ limit: 200_000 });
    assertEquals([net.left, net.right].map((side) => side.counters().tcp!.connections), [0, 0]);
    net.close();
  });
}
