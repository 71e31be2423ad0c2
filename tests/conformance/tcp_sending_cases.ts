// What a host sends and when: windows, timers and congestion (RFC 9293, 3.8; RFC 5681, 6298, 6582, 7323).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";

import { established, TcpPeer, type TcpSent } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_SENDING_CASES: Case[] = [];
const define = into(TCP_SENDING_CASES);

/** Bytes of a segment that the peer takes. */
const SIZE = 1000;
/** Milliseconds to wait for what is due at once: less than any timer of the host's. */
const PROMPT = 80;
const MSS = [2, 4, SIZE >> 8, SIZE & 255];

interface Sent {
  readonly seq: number;
  readonly length: number;
  readonly at: number;
}

/** Asks for chargen, and acknowledges its SYN with a window. */
async function chargen(wire: Wire, sent: TcpSent = {}, options: readonly number[] = MSS): Promise<TcpPeer> {
  const peer = new TcpPeer(wire, 19);
  peer.put({ flags: "S", options });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.acked = 1;
  peer.put(sent);
  return peer;
}

/** The data segments that come. */
async function take(peer: TcpPeer, ms = PROMPT): Promise<Sent[]> {
  const all: Sent[] = [];
  const end = peer.wire.now() + ms;
  for (let got; (got = await peer.take(Math.max(end - peer.wire.now(), 0)));) {
    if (got.data.length > 0) all.push({ seq: got.seq, length: got.data.length, at: got.at });
  }
  return all;
}

const edge = (all: readonly Sent[]): number => Math.max(...all.map(({ seq, length }) => seq + length));
const bytes = (all: readonly Sent[]): number => all.reduce((sum, { length }) => sum + length, 0);

// ---- Windows

for (let shift = 0; shift <= 14; shift++) {
  define(`sending: a window scaled by ${shift} is filled, and no byte beyond it (RFC 7323, 2.3)`, async (wire) => {
    const field = Math.max(4000 >> shift, 1);
    const window = Math.min(field << shift, 10 * SIZE);
    const peer = await chargen(wire, { window: field }, [...MSS, 1, 3, 3, shift]);
    const all = await take(peer);
    assert(edge(all) <= 1 + (field << shift));
    assert(bytes(all) > window - SIZE, `${bytes(all)} of ${window}`);
    peer.reset();
  });
}
define("sending: a window that opens by a few bytes brings no small segment (RFC 9293, 3.8.6.2.1)", async (wire) => {
  const peer = await chargen(wire, { window: 5 * SIZE });
  peer.acked = edge(await take(peer));
  assertEquals(peer.acked, 1 + 5 * SIZE);
  peer.put({ window: 10 });
  assertEquals(await take(peer), []);
  peer.put({ window: 2 * SIZE });
  assertEquals(bytes(await take(peer)), 2 * SIZE);
});
define("sending: a window in an older segment is not taken", async (wire) => {
  const peer = await chargen(wire, { data: "x", window: SIZE });
  await take(peer);
  peer.acked = 1 + SIZE;
  peer.put({ window: 0 });
  await take(peer, 20);
  peer.put({ seq: 1, window: 30_000 });
  assertEquals((await take(peer)).filter(({ length }) => length > 1), []);
});
define("sending: a window that shrinks is lived with", async (wire) => {
  const peer = await chargen(wire, { window: 4 * SIZE });
  assertEquals(edge(await take(peer)), 1 + 4 * SIZE);
  peer.acked = 1 + SIZE;
  peer.put({ window: SIZE });
  assert((await take(peer, 1000)).every(({ seq, length }) => seq + length <= 1 + 4 * SIZE));
  peer.acked = 1 + 4 * SIZE;
  peer.put({ window: 3 * SIZE });
  // Where a probe of the shrunken window was under way, it is waited for.
  assertEquals(edge(await take(peer, 1500)), 1 + 7 * SIZE);
});
define("sending: probes of a closed window come ever more rarely, and never end (RFC 9293, 3.8.6.1)", async (wire) => {
  const peer = await chargen(wire, { window: 0 });
  const at: number[] = [];
  while (at.length < 5) {
    const got = await peer.take(8000);
    assert(got && got.data.length <= 1, "a probe");
    at.push(got.at);
    peer.put({ window: 0 });
  }
  const gaps = at.slice(1).map((time, i) => time - at[i]!);
  assert(gaps.slice(1).every((gap, i) => gap > 1.5 * gaps[i]! && gap < 2.5 * gaps[i]!), gaps.join());
  peer.put({ window: 2 * SIZE });
  assert(bytes(await take(peer)) > SIZE);
});

// ---- Timers

