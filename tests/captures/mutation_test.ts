import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { seededRandom } from "../../core/random.ts";
import { ByteWriter } from "../../cli/inspect/byte_writer.ts";
import { Dissector } from "../../testing/dissect/dissector.ts";
import { JsonLines } from "../../cli/inspect/json_lines.ts";
import { Lines } from "../../cli/inspect/lines.ts";
import { Streams } from "../../cli/inspect/streams.ts";

const CAPTURES = 100_000;
/** Bytes of a seed; longer captures are cut, for speed. */
const MOST = 6000;

const SEEDS = [
  "crafted.pcap",
  "crafted_le.pcapng",
  "crafted_be.pcapng",
  "crafted_kuz_le.pcap",
  "crafted_v23_le.pcap",
  "any_sll.pcap",
  "any_sll2.pcap",
  "dns.pcap",
  "fragments.pcap",
  "http.pcap",
  "ipv6.pcap",
  "vlan_twice.pcap",
  "vxlan.pcap",
].map((name) => new Uint8Array(readFileSync(join(import.meta.dirname!, name))).subarray(0, MOST));

test("100,000 mutated captures: nothing throws or hangs, and damage is told with its place", () => {
  const random = seededRandom(4);
  const below = (limit: number): number => (random() >>> 0) % limit;
  let written = 0;
  const writer = new ByteWriter((bytes) => written += bytes.length);
  const json = new JsonLines(writer);
  const lines = new Lines(writer);
  const began = process.memoryUsage().rss;
  let damaged = 0;
  for (let i = 0; i < CAPTURES; i++) {
    const file = SEEDS[below(SEEDS.length)]!.slice();
    const size = i % 4 === 0 ? below(file.length) : 200 + below(file.length - 200);
    for (let flips = 1 + below(8); flips > 0; flips--) {
      // Most of a file is payload; headers are where damage counts.
      const at = below(i % 2 ? Math.min(300, file.length) : file.length);
      const kind = below(4);
      file[at] = kind === 0 ? 0 : kind === 1 ? 255 : kind === 2 ? file[at]! ^ 1 << below(8) : random();
    }
    const reader = new CaptureReader(file.subarray(0, size));
    reader.customBlocks = true;
    const dissector = new Dissector();
    const streams = new Streams();
    while (reader.next()) {
      const { bytes, start, end, length, linkType, checkSequence } = reader;
      assert(start <= end && end <= size);
      const frame = dissector.dissect(bytes, start, end, length, linkType, checkSequence);
      frame.number = reader.number;
      frame.seconds = reader.seconds;
      frame.nanoseconds = reader.nanoseconds;
      if (i % 2) json.frame(frame);
      else lines.frame(frame);
      if (frame.tcp.at >= 0 && frame.tcp.have >= 16) streams.add(frame);
    }
    streams.digests();
    writer.flush();
    assert(reader.number <= size / 12);
    if (!reader.error) continue;
    damaged++;
    assert(reader.error.offset <= size);
    assert(!/NaN|undefined|\n/.test(reader.error.message), reader.error.message);
  }
  assert(damaged > CAPTURES / 10 && written > 1e8);
  // What garbage collectors keep for a while is a few captures' worth, not 100,000.
  assert(process.memoryUsage().rss - began < 600e6);
});

test("lines of JSON stay lines of JSON, whatever a capture holds", () => {
  const random = seededRandom(5);
  for (let i = 0; i < 2000; i++) {
    const file = SEEDS[i % SEEDS.length]!.slice();
    for (let flips = 0; flips < 30; flips++) file[(random() >>> 0) % file.length] = random();
    let text = "";
    const writer = new ByteWriter((bytes) => text += new TextDecoder().decode(bytes));
    const json = new JsonLines(writer);
    const reader = new CaptureReader(file);
    const dissector = new Dissector();
    while (reader.next()) {
      const frame = dissector.dissect(reader.bytes, reader.start, reader.end, reader.length, reader.linkType);
      frame.number = reader.number;
      frame.seconds = reader.seconds;
      frame.nanoseconds = reader.nanoseconds;
      json.frame(frame);
    }
    writer.flush();
    const lines = text.split("\n").slice(0, -1);
    assertEquals(lines.map((line) => JSON.parse(line).n), lines.map((_, n) => n + 1));
  }
});
