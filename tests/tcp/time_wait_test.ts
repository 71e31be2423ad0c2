// TIME-WAIT (3.6.1, 3.10.7.4). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { MSS, opened, TS } from "./opened.ts";
import { bytesOf, ScriptedPeer } from "./scripted_peer.ts";

test("TIME-WAIT is bounded: the oldest makes room", async () => {
  const peer = new ScriptedPeer({ maxConnections: 16 });
  peer.net.tcp.accept({ port: 80 }, (c) => (c.closeWrite(), null));
  for (let i = 0; i < 100; i++) {
    peer.port = 1000 + i;
    await peer.send({ flags: "S", seq: 0, options: MSS });
    assertEquals(peer.take()?.flags, "SA");
    await peer.send({ flags: "A", seq: 1, ack: 1 });
    assertEquals(peer.take()?.flags, "FA");
    await peer.send({ flags: "FA", seq: 1, ack: 2 });
    assertEquals(peer.take()?.flags, "A");
    assert(peer.net.counters().tcp!.timeWait! <= 4);
  }
});

test("TIME-WAIT: a RST does not end it (RFC 1337); a newer SYN opens anew (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn } = await opened();
  conn.closeWrite();
  await peer.settle();
  await peer.send({ flags: "FA", ack: 2 });
  peer.all();
  await peer.send({ flags: "R", seq: 2 });
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  await peer.send({ flags: "S", seq: -10, options: MSS });
  assertEquals(peer.all().length, 1);
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  const { iss } = peer;
  await peer.send({ flags: "S", seq: 1000, options: MSS });
  const got = peer.take()!;
  assertEquals([got.flags, got.ack], ["SA", 1001]);
  assert((got.rawSeq - iss | 0) > 2, "the new ISS lies above the old numbers");
});

test("TIME-WAIT: data and another FIN are answered", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ flags: "FA", ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ data: "late", seq: 2, ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ flags: "FA", seq: 2, ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ seq: 2, ack: 2 });
  peer.expect();
});

/** A connection in TIME-WAIT, its peer at sequence number 2. */
async function waiting(options: readonly number[] = MSS): Promise<ScriptedPeer> {
  const { peer, conn } = await opened({}, [...options]);
  conn.close();
  await peer.settle();
  await peer.send({ flags: "FA", ack: 2 });
  peer.all();
  return peer;
}

test("TIME-WAIT: what is stray is answered a few times, so that two ends never answer each other for ever", async () => {
  const peer = await waiting();
  await peer.send({ seq: 1, ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ seq: 2, ack: 500 });
  peer.expect("A 2 2 0");
  for (let i = 0; i < 100; i++) await peer.send({ seq: 1, ack: 2 });
  const answers = peer.all().length;
  assert(answers > 0 && answers < 20, String(answers));
  // What the peer sends again for want of an answer has one each time.
  for (let i = 0; i < 30; i++) {
    await peer.send({ flags: "FA", seq: 1, ack: 2 });
    peer.expect("A 2 2 0");
  }
});

test("TIME-WAIT: answers bear timestamps; an older one is answered, and a SYN must have a newer one (RFC 6191)", async () => {
  const peer = await waiting(TS);
  peer.tsVal = 999;
  await peer.send({ seq: 2, ack: 2 });
  const answer = peer.take()!;
  assertEquals([answer.flags, answer.ack, answer.options.slice(8)], ["A", 2, bytesOf(1000)]);
  const again = (tsVal: number): Promise<void> =>
    peer.send({ flags: "S", seq: 1_000_000, options: [...MSS, 1, 1, 8, 10, ...bytesOf(tsVal), ...bytesOf(0)] });
  await again(999);
  assertEquals(peer.take()!.flags, "A");
  await again(1001);
  assertEquals(peer.take()!.flags, "SA");
});

test("TIME-WAIT: the end of the stack finds nobody to tell", async () => {
  const peer = await waiting();
  peer.net.close();
  peer.expect();
});
