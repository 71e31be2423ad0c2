// Loss recovery with selective acknowledgements (RFC 2018, 2883, 6675, 9937), from both sides.

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { filled, QUIET, word } from "./packets.ts";
import { established, stamps, type TcpGot, TcpPeer } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_RECOVERY_CASES: Case[] = [];
const define = into(TCP_RECOVERY_CASES);

/** Bytes of a segment that the peer takes. */
const SIZE = 1000;
/** Milliseconds within which what is lost is sent again: no timeout is as short. */
const AT_ONCE = 80;

const SYN_OPTIONS = [2, 4, SIZE >> 8, SIZE & 255, 4, 2, 1, 1];

/** Asks with a connection on which both sides use selective acknowledgements. */
function withSack(name: string, to: number, run: (peer: TcpPeer) => Promise<void>): void {
  TCP_RECOVERY_CASES.push({
    name: `recovery: ${name}`,
    async run(wire) {
      const peer = new TcpPeer(wire, to);
      await peer.open(SYN_OPTIONS);
      await run(peer);
      peer.reset();
    },
  });
}

/** Says what has arrived: segments by their number, the most recent run first. */
function tell(peer: TcpPeer, arrived: readonly number[]): void {
  const runs: [number, number][] = [];
  for (const n of arrived) {
    if (runs[0]?.[1] === n) runs[0][1]++;
    else runs.unshift([n, n + 1]);
  }
  const blocks = runs.slice(0, 3).flat().flatMap((n) => word(peer.iss + 1 + n * SIZE | 0));
  peer.put({ options: [1, 1, 5, 2 + blocks.length, ...blocks] });
}

/** The numbers of the data segments that come. */
async function take(peer: TcpPeer, ms: number): Promise<number[]> {
  const numbers: number[] = [];
  const end = peer.wire.now() + ms;
  for (let got; (got = await peer.take(Math.max(end - peer.wire.now(), 0)));) {
    if (got.data.length > 0) numbers.push((got.seq - 1) / SIZE);
  }
  return numbers;
}

/** Segments of an initial window that are lost, and the ones of whose arrival the sender hears. */
const LOSSES: [number[], number[]][] = [
  [[0], [1, 2, 3]],
  [[0, 2], [1, 3, 4, 5, 6, 7, 8, 9]],
  [[1, 3], [2, 4, 5, 6, 7, 8, 9]],
  [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]],
  [[0, 4], [1, 2, 3, 5, 6, 7, 8, 9]],
];
for (const [lost, arrived] of LOSSES) {
  withSack(
    `of ten segments ${lost.join(", ")} are lost: they are sent again at once, and no other`,
    19,
    async (peer) => {
      assertEquals((await take(peer, AT_ONCE)).slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      peer.acked = 1 + lost[0]! * SIZE;
      if (lost[0]! > 0) peer.put({});
      for (let n = 1; n <= arrived.length; n++) tell(peer, arrived.slice(0, n));
      const again = (await take(peer, AT_ONCE)).filter((n) => n < 10);
      assertEquals(again, lost);
      // All has arrived: it goes on.
      peer.acked = 1 + 10 * SIZE;
      peer.put({});
      assert((await take(peer, AT_ONCE)).some((n) => n > 10));
    },
  );
}

withSack("blocks of what was never sent, or that end before they begin, change nothing", 19, async (peer) => {
  await take(peer, AT_ONCE);
  tell(peer, [5000]);
  peer.put({ options: [1, 1, 5, 10, ...word(peer.iss + 900), ...word(peer.iss + 100)] });
  assertEquals((await take(peer, AT_ONCE)).filter((n) => n < 10), []);
});

/** The blocks of a segment, from our initial sequence number on. */
function blocks(peer: TcpPeer, { options }: TcpGot): number[] {
  const at = options.indexOf(5);
  if (at < 0) return [];
  const view = new DataView(Uint8Array.from(options).buffer);
  return Array.from({ length: (options[at + 1]! - 2) / 4 }, (_, i) => view.getInt32(at + 2 + 4 * i) - peer.irs | 0);
}

withSack("data that was there in part is reported as a duplicate (RFC 2883, 4)", 9, async (peer) => {
  peer.put({ data: "a".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 51, data: "a".repeat(100) });
  assertEquals(blocks(peer, await peer.expect({ ack: 151 })), [51, 101]);
});

withSack("a duplicate is reported before what lies beyond a hole (RFC 2883, 4)", 9, async (peer) => {
  peer.put({ data: "a".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 201, data: "b".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 1, data: "a".repeat(100) });
  assertEquals(blocks(peer, await peer.expect({ ack: 101 })), [1, 101, 201, 301]);
  await peer.silence(QUIET);
});

define("tcp: three duplicate ACKs bring the lost segment at once", async (wire) => {
  const peer = await established(wire, 19);
  let end = 1;
  for (;;) {
    const got = await peer.take(100);
    if (!got || got.seq < end) break;
    end = got.seq + got.data.length;
  }
  const start = wire.now();
  for (let i = 0; i < 3; i++) peer.put({ ack: 1 });
  for (;;) {
    const got = await peer.take(150);
    assert(got, "no fast retransmit");
    if (got.seq === 1) {
      assert(got.at - start < 150);
      break;
    }
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: four blocks are told, three beside timestamps", async (wire) => {
  for (const [options, most] of [[[], 4], [stamps(1000, 0), 3]] as const) {
    const peer = await established(wire, 9, [2, 4, 5, 0xb4, 1, 1, 4, 2, ...options]);
    for (let i = 1; i <= 5; i++) {
      peer.put({ seq: 1 + 10 * i, data: "x" });
      const got = await peer.expect({ flags: "A", ack: 1 });
      // Behind the timestamps, or before them.
      const at = got.options[2] === 8 ? 12 : 0;
      assertEquals(got.options.slice(at, at + 4), [1, 1, 5, 2 + 8 * Math.min(i, most)]);
    }
    peer.put({ flags: "R", seq: 1 });
  }
});
define("tcp: out-of-order data that comes again is told as a duplicate", async (wire) => {
  const peer = await established(wire, 9, [2, 4, 5, 0xb4, 1, 1, 4, 2]);
  const told = async (want: number[][]): Promise<void> => {
    const { options } = await peer.expect({ flags: "A", ack: 1 });
    const view = new DataView(Uint8Array.from(options).buffer);
    const blocks: number[][] = [];
    for (let at = 4; at < options.length; at += 8) {
      blocks.push([view.getInt32(at) - peer.irs | 0, view.getInt32(at + 4) - peer.irs | 0]);
    }
    assertEquals(blocks, want);
  };
  peer.put({ seq: 11, data: filled(10) });
  await told([[11, 21]]);
  peer.put({ seq: 11, data: filled(10) });
  await told([[11, 21], [11, 21]]);
  peer.put({ seq: 15, data: filled(10) });
  await told([[15, 21], [11, 25]]);
  peer.put({ flags: "R", seq: 1 });
});

async function selective(wire: Wire, port: number): Promise<TcpPeer> {
  const peer = new TcpPeer(wire, port);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, 4, 2, 1, 1] });
  const got = await peer.expect({ flags: "SA" });
  assert(got.options.join().includes("4,2"), String(got.options));
  peer.acked = 1;
  peer.put({});
  return peer;
}

