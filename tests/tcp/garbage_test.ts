// Garbage of every kind into TCP: nothing throws, nothing leaks, nothing grows, and a connection beside it stays whole.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { foldChecksum, fraction, type Packet, seededRandom, sumBytes } from "@bonsai/net";
import { pattern } from "./pair.ts";
import { ScriptedPeer } from "./scripted_peer.ts";

const ROUNDS = 1_000_000;
/** The port of the connection beside it. */
const GOOD_PORT = 40_000;
/** Rounds between two looks at the connection that must stay whole. */
const LOOK = 1000;

/** What is known of a connection that garbage opened: the next numbers of both sides. */
interface Known {
  seq: number;
  ack: number;
}

/** Learns from what the stack sends, so that garbage gets into every state. */
function learn(known: Map<number, Known>, packet: Packet): void {
  if (packet.length < 40 || packet.u8(9) !== 6 || !(packet.u8(33) & 16)) return;
  const syn = packet.u8(33) >> 1 & 1;
  known.set(packet.u16(22), { seq: packet.i32(28), ack: packet.i32(24) + syn });
}

/** A segment that is well-formed so far, from one of a few ports to one of a few ports. */
function segment(random: () => number, known: ReadonlyMap<number, Known>): Uint8Array {
  const pick = <T>(list: readonly T[]): T => list[(random() >>> 0) % list.length]!;
  const options = pick([0, 0, 4, 12, 20, 40]);
  const data = pick([0, 0, 1, 10, 100, 1400]);
  const bytes = new Uint8Array(40 + options + data);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x4500 << 16 | bytes.length);
  view.setUint32(8, 64 << 24 | 6 << 16);
  view.setUint32(12, 0x0a000001);
  view.setUint32(16, 0x0a000002);
  const port = pick([1000, 1001, 1002, 1003]);
  const { seq, ack } = known.get(port) ?? { seq: 0, ack: 0 };
  view.setUint16(20, port);
  view.setUint16(22, pick([80, 80, 80, 81]));
  view.setInt32(24, pick([random(), seq, seq, seq + pick([1, 2, 100, 1000, 65_536, -1, -10]), 0]));
  view.setInt32(28, pick([random(), ack, ack, ack + pick([1, 2, 100, -1, -10]), 0]));
  bytes[32] = (20 + options) / 4 << 4;
  bytes[33] = pick([2, 16, 16, 16, 18, 17, 4, 20, 24, 1, 0, 63, random()]);
  view.setUint16(34, pick([0, 1, 1000, 65_535]));
  for (let i = 40; i < 40 + options; i++) bytes[i] = pick([0, 1, 2, 3, 4, 5, 8, 10, random()]);
  for (let i = 40 + options; i < bytes.length; i++) bytes[i] = 0x2a;
  // What a mutation touches: anything but the ports of the connection beside it.
  for (let i = pick([0, 0, 1, 2, 8]); i > 0; i--) bytes[(random() >>> 0) % bytes.length] = random();
  if (view.getUint16(20) === GOOD_PORT) view.setUint16(20, 1004);
  bytes[10] = bytes[11] = 0;
  const header = Math.min((bytes[0]! & 15) * 4, bytes.length);
  view.setUint16(10, foldChecksum(sumBytes(bytes, 0, header)));
  if (fraction(random) < 0.95 && header === 20) {
    bytes[36] = bytes[37] = 0;
    view.setUint16(36, foldChecksum(sumBytes(bytes, 12, bytes.length, bytes[9]! + bytes.length - 20)));
  }
  return fraction(random) < 0.05 ? bytes.slice(0, (random() >>> 0) % bytes.length) : bytes;
}

test("10^6 pieces of garbage: no throw, no leak, no growth, the reason counted, and the connection beside it whole", async () => {
  const peer = new ScriptedPeer({ maxConnections: 64, timeWait: 1000 });
  const data = pattern(ROUNDS / LOOK * 8);
  let got = 0;
  let wrong = 0;
  peer.net.tcp.accept({ port: 80 }, (c) => {
    const mine = c.remote.port === peer.port;
    return {
      readable: () => {
        if (mine) { for (const byte of c.peek()) if (byte !== data[got++]) wrong++; }
        c.write(c.peek());
        c.consume(c.readable);
        if (c.readEnded) c.close();
      },
    };
  });
  await peer.open();
  const random = seededRandom(99);
  const known = new Map<number, Known>();
  let most = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = segment(random, known);
    // An empty packet is none.
    if (bytes.length > 0) peer.raw(bytes);
    if (round % 8 === 7) {
      peer.net.poll();
      peer.discard((packet) => learn(known, packet));
    }
    if (round % LOOK === LOOK - 1) {
      const at = round / LOOK | 0;
      peer.put({ flags: "PA", data: data.subarray(at * 8, at * 8 + 8) });
      peer.net.poll();
      peer.acked = 1 + got;
      peer.put({});
      peer.clock.advance(50);
      peer.net.poll();
      peer.discard();
      most = Math.max(most, peer.net.packetsTaken);
    }
  }
  // Fragments that garbage looked like are waited for, but not for ever.
  assert(most < 200, String(most));
  for (let i = 0; i < 8; i++) {
    peer.clock.advance(10_000);
    peer.net.poll();
    peer.discard();
  }
  const { tcp, loop, ipv4 } = peer.net.counters();
  assertEquals([got, wrong], [data.length, 0], "the connection beside it");
  assertEquals([loop!.faults, peer.net.packetsTaken], [0, 0]);
  assert(tcp!.connections! <= 64, String(tcp!.connections));
  for (
    const reason of [
      "badHeader",
      "badChecksum",
      "badFlags",
      "noConnection",
      "outOfWindow",
      "badAck",
      "challengeAcks",
      "resetsReceived",
      "outOfOrder",
      "retransmitted",
    ] as const
  ) {
    assert(tcp![reason]! > 0, `${reason} was never counted`);
  }
  for (const reason of ["malformed", "badLength", "foreign", "unknownProtocol"] as const) {
    assert(ipv4![reason]! > 0, `${reason} was never counted`);
  }
  peer.net.close();
  assertEquals(peer.net.counters().tcp!.connections, 0);
});
