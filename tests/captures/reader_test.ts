import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { commentsOf, directionOf, dropsOf } from "../../core/capture/packet_notes.ts";
import { PcapWriter } from "../../core/capture/pcap_writer.ts";
import type { PcapngFormat } from "../../core/capture/pcapng_format.ts";
import { DIRECTION_IN, DIRECTION_OUT, DIRECTION_UNKNOWN, PcapngWriter } from "../../core/capture/pcapng_writer.ts";
import { captures } from "./tshark.ts";

const read = (name: string): Uint8Array => readFileSync(join(import.meta.dirname!, name));

/** All that a reader finds, in text. */
function contents(reader: CaptureReader, found: string[] = []): string[] {
  while (reader.next()) {
    const { number, offset, seconds, nanoseconds, length, linkType, interfaceId } = reader;
    const bytes = reader.bytes.subarray(reader.start, reader.end).join();
    found.push([number, offset, seconds, nanoseconds, length, linkType, interfaceId, bytes].join(" "));
  }
  return found;
}

function join_(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

test("a capture that comes in pieces of any size is the same capture", () => {
  for (const name of captures()) {
    const file = read(name);
    const whole = contents(new CaptureReader(file));
    for (const size of [1, 7, 100, 4096]) {
      if (size === 1 && file.length > 20_000) continue;
      const reader = new CaptureReader(null, 64);
      const found: string[] = [];
      for (let at = 0; at < file.length;) {
        const room = reader.room();
        const piece = file.subarray(at, at + Math.min(size, room.length));
        room.set(piece);
        reader.filled(piece.length);
        at += piece.length;
        contents(reader, found);
      }
      reader.finish();
      contents(reader, found);
      assertEquals(reader.error, null, name);
      assertEquals(found, whole, `${name} in pieces of ${size}`);
    }
  }
});

test("cut at any byte, a capture gives the packets before, and says where it ends", () => {
  for (const name of ["crafted_two.pcapng", "crafted_kuz_le.pcap", "crafted_spb.pcapng"]) {
    const file = read(name);
    const whole = contents(new CaptureReader(file));
    for (let size = 0; size < file.length; size++) {
      const reader = new CaptureReader(file.subarray(0, size));
      const found = contents(reader);
      assertEquals(found, whole.slice(0, found.length));
      if (reader.error) {
        assert(reader.error.offset <= size);
        assert(/^[A-Z][^\n]* (byte|bytes|header|block|format|only) ?/.test(reader.error.message), reader.error.message);
      }
    }
  }
});

test("a length that no packet has makes no memory", () => {
  const file = read("tcp.pcap").slice(0, 4000);
  new DataView(file.buffer).setUint32(24 + 8, 262_144, true);
  const reader = new CaptureReader(null, 4096);
  for (let at = 0; at < file.length;) {
    const room = reader.room();
    const piece = file.subarray(at, at + room.length);
    room.set(piece);
    reader.filled(piece.length);
    at += piece.length;
    contents(reader);
  }
  reader.finish();
  assertEquals(reader.next(), false);
  assert(reader.bytes.length <= 8192);
  assertEquals(
    reader.error!.message,
    "The file ends at byte 4000, within packet 1 that begins at 24: 258184 of its 262144 bytes are missing",
  );
});

test("a section of pcapng tells its interfaces, comments, directions and drops", () => {
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  const tap = writer.addInterface({ name: "tap0", linkType: 1, snaplen: 100 });
  const tun = writer.addInterface({ name: "tun0", linkType: 101, origin: 1_700_000_000_000 });
  const frame = new Uint8Array(120).fill(7);
  writer.packet(tap, 1.5, DIRECTION_IN, frame, 0, 120, 120, { comments: ["first", "zweiter"], dropped: 5 });
  writer.packet(tun, 2.25, DIRECTION_OUT, frame, 1, 10);
  writer.packet(tun, 3, DIRECTION_UNKNOWN, frame, 1, 10);
  writer.statistics(tap, 4, { seen: 3, dropped: 2 });
  writer.flush();
  const reader = new CaptureReader(join_(pieces));
  assert(reader.next());
  assertEquals([reader.end - reader.start, reader.length, reader.linkType], [100, 120, 1]);
  assertEquals([commentsOf(reader), directionOf(reader), dropsOf(reader)], [["first", "zweiter"], "in", 5]);
  assert(reader.next());
  assertEquals([reader.linkType, reader.seconds, reader.nanoseconds], [101, 1_700_000_000, 2_250_000]);
  assertEquals([commentsOf(reader), directionOf(reader), dropsOf(reader)], [[], "out", 0]);
  assert(reader.next());
  assertEquals(directionOf(reader), null);
  assertEquals(reader.next(), false);
  const { interfaces } = reader.format as PcapngFormat;
  assertEquals(interfaces.map(({ name, seen, dropped }) => [name, seen, dropped]), [["tap0", 3, 2], ["tun0", -1, -1]]);
});

test("a classic file is written as it is read", () => {
  for (const microseconds of [true, false]) {
    const pieces: Uint8Array[] = [];
    const writer = new PcapWriter((bytes) => pieces.push(bytes.slice()), {
      linkType: 1,
      snaplen: 70_000,
      microseconds,
    });
    const sizes = [0, 1, 1514, 65_600, 80_000];
    for (const size of sizes) writer.packet(1_700_000_000 + size, 123_456_000, new Uint8Array(size).fill(1), 0, size);
    writer.flush();
    const reader = new CaptureReader(join_(pieces));
    for (const size of sizes) {
      assert(reader.next());
      assertEquals([reader.seconds, reader.nanoseconds, reader.length], [1_700_000_000 + size, 123_456_000, size]);
      assertEquals(reader.end - reader.start, Math.min(70_000, size));
    }
    assertEquals([reader.next(), reader.error], [false, null]);
  }
});
