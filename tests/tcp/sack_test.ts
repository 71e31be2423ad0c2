// Selective acknowledgements, given and taken (RFC 2018, RFC 2883, RFC 6675).

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { TcpConnection, TcpOptions } from "@bonsai/net/protocols/tcp";
import { bytesOf, type Got, ScriptedPeer } from "./scripted_peer.ts";

const OFFER = [2, 4, 0x05, 0xb4, 1, 1, 4, 2];
const MSS = 1460;

async function opened(options: TcpOptions = {}, offer: readonly number[] = OFFER) {
  const peer = new ScriptedPeer(options);
  let conn: TcpConnection | undefined;
  peer.net.tcp.accept({ port: 80 }, (c) => {
    conn = c;
    return {};
  });
  await peer.open(offer);
  return { peer, conn: conn! };
}

/** The blocks of a segment's SACK option, counted from the peer's ISS. */
function blocks(peer: ScriptedPeer, got: Got | null): number[][] {
  const options = got?.options ?? [];
  const at = options.indexOf(5);
  if (at < 0) return [];
  const view = new DataView(Uint8Array.from(options).buffer);
  const list: number[][] = [];
  for (let i = at + 2; i < at + options[at + 1]!; i += 8) {
    list.push([view.getInt32(i) - peer.irs | 0, view.getInt32(i + 4) - peer.irs | 0]);
  }
  return list;
}

/** A SACK option of blocks counted from the stack's ISS. */
function sack(peer: ScriptedPeer, ...list: number[][]): number[] {
  return [1, 1, 5, 2 + 8 * list.length, ...list.flat().flatMap((seq) => bytesOf(peer.iss + seq | 0))];
}

const data = (length: number): Uint8Array => new Uint8Array(length).fill(0x62);
const lengths = (lines: string[]): number => lines.map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0);

test("SACK is permitted where the SYN permits it, and only there", async () => {
  for (
    const [offer, options, want] of [[OFFER, {}, true], [OFFER.slice(0, 4), {}, false], [
      OFFER,
      { sack: false },
      false,
    ]] as const
  ) {
    const peer = new ScriptedPeer(options);
    peer.net.tcp.accept({ port: 80 }, () => null);
    await peer.send({ flags: "S", seq: 0, options: offer });
    assertEquals(peer.take()!.options.includes(4, 4), want);
  }
});

test("out-of-order data that comes again is told as a duplicate before the block that holds it (RFC 2883, 4)", async () => {
  const { peer } = await opened();
  await peer.send({ seq: 11, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[11, 21]]);
  await peer.send({ seq: 11, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[11, 21], [11, 21]]);
  await peer.send({ seq: 15, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[15, 21], [11, 25]]);
});

test("blocks tell what came out of order, the most recent first, four at most, three beside timestamps (RFC 2018, 3)", async () => {
  const { peer } = await opened();
  await peer.send({ seq: 11, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[11, 21]]);
  await peer.send({ seq: 31, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[31, 41], [11, 21]]);
  await peer.send({ seq: 51, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[51, 61], [31, 41], [11, 21]]);
  await peer.send({ seq: 71, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[71, 81], [51, 61], [31, 41], [11, 21]]);
  await peer.send({ seq: 91, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[91, 101], [71, 81], [51, 61], [31, 41]]);
  // What joins two runs is one block; what fills the first hole is acknowledged for good.
  await peer.send({ seq: 21, data: data(10) });
  assertEquals(blocks(peer, peer.take())[0], [11, 41]);
  await peer.send({ seq: 1, data: data(10) });
  const got = peer.take()!;
  assertEquals([got.ack, blocks(peer, got)], [41, [[91, 101], [71, 81], [51, 61]]]);
  const stamped = await opened({}, [...OFFER, 1, 1, 8, 10, ...bytesOf(1000), ...bytesOf(0)]);
  for (const seq of [11, 31, 51, 71]) await stamped.peer.send({ seq, data: data(10) });
  const segments = [1, 2, 3, 4].map(() => stamped.peer.take()!);
  assertEquals(segments[3]!.options.length, 40);
});

test("timestamps stand before the blocks, each behind two no-operations, as Linux has it", async () => {
  const { peer } = await opened({}, [...OFFER, 1, 1, 8, 10, ...bytesOf(1), ...bytesOf(0)]);
  await peer.send({ seq: 11, data: data(10) });
  const { options } = peer.take()!;
  assertEquals([options.slice(0, 4), options.slice(12, 16)], [[1, 1, 8, 10], [1, 1, 5, 10]]);
});

test("a segment with data tells of blocks too where it has the room (RFC 2018, 4)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 11, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[11, 21]]);
  conn.write(data(100));
  await peer.settle();
  const small = peer.take()!;
  assertEquals([small.length, blocks(peer, small)], [100, [[11, 21]]]);
  conn.setNoDelay(true);
  conn.write(data(MSS));
  await peer.settle();
  const full = peer.take()!;
  assertEquals([full.length, blocks(peer, full)], [MSS, []]);
});

