/**
 * A capture for benchmarks: what a web server's link carries, in the proportions of one.
 *
 * @module
 */

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldChecksum, sumBytes } from "../core/checksum.ts";
import { PcapWriter } from "../core/capture/pcap_writer.ts";
import { seededRandom } from "../core/random.ts";

/** Packets that are made; the file repeats them. */
const PACKETS = 4000;
/** Timestamps behind two no-operations. */
const OPTIONS = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];

/** A file of packets. */
export interface BenchCapture {
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  readonly packets: number;
  /** Removes it. */
  close(): void;
}

/**
 * Writes a capture: of its packets 55 % are full segments, 30 % acknowledgements, 10 % DNS queries and 5 % segments over IPv6.
 *
 * @param size Bytes that it has at least.
 */
export function makeCapture(size: number): BenchCapture {
  const block: Uint8Array[] = [];
  const writer = new PcapWriter((bytes) => block.push(bytes.slice()), { linkType: 1 });
  const random = seededRandom(1);
  for (let i = 0; i < PACKETS; i++) {
    const frame = makeFrame((random() >>> 0) % 100, i);
    writer.packet(1_700_000_000, i * 20_000, frame, 0, frame.length);
  }
  writer.flush();
  const all = Uint8Array.from(block.flatMap((piece) => [...piece]));
  const folder = mkdtempSync(join(tmpdir(), "bonsai-bench-"));
  const path = join(folder, "bench.pcap");
  const file = openSync(path, "w");
  writeSync(file, all, 0, 24);
  let [bytes, packets] = [24, 0];
  for (; bytes < size; bytes += all.length - 24, packets += PACKETS) writeSync(file, all, 24);
  closeSync(file);
  return { path, bytes, packets, close: () => rmSync(folder, { recursive: true }) };
}

function makeFrame(chance: number, i: number): Uint8Array {
  if (chance < 55) return ipv4(6, segment(1448, 80, 40_000 + i % 50, i * 1448));
  if (chance < 85) return ipv4(6, segment(0, 40_000 + i % 50, 80, i));
  if (chance < 95) return ipv4(17, query());
  const payload = segment(300, 80, 50_000, i);
  const header = [0x60, 0, 0, 0, payload.length >> 8, payload.length & 255, 6, 64, ...end6(1), ...end6(2)];
  return frame(0x86dd, header, finish(payload, 6, header.slice(8), 16));
}

function end6(last: number): number[] {
  return [0xfd, ...Array<number>(14).fill(0), last];
}

function frame(type: number, header: number[], payload: Uint8Array): Uint8Array {
  return Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, type >> 8, type & 255, ...header, ...payload]);
}

function ipv4(protocol: number, payload: Uint8Array): Uint8Array {
  const total = 20 + payload.length;
  const header = Uint8Array.from([
    0x45,
    0,
    total >> 8,
    total & 255,
    1,
    2,
    64,
    0,
    64,
    protocol,
    0,
    0,
    10,
    0,
    0,
    1,
    10,
    0,
    0,
    2,
  ]);
  const checksum = foldChecksum(sumBytes(header, 0, 20));
  header[10] = checksum >> 8;
  header[11] = checksum;
  return frame(0x0800, [...header], finish(payload, protocol, [...header.subarray(12)], protocol === 6 ? 16 : 6));
}

/** Writes the checksum that the pseudo-header makes. */
function finish(payload: Uint8Array, protocol: number, addresses: number[], field: number): Uint8Array {
  const pseudo = sumBytes(Uint8Array.from(addresses), 0, addresses.length, protocol + payload.length);
  const checksum = foldChecksum(sumBytes(payload, 0, payload.length, pseudo));
  payload[field] = checksum >> 8;
  payload[field + 1] = checksum;
  return payload;
}

function segment(size: number, from: number, to: number, seq: number): Uint8Array {
  const ports = [from >> 8, from & 255, to >> 8, to & 255];
  const numbers = [seq >> 24, seq >> 16, seq >> 8, seq, 0, 0, 1, 0].map((byte) => byte & 255);
  return Uint8Array.from([
    ...ports,
    ...numbers,
    0x80,
    0x10,
    4,
    0,
    0,
    0,
    0,
    0,
    ...OPTIONS,
    ...Array(size).fill(seq & 255),
  ]);
}

function query(): Uint8Array {
  const name = [7, ...new TextEncoder().encode("example"), 3, ...new TextEncoder().encode("com"), 0];
  const message = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1];
  return Uint8Array.from([0x13, 0x88, 0, 53, 0, 8 + message.length, 0, 0, ...message]);
}
