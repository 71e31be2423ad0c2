/**
 * The streams of TCP in a capture: what each side sent, as its SHA-256 and length.
 *
 * @module
 */

import { ByteWriter } from "./byte_writer.ts";
import type { Frame, Network } from "../../testing/dissect/frame.ts";
import { Held, type SideDigest, StreamSide } from "./stream_side.ts";
import { ACK, RST, SYN } from "../../protocols/tcp/segment.ts";

/** What is told of a stream. */
export interface StreamDigest {
  /** Who sent the first segment: address and port, with a bar between. */
  readonly a: string;
  /** The other end. */
  readonly b: string;
  /** What `a` sent; null when no segment of it was seen. */
  readonly a2b: SideDigest | null;
  /** What `b` sent likewise. */
  readonly b2a: SideDigest | null;
}

/** A connection. */
class Stream {
  /** Address and port of the end that sent the first segment. */
  readonly from: Uint8Array;
  /** Those of the other end. */
  readonly to: Uint8Array;
  readonly a2b: StreamSide;
  readonly b2a: StreamSide;
  /** Another stream whose ends have the same hash, an older one. */
  readonly next: Stream | null;

  constructor(from: Uint8Array, to: Uint8Array, next: Stream | null, held: Held) {
    this.a2b = new StreamSide(held);
    this.b2a = new StreamSide(held);
    this.from = from;
    this.to = to;
    this.next = next;
  }
}

/** All streams of a capture. */
export class Streams {
  readonly #held: Held = new Held();
  readonly #all: Stream[] = [];
  readonly #table: Map<number, Stream> = new Map();
  readonly #from: Uint8Array<ArrayBuffer> = new Uint8Array(18);
  readonly #to: Uint8Array<ArrayBuffer> = new Uint8Array(18);

  /**
   * Takes in a frame with a TCP header.
   *
   * @param frame The frame.
   */
  add(frame: Frame): void {
    const { tcp, tcpNetwork, segment } = frame;
    const size = tcpNetwork.addressSize;
    const hash = this.#ends(tcpNetwork, size, tcp.bytes, tcp.at);
    const flags = tcp.bytes[tcp.at + 13]!;
    let stream = this.#table.get(hash) ?? null;
    let forth = false;
    for (; stream; stream = stream.next) {
      forth = isSame(stream.from, this.#from, size + 2) && isSame(stream.to, this.#to, size + 2);
      if (forth || isSame(stream.from, this.#to, size + 2) && isSame(stream.to, this.#from, size + 2)) break;
    }
    const syn = (flags & SYN) !== 0;
    const opens = (flags & (SYN | ACK)) === SYN;
    // The same ports again, for another connection.
    if (!stream || opens && (forth ? stream.a2b : stream.b2a).isAnother(segment.seq)) {
      stream = new Stream(
        this.#from.slice(0, size + 2),
        this.#to.slice(0, size + 2),
        this.#table.get(hash) ?? null,
        this.#held,
      );
      this.#table.set(hash, stream);
      this.#all.push(stream);
      forth = true;
    }
    const side = forth ? stream.a2b : stream.b2a;
    side.open(segment.seq, syn);
    if (flags & ACK) (forth ? stream.b2a : stream.a2b).acknowledge(segment.ack);
    // What a reset carries is a remark, and no part of the stream (RFC 9293, 3.10.7).
    const data = tcp.at + (tcp.bytes[tcp.at + 12]! >> 4 << 2);
    if (!(flags & RST) && data < tcp.end) side.add(segment.seq + (syn ? 1 : 0), tcp.bytes, data, tcp.end);
  }

  /**
   * Tells what was sent.
   *
   * @returns The streams in the order of their first segments.
   */
  digests(): StreamDigest[] {
    return this.#all.map(({ from, to, a2b, b2a }) => ({
      a: endText(from),
      b: endText(to),
      a2b: a2b.digest(),
      b2a: b2a.digest(),
    }));
  }

  /** Notes the ends of a segment, and makes a hash of them that is the same both ways. */
  #ends(
    { bytes, at, version, destinationBytes, destination }: Network,
    size: number,
    header: Uint8Array,
    ports: number,
  ): number {
    const from = this.#from;
    const to = this.#to;
    const source = at + (version === 4 ? 12 : 8);
    let [a, b] = [0, 0];
    for (let i = 0; i < size; i++) {
      a = Math.imul(a, 31) + (from[i] = bytes[source + i]!) | 0;
      b = Math.imul(b, 31) + (to[i] = destinationBytes[destination + i]!) | 0;
    }
    for (let i = 0; i < 2; i++) {
      a = Math.imul(a, 31) + (from[size + i] = header[ports + i]!) | 0;
      b = Math.imul(b, 31) + (to[size + i] = header[ports + 2 + i]!) | 0;
    }
    return Math.imul(a, 0x9e3779b1) + Math.imul(b, 0x9e3779b1) ^ a ^ b;
  }
}

function isSame(a: Uint8Array, b: Uint8Array, size: number): boolean {
  if (a.length !== size) return false;
  for (let i = 0; i < size; i++) if (a[i] !== b[i]) return false;
  return true;
}

function endText(end: Uint8Array): string {
  let text = "";
  const writer = new ByteWriter((bytes) => text = new TextDecoder().decode(bytes));
  if (end.length === 6) writer.ipv4(end, 0);
  else writer.ipv6(end, 0);
  writer.flush();
  return `${text}|${end[end.length - 2]! << 8 | end[end.length - 1]!}`;
}