test("a duplicate is told in the first block, once (RFC 2883)", async () => {
  const { peer } = await opened();
  await peer.send({ data: data(20) });
  await peer.wait(100);
  peer.all();
  await peer.send({ seq: 1, data: data(20) });
  assertEquals(blocks(peer, peer.take()), [[1, 21]]);
  await peer.send({ seq: 41, data: data(10) });
  assertEquals(blocks(peer, peer.take()), [[41, 51]]);
});

test("without SACK no block is sent, and none is believed", async () => {
  const { peer, conn } = await opened({}, OFFER.slice(0, 4));
  await peer.send({ seq: 11, data: data(10) });
  assertEquals(blocks(peer, peer.take()), []);
  conn.write(data(5 * MSS));
  await peer.settle();
  peer.all();
  for (let i = 0; i < 2; i++) await peer.send({ seq: 1, options: sack(peer, [1 + MSS, 1 + 5 * MSS]) });
  peer.expect();
});

test("only what is missing is sent again: two holes at once, nothing that has arrived (RFC 6675)", async () => {
  const { peer, conn } = await opened();
  conn.write(data(10 * MSS));
  await peer.settle();
  peer.all();
  const at = (i: number): number => 1 + i * MSS;
  // Segments 0 and 4 are lost.
  await peer.send({ ack: 1, options: sack(peer, [at(1), at(2)]) });
  await peer.send({ ack: 1, options: sack(peer, [at(1), at(3)]) });
  peer.expect();
  await peer.send({ ack: 1, options: sack(peer, [at(1), at(4)]) });
  peer.expect(`A 1 1 ${MSS}`);
  await peer.send({ ack: 1, options: sack(peer, [at(5), at(6)], [at(1), at(4)]) });
  await peer.send({ ack: 1, options: sack(peer, [at(5), at(8)], [at(1), at(4)]) });
  await peer.send({ ack: 1, options: sack(peer, [at(5), at(10)], [at(1), at(4)]) });
  assertEquals(peer.all(), [`A ${at(4)} 1 ${MSS}`]);
  await peer.send({ ack: at(4), options: sack(peer, [at(5), at(10)]) });
  peer.expect();
  await peer.send({ ack: at(10) });
  peer.expect();
  assertEquals([peer.net.counters().tcp!.retransmitted, peer.net.counters().tcp!.timeouts], [2, 0]);
  assertEquals(conn.unacknowledged, 0);
});

test("one ACK that tells of a large loss starts the recovery, without three duplicates", async () => {
  const { peer, conn } = await opened();
  conn.write(data(10 * MSS));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1, options: sack(peer, [1 + 4 * MSS, 1 + 10 * MSS]) });
  const sent = peer.all();
  assertEquals(sent[0], `A 1 1 ${MSS}`);
  assert(lengths(sent) <= 5 * MSS, "no more than half of what was in flight");
});

test("after a timeout what has arrived is passed over", async () => {
  const { peer, conn } = await opened();
  conn.write(data(4 * MSS));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1, options: sack(peer, [1 + MSS, 1 + 2 * MSS]) });
  await peer.wait(3000, true);
  peer.expect(`A 1 1 ${MSS}`);
  await peer.send({ ack: 1 + 2 * MSS });
  peer.expect(`A ${1 + 2 * MSS} 1 ${MSS}`, `PA ${1 + 3 * MSS} 1 ${MSS}`);
});

test("a peer that lets go of what it had is sent it again (RFC 2018, 8)", async () => {
  const { peer, conn } = await opened();
  conn.write(data(2 * MSS));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1, options: sack(peer, [1, 1 + MSS]) });
  await peer.wait(3000, true);
  peer.expect(`A 1 1 ${MSS}`);
});

test("blocks that cannot be are ignored", async () => {
  const { peer, conn } = await opened();
  conn.write(data(5 * MSS));
  await peer.settle();
  peer.all();
  for (const block of [[1, 1], [5000, 100], [-5000, -100], [1 + 4 * MSS, 1_000_000], [2 ** 31 - 1, 5]]) {
    await peer.send({ ack: 1, options: sack(peer, block) });
  }
  peer.expect();
  await peer.send({ ack: 1 + 5 * MSS });
  assertEquals(conn.unacknowledged, 0);
});

test("blocks that come first after a timeout do not mean that what it sent is lost again", async () => {
  for (let i = 0; i < 8; i++) {
    // Another port, another initial sequence number.
    const peer = new ScriptedPeer();
    peer.port += i;
    let conn: TcpConnection | undefined;
    peer.net.tcp.accept({ port: 80 }, (c) => (conn = c, {}));
    await peer.open(OFFER);
    conn!.write(data(10 * MSS));
    await peer.settle();
    peer.all();
    await peer.wait(2000, true);
    peer.expect(`A 1 1 ${MSS}`);
    await peer.send({ ack: 1, options: sack(peer, [1 + 5 * MSS, 1 + 9 * MSS]) });
    assertEquals(peer.net.counters().tcp!.fastRetransmits, 0);
  }
});