define("sending: a timeout brings the first segment alone", async (wire) => {
  const peer = await chargen(wire);
  const first = await take(peer);
  assert(first.length >= 2 && first.length <= 10, `an initial window of ${first.length}`);
  const again = await peer.take(1500);
  assertEquals(again?.seq, 1);
  assertEquals((await take(peer, 60)).filter(({ seq }) => seq > 1), []);
});
define("sending: a longer round trip makes for a longer timeout (RFC 6298, 2)", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  const echo = async (): Promise<void> => {
    peer.put({ flags: "PA", data: "a" });
    while ((await peer.expect({})).data.length === 0);
  };
  for (let i = 0; i < 8; i++) {
    await echo();
    await take(peer, 350);
    peer.acked++;
    peer.put({});
  }
  await echo();
  assertEquals(await take(peer, 350), []);
  assert((await take(peer, 2000)).length > 0);
});
define("sending: the back-off lasts until something sent once is acknowledged (Karn's algorithm)", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ flags: "PA", data: "a" });
  const all = await take(peer, 1100);
  assert(all.length >= 3, `sent ${all.length} times`);
  peer.acked = 2;
  peer.put({ flags: "PA", data: "b" });
  const [once, twice] = await take(peer, 4000);
  assert(twice!.at - once!.at > 1.5 * (all[1]!.at - all[0]!.at));
});

// ---- Congestion

define("sending: the initial window is of two segments to ten, and grows with what is acknowledged", async (wire) => {
  const peer = await chargen(wire);
  const first = (await take(peer)).length;
  assert(first >= 2 && first <= 10, `${first}`);
  for (let i = 0; i < first; i++) {
    peer.acked += SIZE;
    peer.put({});
  }
  const second = (await take(peer)).length;
  assert(second >= 1.4 * first && second <= 2.5 * first, `${first}, then ${second}`);
});
define(
  "sending: the first two duplicate acknowledgements bring a new segment each, the third the lost one",
  async (wire) => {
    const peer = await chargen(wire);
    let next = edge(await take(peer, 40));
    for (let i = 0; i < 2; i++) {
      peer.put({});
      const [got] = await take(peer, 20);
      assert(got && got.seq >= next, `${got?.seq} after ${next}`);
      next = got.seq + got.length;
    }
    peer.put({});
    assertEquals((await take(peer, 40))[0]?.seq, 1);
  },
);
define("sending: acknowledgements that bring data are no duplicates (RFC 5681, 2)", async (wire) => {
  const peer = await chargen(wire);
  await take(peer, 40);
  for (let i = 0; i < 5; i++) peer.put({ data: "x" });
  assertEquals((await take(peer)).filter(({ seq }) => seq === 1), []);
});
define("sending: an acknowledgement of a part brings the next hole at once (RFC 6582)", async (wire) => {
  const peer = await chargen(wire);
  await take(peer, 40);
  for (let i = 0; i < 9; i++) peer.put({});
  assertEquals((await take(peer, 40)).filter(({ seq }) => seq === 1).length, 1);
  for (const hole of [2, 5]) {
    peer.acked = 1 + hole * SIZE;
    peer.put({});
    assertEquals((await take(peer, 40)).filter(({ seq }) => seq < 1 + 10 * SIZE).map(({ seq }) => seq), [peer.acked]);
  }
});
define("tcp: the peer's MSS is kept to, and is 536 where it does not say", async (wire) => {
  for (const [options, most] of [[[2, 4, 1, 0], 256], [[], 536]] as const) {
    const peer = await established(wire, 19, options);
    for (let i = 0; i < 5; i++) {
      const got = await peer.expect({});
      assert(got.data.length <= most, String(got.data.length));
    }
    peer.put({ flags: "R", seq: 1 });
  }
});
define("tcp: no more is in flight than the window", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.window = 1000;
  await peer.open();
  let total = 0;
  for (;;) {
    const got = await peer.take(150);
    if (!got) break;
    if (got.seq + got.data.length - 1 > total) total = got.seq + got.data.length - 1;
  }
  assert(total > 0 && total <= 1000, String(total));
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: data not acknowledged is sent again, ever more rarely", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "again" });
  const times: number[] = [];
  while (times.length < 4) {
    const got = await peer.take(5000);
    assert(got);
    if (got.data.length > 0) {
      assertEquals([got.seq, new TextDecoder().decode(got.data)], [1, "again"]);
      times.push(got.at);
    }
  }
  const [a, b, c] = [times[1]! - times[0]!, times[2]! - times[1]!, times[3]! - times[2]!];
  assert(b > a * 1.6 && c > b * 1.6, String([a, b, c]));
  peer.reset();
});
define("tcp: a zero window is probed", async (wire) => {
  const peer = await established(wire, 7);
  peer.window = 0;
  peer.put({ flags: "PA", data: "probe" });
  let probes = 0;
  while (probes < 3) {
    const got = await peer.take(5000);
    assert(got, "no probe");
    if (got.seq === 0 || got.data.length === 1) {
      probes++;
      peer.put({});
    } else assertEquals(got.data.length, 0);
  }
  peer.window = 1000;
  peer.put({});
  const got = await peer.take();
  assert(got && got.data.length > 0);
  peer.reset();
});
define("tcp: a window that opens brings the rest at once", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.window = 500;
  await peer.open();
  const got = await peer.collect(500, 1000);
  assertEquals(got.length, 500);
  peer.put({ flags: "R", seq: 1 });
});
