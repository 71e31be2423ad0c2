// ICMP errors about TCP connections (RFC 5927; RFC 1191).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { icmpMessage, ip, text, THEM, US } from "./packets.ts";
import { established, TcpPeer } from "./tcp_peer.ts";

export const TCP_ICMP_ERROR_CASES: Case[] = [];
const define = into(TCP_ICMP_ERROR_CASES);

function quoted(peer: TcpPeer, type: number, code: number, rest: readonly number[], seq: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, peer.to);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + seq);
  return ip({ protocol: 1 }, icmpMessage(type, code, rest, ip({ protocol: 6, source: THEM, destination: US }, bytes)));
}

define("tcp: ICMP errors do not end an established connection", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "abc" });
  for (;;) {
    const got = await peer.take();
    assert(got);
    if (got.data.length > 0) break;
  }
  for (const [type, code] of [[3, 0], [3, 1], [3, 2], [3, 3], [3, 5], [4, 0], [11, 0], [12, 0]] as const) {
    wire.put(quoted(peer, type, code, [0, 0, 0, 0], 1));
  }
  peer.acked = 4;
  peer.put({ flags: "PA", data: "def" });
  assertEquals(await peer.collect(3), text("def"));
  peer.reset();
});
define("tcp: fragmentation needed makes segments smaller, and sends what was lost again", async (wire) => {
  const peer = await established(wire, 19);
  const first = await peer.expect({});
  assertEquals(first.data.length > 1000, true);
  wire.put(quoted(peer, 3, 4, [0, 0, 1000 >> 8, 1000 & 255], 1));
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    if (got.seq === 1) {
      assert(got.data.length <= 960, String(got.data.length));
      break;
    }
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: fragmentation needed for what is not in flight changes nothing (RFC 5927)", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  await peer.open();
  assertEquals((await peer.expect({ seq: 1 })).data.length, 1460);
  for (const seq of [10_000_000, -10_000]) wire.put(quoted(peer, 3, 4, [0, 0, 600 >> 8, 600 & 255], seq));
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    assert(got.data.length === 1460 || got.flags.includes("P"), String(got.data.length));
    if (got.seq === 1) break;
  }
  peer.put({ flags: "R", seq: 1 });
});
