// Timestamps of TCP (RFC 7323), as a host must use them.

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { QUIET } from "./packets.ts";
import { stamps, type TcpGot, TcpPeer, type TcpSent } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_TIMESTAMP_CASES: Case[] = [];
const define = into(TCP_TIMESTAMP_CASES);

/** The peer's clock when it opens. */
const CLOCK = 1_000_000;

/** What the option of a segment says: TSval and TSecr. */
function read({ options }: TcpGot): [number, number] {
  const at = options.indexOf(8);
  assertEquals(options[at + 1], 10, "timestamps");
  const view = new DataView(Uint8Array.from(options).buffer);
  return [view.getUint32(at + 2), view.getUint32(at + 6)];
}

/** Asks with a connection to echo, both sides using timestamps, on which a byte went to and fro. */
function withTimestamps(
  name: string,
  run: (peer: TcpPeer, now: (sent: TcpSent, later: number) => void) => Promise<void>,
): void {
  TCP_TIMESTAMP_CASES.push({
    name: `timestamps: ${name}`,
    async run(wire: Wire) {
      const peer = new TcpPeer(wire, 7);
      const now = (sent: TcpSent, later: number): void => peer.put({ options: stamps(CLOCK + later), ...sent });
      now({ flags: "S", options: [2, 4, 0x05, 0xb4, ...stamps(CLOCK)] }, 0);
      await peer.expect({ flags: "SA", ack: 1 });
      peer.acked = 1;
      now({}, 0);
      now({ flags: "PA", data: "a" }, 1);
      await echoed(peer, "a");
      now({}, 2);
      while (await peer.take(QUIET));
      await run(peer, now);
    },
  });
}

/** Waits for what the echo gives back, past mere acknowledgements. */
async function echoed(peer: TcpPeer, data: string): Promise<TcpGot> {
  for (;;) {
    const got = await peer.take();
    assert(got, `no echo of "${data}"`);
    if (got.data.length === 0) continue;
    assertEquals([got.seq, new TextDecoder().decode(got.data)], [peer.acked, data]);
    peer.acked += data.length;
    return got;
  }
}

/** Segments that are not taken, and so may not move TS.Recent (RFC 7323, 4.3): it would make all that follows seem old. */
const NOT_TAKEN: Record<string, TcpSent> = {
  "that acknowledges what was never sent": { ack: 99_999 },
  "that is a SYN": { flags: "S" },
  "that is a SYN with an acknowledgement": { flags: "SA" },
  "that acknowledges nothing": { flags: "P", data: "q" },
  "whose checksum is wrong": { flags: "PA", data: "q", badChecksum: true },
};
for (const [what, sent] of Object.entries(NOT_TAKEN)) {
  withTimestamps(`the clock is not taken from a segment ${what}`, async (peer, now) => {
    now({ seq: peer.next, ...sent }, 1_000_000);
    while (await peer.take(QUIET));
    now({ flags: "PA", data: "b" }, 10);
    assertEquals(read(await echoed(peer, "b"))[1], CLOCK + 10);
  });
}

withTimestamps("the clock is not taken from data beyond a hole, nor beyond the window", async (peer, now) => {
  for (const beyond of [10, 5_000_000]) {
    now({ seq: peer.next + beyond, data: "q" }, 1_000_000);
    assertEquals(read((await peer.take())!)[1], CLOCK + 2);
  }
  now({ flags: "PA", data: "b" }, 10);
  assertEquals(read(await echoed(peer, "b"))[1], CLOCK + 10);
});

withTimestamps("a clock that passes zero is newer", async (peer, now) => {
  for (const later of [0x7000_0000, 0xe000_0000 - CLOCK, 0x1_0000_0010 - CLOCK]) {
    now({ flags: "PA", data: "b" }, later);
    assertEquals(read(await echoed(peer, "b"))[1], (CLOCK + later) % 2 ** 32);
    now({}, later);
  }
});

withTimestamps("what is sent again bears the time when it is sent", async (peer, now) => {
  now({ flags: "PA", data: "b" }, 10);
  const first = read(await echoed(peer, "b"));
  const again = await peer.take(3000);
  assertEquals(again!.seq, peer.acked - 1);
  assert(read(again!)[0] > first[0]);
});

withTimestamps("a segment without the option is answered or dropped, and the connection goes on", async (peer, now) => {
  now({ flags: "PA", data: "b", options: [] }, 0);
  const got = await peer.take(QUIET);
  if (got?.data.length) peer.acked += got.data.length;
  else now({ flags: "PA", seq: peer.next - 1, data: "b" }, 10);
  if (!got?.data.length) await echoed(peer, "b");
  now({ flags: "PA", data: "c" }, 11);
  await echoed(peer, "c");
});

async function stamped(wire: Wire, port: number): Promise<[TcpPeer, number]> {
  const peer = new TcpPeer(wire, port);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, ...stamps(1000, 0)] });
  const got = await peer.expect({ flags: "SA" });
  const at = got.options.indexOf(8);
  const value = new DataView(Uint8Array.from(got.options).buffer).getUint32(at + 2);
  peer.acked = 1;
  peer.put({ options: stamps(1001, value) });
  return [peer, value];
}

define("tcp: timestamps are echoed in every segment", async (wire) => {
  const [peer, value] = await stamped(wire, 9);
  peer.put({ data: "abc", options: stamps(1002, value) });
  const got = await peer.expect({ ack: 4 });
  assertEquals(got.options.slice(0, 4), [1, 1, 8, 10]);
  assertEquals(got.options.slice(8, 12), [0, 0, 3, 0xea]);
  peer.put({ flags: "R", seq: 4 });
});
define("tcp: PAWS drops data with an old timestamp, and answers", async (wire) => {
  const [peer, value] = await stamped(wire, 9);
  peer.put({ data: "abc", options: stamps(2000, value) });
  await peer.expect({ ack: 4 });
  peer.put({ seq: 4, data: "old", options: stamps(1500, value) });
  await peer.expect({ flags: "A", ack: 4 });
  peer.put({ seq: 4, data: "new", options: stamps(2001, value) });
  await peer.expect({ ack: 7 });
  peer.put({ flags: "R", seq: 7 });
});
