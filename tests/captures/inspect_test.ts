import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { PcapWriter } from "../../core/capture/pcap_writer.ts";
import { seededRandom } from "../../core/random.ts";
import { hasProgram, testWith } from "../needs.ts";
import { decode, lines } from "./decode.ts";
import { captures, type FrameFields, golden, tsharkBytes, tsharkFrames } from "./tshark.ts";

const HERE = import.meta.dirname!;
const live = hasProgram("tshark");
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(HERE, name)));

/** The frames in which some field differs. */
function differences(ours: FrameFields[], theirs: FrameFields[]): string[] {
  const found: string[] = [];
  for (const [i, expected] of theirs.entries()) {
    const own = ours[i] ?? {};
    for (const key of new Set([...Object.keys(expected), ...Object.keys(own)])) {
      const [a, b] = [JSON.stringify(expected[key]), JSON.stringify(own[key])];
      if (a !== b) found.push(`frame ${i + 1}: ${key} is ${a} for tshark and ${b} for us`);
    }
  }
  return found;
}

for (const name of captures()) {
  test(`inspect sees in ${name} what tshark sees, field by field`, () => {
    const expected = live ? tsharkFrames(join(HERE, name)) : golden()[name]!;
    const { frames } = decode(read(name));
    assertEquals(differences(frames, expected), []);
    assertEquals(frames.length, expected.length);
  });
}

/** A capture of what begins the frames of another one. */
function rewritten(
  file: Uint8Array,
  change: (frame: Uint8Array, write: (frame: Uint8Array, length: number) => void) => void,
) {
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((bytes) => pieces.push(bytes.slice()), { linkType: 1 });
  const reader = new CaptureReader(file);
  while (reader.next()) {
    change(reader.bytes.slice(reader.start, reader.end), (frame, length) => {
      writer.packet(1_700_000_000, 0, frame, 0, frame.length, length);
    });
  }
  writer.flush();
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

testWith(["tshark"], "inspect sees of frames cut at any byte what tshark sees", () => {
  for (const cut of [true, false]) {
    let next = 0;
    const file = rewritten(read("crafted.pcap"), (frame, write) => {
      // Every third frame, for tshark takes its time.
      if (next++ % 3 !== 0) return;
      for (let size = 0; size < frame.length; size++) write(frame.subarray(0, size), cut ? frame.length : size);
    });
    assertEquals(differences(decode(file).frames, tsharkBytes(file)), []);
  }
});

testWith(["tshark"], "inspect sees of mutated frames what tshark sees, but for dissectors behind chance ports", () => {
  const random = seededRandom(11);
  const below = (limit: number): number => (random() >>> 0) % limit;
  const file = rewritten(read("crafted.pcap"), (frame, write) => {
    for (let i = 0; i < 12; i++) {
      const mutated = frame.slice();
      for (let flips = 1 + below(3); flips > 0; flips--) {
        mutated[12 + below(Math.min(80, frame.length - 12))] = random();
      }
      write(mutated, mutated.length);
    }
  });
  const expected = tsharkBytes(file);
  const frames = new Set(differences(decode(file).frames, expected).map((text) => text.split(":")[0]));
  assert(expected.length > 2000);
  assert(frames.size <= expected.length / 500, [...frames].join(", "));
});

testWith(["tshark"], "the streams of every capture are what its segments hold", () => {
  for (const name of captures()) {
    const { frames, streams } = decode(read(name));
    const sides = new Map<string, { bytes: Map<number, number>; first: number; base: number | null }>();
    for (const { number, payload } of payloads(frames, name)) {
      const frame = frames[number - 1]!;
      const address = (end: string): unknown => (frame[`ip.${end}`] ?? frame[`ipv6.${end}`]);
      const key = [address("src"), frame["tcp.srcport"], address("dst"), frame["tcp.dstport"]].join(" ");
      const seq = frame["tcp.seq_raw"] as number;
      const syn = ((frame["tcp.flags"] as number) & 2) >> 1;
      const side = sides.get(key) ?? { bytes: new Map(), first: seq, base: null };
      sides.set(key, side);
      if (syn) side.base ??= seq + 1;
      for (const [i, byte] of payload.entries()) {
        const place = seq + syn + i - side.first | 0;
        if (!side.bytes.has(place)) side.bytes.set(place, byte);
      }
    }
    const told = new Map<string, unknown>();
    for (const { a, b, a2b, b2a } of streams) {
      const [from, to] = [a.replace("|", " "), b.replace("|", " ")];
      if (a2b) told.set(`${from} ${to}`, a2b);
      if (b2a) told.set(`${to} ${from}`, b2a);
    }
    // In vxlan.pcap the addresses of the frames are those of the tunnel, and in some ports are used again.
    if (name.startsWith("crafted") || name === "vxlan.pcap") continue;
    for (const [key, { bytes, first, base }] of sides) {
      let place = base === null ? Math.min(...bytes.keys(), Infinity) : base - first;
      const run: number[] = [];
      for (; bytes.has(place); place++) run.push(bytes.get(place)!);
      const sha256 = createHash("sha256").update(Uint8Array.from(run)).digest("hex");
      assertEquals(told.get(key), { bytes: run.length, sha256 }, `${name}: ${key}`);
    }
    assertEquals(told.size, sides.size, name);
  }
});

/** The payload of each segment, as it was captured. */
function payloads(frames: FrameFields[], name: string): { number: number; payload: Uint8Array }[] {
  const found: { number: number; payload: Uint8Array }[] = [];
  const reader = new CaptureReader(read(name));
  while (reader.next()) {
    const frame = frames[reader.number - 1]!;
    if (frame["tcp.hdr_len"] === undefined || frame["ip.frag_offset"] || name === "vxlan.pcap") continue;
    const size = frame["tcp.len"] as number;
    // From the end: headers before it are of any kind, and no frame here is padded but short ones.
    const cut = (frame["len"] as number) - (frame["cap"] as number);
    const kept = Math.max(0, size - cut);
    found.push({
      number: reader.number,
      payload: reader.bytes.slice(reader.end - kept, reader.end),
    });
  }
  return found;
}

test("a stream from its SYN on, out of order, with a hole, and one that was open before", () => {
  const { streams } = decode(read("lossy_sender.pcap"));
  // The sender's capture lacks what was cut by its length: a hole in the first segment that is longer.
  assertEquals(streams.length, 1);
  assertEquals(streams[0]!.a2b!.bytes < 150_000, true);
  const whole = decode(read("lossy.pcap")).streams[0]!;
  assertEquals(whole.a2b!.bytes, 150_000 + "150000\n10\n".length + 10);
  assertEquals(whole.b2a!.bytes, 150_010);
});

test("lines tell of DNS, HTTP, fragments and segments", () => {
  const all = [...lines(read("dns.pcap")), ...lines(read("http.pcap")), ...lines(read("fragments.pcap"))];
  for (
    const words of [
      "DNS: query 1000 A www.example.com",
      "DNS: response 1000 A www.example.com: A 192.0.2.7",
      "no such name",
      "HTTP: GET /hello HTTP/1.1",
      "HTTP: HTTP/1.1 200 OK",
      "Flags [S.]",
      "mss 1460",
      ", fragment ",
      "ICMP echo request",
      "ICMP6 who has",
      "ICMP port unreachable",
    ]
  ) assert(all.some((line) => line.includes(words)), words);
});