define("tcp: what came out of order is told of in SACK blocks, the latest first", async (wire) => {
  const peer = await selective(wire, 9);
  peer.put({ seq: 11, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 1 })), [11, 21]);
  peer.put({ seq: 31, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 1 })), [31, 41, 11, 21]);
  peer.put({ seq: 51, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 1 })), [51, 61, 31, 41, 11, 21]);
  peer.put({ seq: 21, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 1 })), [11, 41, 51, 61]);
  peer.put({ seq: 1, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 41 })), [51, 61]);
  peer.put({ seq: 41, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 61 })), []);
  peer.put({ flags: "R", seq: 61 });
});
define("tcp: no SACK blocks for who did not ask for them", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ seq: 11, data: filled(10) });
  assertEquals((await peer.expect({ ack: 1 })).options, []);
  peer.reset();
});
define("tcp: what comes twice is told of (RFC 2883)", async (wire) => {
  const peer = await selective(wire, 9);
  peer.put({ seq: 1, data: filled(10) });
  await peer.expect({ ack: 11 });
  peer.put({ seq: 1, data: filled(10) });
  assertEquals(blocks(peer, await peer.expect({ ack: 11 })), [1, 11]);
  peer.put({ flags: "R", seq: 11 });
});
define("tcp: SACK blocks bring the hole alone", async (wire) => {
  const peer = await selective(wire, 19);
  let end = 1;
  for (;;) {
    const got = await peer.take(100);
    if (!got || got.seq < end) break;
    end = got.seq + got.data.length;
  }
  const size = 1460;
  for (let i = 2; i <= 5; i++) {
    const [left, right] = [peer.iss + 1 + size, peer.iss + 1 + size * i];
    peer.put({ ack: 1, options: [1, 1, 5, 10, ...word(left), ...word(right)] });
  }
  const again: number[] = [];
  for (;;) {
    const got = await peer.take(100);
    if (!got) break;
    if (got.seq < end) again.push(got.seq);
  }
  assertEquals(again[0], 1);
  assert(again.every((seq) => seq === 1 || seq >= 1 + size * 5), String(again));
  peer.put({ flags: "R", seq: 1 });
});
