// A driver that cuts up what is too large, as a network card does: what leaves TCP uncut arrives as if it had cut it itself.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { type Driver, type Medium, NO_OFFLOAD, type Offload, type Plugin } from "../../core/driver.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { impair } from "@bonsai/net/plugins/impair";
import { checksum, u16 } from "../protocols/harness.ts";
import { pair, pattern } from "./pair.ts";

const ETHERNET = 14;
const PSH_FIN = 0x09;

/** What the card cut. */
interface Cuts {
  /** Bytes of data in each packet that it got, and of each segment that it made of it. */
  packets: { data: number; segments: number[] }[];
}

/** Finishes checksums and cuts, by RFC 1071 and RFC 9293 alone. */
class Card<M extends Medium> extends DriverWrapper<M> {
  override readonly offload: Offload = { ...NO_OFFLOAD, transmitChecksum: true, segmentation: 65_553 };
  readonly #cuts: Cuts;
  constructor(driver: Driver<M>, cuts: Cuts) {
    super(driver);
    this.#cuts = cuts;
  }

  override transmit(packet: Packet): boolean {
    if (!packet.verified) return this.inner.transmit(packet);
    const frame = packet.view();
    const ip = ETHERNET;
    const tcp = ip + (frame[ip]! & 15) * 4;
    assertEquals(frame[ip + 9], 6);
    const data = tcp + (frame[tcp + 12]! >> 4) * 4;
    const pseudo = (length: number) => [...frame.subarray(ip + 12, ip + 20), 0, 6, ...u16(length)];
    // The field holds the sum of the pseudo-header, folded and not inverted.
    assertEquals(
      [frame[tcp + 16]!, frame[tcp + 17]!],
      u16(0xffff - checksum(pseudo(frame.length - tcp))),
    );
    const size = packet.segment || frame.length - data || 1;
    const segments: number[] = [];
    for (let at = data; at === data || at < frame.length; at += size) {
      const last = at + size >= frame.length;
      const piece = Uint8Array.from([
        ...frame.subarray(0, data),
        ...frame.subarray(at, Math.min(at + size, frame.length)),
      ]);
      piece.set(u16(piece.length - ip), ip + 2);
      piece.set([0, 0], ip + 10);
      piece.set(u16(checksum(piece.subarray(ip, tcp))), ip + 10);
      const view = new DataView(piece.buffer);
      view.setUint32(tcp + 4, view.getUint32(tcp + 4) + at - data);
      if (!last) piece[tcp + 13]! &= ~PSH_FIN;
      piece.set([0, 0], tcp + 16);
      piece.set(u16(checksum([...pseudo(piece.length - tcp), ...piece.subarray(tcp)])), tcp + 16);
      const out = new Packet(HEADROOM + 1600);
      out.write(piece);
      this.inner.transmit(out);
      segments.push(piece.length - data);
    }
    this.#cuts.packets.push({ data: frame.length - data, segments });
    return true;
  }
}

function card(cuts: Cuts): Plugin {
  return (driver) => new Card(driver, cuts);
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
  const cuts: Cuts = { packets: [] };
  await transfer(3_000_000, [card(cuts)]);
  const large = cuts.packets.filter(({ segments }) => segments.length > 1);
  assert(large.length > 20, `${large.length} packets were cut`);
  assert(large.some(({ segments }) => segments.length > 40), "up to 64 kB at a time");
  for (const { segments } of large) {
    const full = segments[0]!;
    assertEquals(full, 1448);
    for (const segment of segments.slice(0, -1)) assertEquals(segment, full);
  }
  // A small segment never leaves in the middle: sender's silly window avoidance (RFC 9293, 3.8.6.2.1), and Nagle's algorithm.
  const small = large.filter(({ segments }) => segments.at(-1)! < 1448);
  assert(small.length <= 2, `${small.length} ended in a small segment`);
});

test("nothing is uncut that must be sent again, and all arrives over a bad network", async () => {
  const cuts: Cuts = { packets: [] };
  await transfer(1_000_000, [impair({ loss: 0.02, reorder: 0.02, delay: 5, direction: "transmit" }), card(cuts)]);
  assert(cuts.packets.some(({ segments }) => segments.length > 1));
});

test("small writes are gathered, and none waits for long", async () => {
  const cuts: Cuts = { packets: [] };
  await transfer(100_000, [card(cuts)], 777);
  assert(cuts.packets.length < 100_000 / 777, `${cuts.packets.length} packets`);
});
