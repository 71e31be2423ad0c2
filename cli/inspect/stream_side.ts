/**
 * What one side of a TCP connection sent: put in order, and hashed as it comes.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

/** What a side sent. */
export interface SideDigest {
  /** Bytes without a hole. */
  readonly bytes: number;
  /** Their SHA-256, in hexadecimal digits. */
  readonly sha256: string;
}

/** Bytes that are kept of a side behind a hole; what is more fills no hole any more. */
const MOST_HELD = 32_000_000;
/** Bytes that are kept of a side that was open when the capture began, before its lowest number counts as its first. */
const MOST_UNSETTLED = 1_000_000;
/** Bytes that all sides may keep. */
const MOST_IN_ALL = 256_000_000;
/** Bytes that a piece takes beside its own: what engines need for an array and an object. */
const PIECE = 200;

/** What all sides keep together. */
export class Held {
  /** Bytes. */
  bytes: number = 0;
}

/** Bytes that came before those in front of them. */
interface Piece {
  /** Where they belong, in bytes from the start of the side. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** One side of a connection. */
export class StreamSide {
  /** Whether a segment of it was seen. */
  seen: boolean = false;
  /** The sequence number in front of the first one that is known of; not a number while none is. */
  #before: number = NaN;
  /** The sequence number at place 0. */
  #origin: number = 0;
  /** Whether place 0 is that of the first byte. */
  #settled: boolean = false;
  /** Where the next byte to be hashed belongs. */
  #next: number = 0;
  #start: number = 0;
  #hash: Hash | null = null;
  /** By their places; none overlaps another. */
  #pieces: Piece[] = [];
  #held: number = 0;
  /** Whether so much came behind a hole that it will not be filled. */
  #closed: boolean = false;
  readonly #inAll: Held;

  /**
   * Begins.
   *
   * @param inAll What all sides keep together.
   */
  constructor(inAll: Held) {
    this.#inAll = inAll;
  }

  /**
   * Hears of a segment.
   *
   * @param seq Its sequence number.
   * @param syn Whether it opens the side.
   */
  open(seq: number, syn: boolean): void {
    if (!this.seen) {
      this.seen = true;
      if (Number.isNaN(this.#before)) this.#before = syn ? seq : seq - 1 | 0;
      this.#origin = syn ? seq + 1 | 0 : seq;
      this.#settled = syn;
    } else if (syn && !this.#settled) {
      // The SYN comes late: where it says is the first byte.
      this.#settled = true;
      this.#start = this.#next = seq + 1 - this.#origin | 0;
      this.#drain();
    }
  }

  /**
   * Hears of an acknowledgement, which tells of numbers before any segment does.
   *
   * @param ack The next number that the other side expects.
   */
  acknowledge(ack: number): void {
    if (Number.isNaN(this.#before)) this.#before = ack - 1 | 0;
  }

  /**
   * Tells whether a SYN opens another connection between the same ports.
   *
   * @param seq Its sequence number.
   */
  isAnother(seq: number): boolean {
    return !Number.isNaN(this.#before) && this.#before !== seq;
  }

  /**
   * Takes in bytes.
   *
   * @param seq The sequence number of the first of them.
   * @param bytes Where they lie.
   * @param from The first.
   * @param to One past the last.
   */
  add(seq: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#closed) return;
    const next = this.#next;
    let at = next + (seq - (this.#origin + next) | 0);
    if (this.#settled && at <= next) {
      from += next - at;
      at = next;
      if (from >= to) return;
      if (this.#pieces.length === 0) return this.#consume(bytes.subarray(from, to));
    }
    // What came before counts: only what is new is kept.
    this.#keep(at, bytes, from, to);
    if (at === next && this.#settled) return this.#drain();
    if (!this.#settled && (this.#held > MOST_UNSETTLED || this.#inAll.bytes > MOST_IN_ALL)) this.#settle();
    if (this.#held > MOST_HELD || this.#inAll.bytes > MOST_IN_ALL) this.#close();
  }

  /**
   * Tells what was sent, and ends the side.
   *
   * @returns It; null when no segment was seen.
   */
  digest(): SideDigest | null {
    if (!this.seen) return null;
    this.#settle();
    const sha256 = (this.#hash ?? createHash("sha256")).digest("hex");
    const bytes = this.#next - this.#start;
    this.#close();
    return { bytes, sha256 };
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#start = this.#next = this.#pieces[0]?.at ?? 0;
    this.#drain();
  }

  /** Keeps what is new of bytes that come too early. */
  #keep(at: number, bytes: Uint8Array, from: number, to: number): void {
    const pieces = this.#pieces;
    const end = at + to - from;
    let i = 0;
    for (let above = pieces.length; i < above;) {
      const middle = i + above >> 1;
      if (pieces[middle]!.at > at) above = middle;
      else i = middle + 1;
    }
    let place = at;
    if (i > 0) place = Math.max(place, pieces[i - 1]!.at + pieces[i - 1]!.bytes.length);
    while (place < end) {
      const until = Math.min(end, pieces[i]?.at ?? Infinity);
      if (place < until) {
        const copy = bytes.slice(from + place - at, from + until - at);
        pieces.splice(i++, 0, { at: place, bytes: copy });
        this.#hold(copy.length + PIECE);
      }
      const piece = pieces[i];
      if (!piece) break;
      place = Math.max(until, piece.at + piece.bytes.length);
      i++;
    }
  }

  /** Hashes what was kept and is in order now. */
  #drain(): void {
    const pieces = this.#pieces;
    let done = 0;
    for (; done < pieces.length && pieces[done]!.at <= this.#next; done++) {
      const { at, bytes } = pieces[done]!;
      this.#hold(-bytes.length - PIECE);
      if (at + bytes.length > this.#next) this.#consume(bytes.subarray(this.#next - at));
    }
    if (done > 0) pieces.splice(0, done);
  }

  #consume(bytes: Uint8Array): void {
    this.#hash ??= createHash("sha256");
    this.#hash.update(bytes);
    this.#next += bytes.length;
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#inAll.bytes += bytes;
  }

  #close(): void {
    this.#hold(-this.#held);
    this.#pieces = [];
    this.#closed = true;
  }
}
