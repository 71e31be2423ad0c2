import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { CaptureError, readPcap } from "../../core/capture/pcap_reader.ts";
import { seededRandom } from "../../core/random.ts";
import { pcap } from "./pcap.ts";

const frames = [1, 60, 1514, 0].map((size, i) => new Uint8Array(size).fill(i + 1));
const timed = frames.map((frame, i) => [1_700_000_000_000 + i * 1000.25, frame] as const);

test("readPcap reads both byte orders, in microseconds and nanoseconds", () => {
  for (const little of [true, false]) {
    for (const nanoseconds of [true, false]) {
      const file = readPcap(pcap(timed, { little, nanoseconds, linkType: 101 }));
      assertEquals(file.error, null);
      assertEquals([file.linkType, file.snaplen], [101, 262_144]);
      assertEquals(file.packets.map(({ bytes }) => bytes), frames);
      assertEquals(file.packets.map(({ number }) => number), [1, 2, 3, 4]);
      assertEquals([file.packets[3]!.seconds, file.packets[3]!.nanoseconds], [1_700_000_003, 750_000]);
    }
  }
  assertEquals(readPcap(pcap([])), { linkType: 1, snaplen: 262_144, packets: [], error: null });
});

test("readPcap gives every packet up to the damage, and says where that is", () => {
  const whole = pcap(timed);
  const offsets = readPcap(whole).packets.map(({ offset }) => offset);
  for (let length = 0; length < whole.length; length++) {
    const { packets, error } = readPcap(whole.subarray(0, length));
    const boundary = offsets.indexOf(length);
    assertEquals(
      packets.length,
      Math.max(0, boundary >= 0 ? boundary : offsets.filter((at) => at < length).length - 1),
    );
    assertEquals(error === null, boundary >= 0);
  }
  const damaged = whole.slice();
  damaged.fill(0xff, offsets[2]! + 8, offsets[2]! + 12);
  const { packets, error } = readPcap(damaged);
  assertEquals(packets.length, 2);
  assert(error instanceof CaptureError);
  assertEquals(error.offset, offsets[2]);
  assertEquals(
    error.message,
    `Packet 3 at byte ${offsets[2]} says that it has 4294967295 bytes: the file is damaged there`,
  );
  assertEquals(
    readPcap(whole.subarray(0, offsets[1]! + 26)).error!.message,
    `The file ends at byte ${offsets[1]! + 26}, within packet 2 that begins at ${
      offsets[1]
    }: 50 of its 60 bytes are missing`,
  );
});

test("readPcap names what is no pcap file", () => {
  const message = (bytes: number[]): string => {
    return readPcap(Uint8Array.from([...bytes, ...Array(30).fill(0)])).error!.message;
  };
  assertEquals(message([10, 13, 13, 10]), "The section at byte 0 tells no byte order: the file is damaged there");
  assertEquals(message([1, 2, 3, 4]), "This is no capture file: it begins with 0x01020304");
  assertEquals(message([0xa1, 0xb2, 0xc3, 0xd4, 0, 1]), "The pcap file is of version 1, and only version 2 is known");
});

test("readPcap never throws, and keeps no more than the file has", () => {
  const random = seededRandom(2);
  const seed = pcap(timed);
  for (let i = 0; i < 25_000; i++) {
    const file = seed.slice(0, i % 4 ? seed.length : (random() >>> 0) % seed.length);
    for (let flips = 1 + i % 8; flips > 0 && file.length > 0; flips--) {
      // Most of a file is packets; the headers are where damage counts.
      const at = i % 2 ? (random() >>> 0) % 130 : random() >>> 0;
      file[at % file.length] = random();
    }
    const { packets, error } = readPcap(file);
    assert(packets.length <= file.length / 16);
    assert(packets.reduce((sum, { bytes }) => sum + bytes.length, 0) <= file.length);
    if (error) assert(error.offset <= file.length && !error.message.includes("NaN"));
  }
});
