import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { Streams } from "../../cli/inspect/streams.ts";
import { LINKTYPE_IPV4 } from "../../core/capture/link_type.ts";
import { Dissector } from "../../testing/dissect/dissector.ts";

const FRAMES = 1_200_000;
const PAYLOAD = 60;
/** What a heap may grow by between two collections of garbage, in bytes. */
const SLACK = 48_000_000;

/** A segment of IPv4 and TCP, its numbers and ports left to be written. */
function segment(): Uint8Array {
  const bytes = new Uint8Array(40 + PAYLOAD).fill(65, 40);
  bytes.set([0x45, 0, 0, bytes.length, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
  bytes.set([0x50, 0x10, 0x10, 0], 32);
  return bytes;
}

function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + (arrayBuffers ?? 0);
}

test("a million frames of one connection, some out of order and some twice, take no memory", () => {
  const [dissector, streams] = [new Dissector(), new Streams()];
  const bytes = segment();
  const view = new DataView(bytes.buffer);
  const before = held();
  for (let i = 0; i < FRAMES; i++) {
    // Of five segments the second and third change places, and the last comes twice.
    const place = i % 6 === 1 || i % 6 === 2 ? i - i % 6 + 3 - i % 6 : i % 6 === 5 ? i - 1 : i;
    view.setUint32(24, (place - Math.floor(place / 6)) * PAYLOAD + 1);
    // The first opens the connection.
    bytes[33] = i === 0 ? 0x12 : 0x10;
    if (i === 0) view.setUint32(24, 0);
    streams.add(dissector.dissect(bytes, 0, bytes.length, bytes.length, LINKTYPE_IPV4));
  }
  const grown = held() - before;
  const [stream] = streams.digests();
  assertEquals(stream!.a2b!.bytes, FRAMES / 6 * 5 * PAYLOAD);
  assert(grown < SLACK, `grown by ${grown} bytes`);
});

test("a connection that only holes are seen of keeps 32 MB at most", () => {
  const [dissector, streams] = [new Dissector(), new Streams()];
  const bytes = segment();
  const view = new DataView(bytes.buffer);
  const before = held();
  for (let i = 0; i < FRAMES; i++) {
    view.setUint32(24, i * 2 * PAYLOAD);
    streams.add(dissector.dissect(bytes, 0, bytes.length, bytes.length, LINKTYPE_IPV4));
  }
  const grown = held() - before;
  assertEquals(streams.digests()[0]!.a2b!.bytes, PAYLOAD);
  assert(grown < 32_000_000 + SLACK, `grown by ${grown} bytes`);
});
