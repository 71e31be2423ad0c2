// Loss recovery with selective acknowledgements (RFC 2018, 2883, 6675, 9937), from both sides.

import { assert, assertEquals } from "@std/assert";
import type { Case } from "./cases.ts";
import { QUIET, type TcpGot, TcpPeer } from "./peer.ts";

export const RECOVERY_CASES: Case[] = [];

/** Bytes of a segment that the peer takes. */
const SIZE = 1000;
/** Milliseconds within which what is lost is sent again: no timeout is as short. */
const AT_ONCE = 80;

const word = (value: number): number[] => [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];
const SYN_OPTIONS = [2, 4, SIZE >> 8, SIZE & 255, 4, 2, 1, 1];

function define(name: string, to: number, run: (peer: TcpPeer) => Promise<void>): void {
  RECOVERY_CASES.push({
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
  define(`of ten segments ${lost.join(", ")} are lost: they are sent again at once, and no other`, 19, async (peer) => {
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
  });
}

define("blocks of what was never sent, or that end before they begin, change nothing", 19, async (peer) => {
  await take(peer, AT_ONCE);
  tell(peer, [5000]);
  peer.put({ options: [1, 1, 5, 10, ...word(peer.iss + 900), ...word(peer.iss + 100)] });
  assertEquals((await take(peer, AT_ONCE)).filter((n) => n < 10), []);
});

/** The blocks of a segment, from our initial sequence number on. */
function blocks(peer: TcpPeer, { options }: TcpGot): number[] {
  const at = options.indexOf(5);
  const view = new DataView(Uint8Array.from(options).buffer);
  return Array.from({ length: (options[at + 1]! - 2) / 4 }, (_, i) => view.getInt32(at + 2 + 4 * i) - peer.irs | 0);
}

define("data that was there in part is reported as a duplicate (RFC 2883, 4)", 9, async (peer) => {
  peer.put({ data: "a".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 51, data: "a".repeat(100) });
  assertEquals(blocks(peer, await peer.expect({ ack: 151 })), [51, 101]);
});

define("a duplicate is reported before what lies beyond a hole (RFC 2883, 4)", 9, async (peer) => {
  peer.put({ data: "a".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 201, data: "b".repeat(100) });
  await peer.expect({ ack: 101 });
  peer.put({ seq: 1, data: "a".repeat(100) });
  assertEquals(blocks(peer, await peer.expect({ ack: 101 })), [1, 101, 201, 301]);
  await peer.silence(QUIET);
});
