/**
 * What the peer has acknowledged selectively (RFC 2018), and what that says of the rest (RFC 6675).
 *
 * @module
 */

import { before, distance, later } from "./sequence.ts";

/** Segments acknowledged above a hole that mean that it is lost (DupThresh). */
const THRESHOLD = 3;
/** Ranges that are remembered; a peer that reports more is believed in part. */
const MAX_RANGES = 128;

/** The scoreboard of a sender: which bytes between SND.UNA and SND.MAX have arrived. */
export class Scoreboard {
  /** Bytes that have arrived. */
  bytes: number = 0;
  /** One past the last byte sent again in this recovery (HighRxt). */
  retransmitted: number = 0;
  /** SND.MAX when SND.UNA was sent again last: what arrives from there on was sent after it. */
  mark: number = 0;
  /** Ranges that have arrived, as pairs of sequence numbers, ascending. */
  readonly #ranges: number[] = [];

  /**
   * Takes blocks from an acknowledgement.
   *
   * @param blocks Pairs of sequence numbers.
   * @param count How many pairs.
   * @param una SND.UNA.
   * @param max SND.MAX.
   * @returns Whether they told of anything new.
   */
  update(blocks: Int32Array, count: number, una: number, max: number): boolean {
    const had = this.bytes;
    for (let i = 0; i < 2 * count; i += 2) {
      const from = later(blocks[i]!, una);
      const to = blocks[i + 1]!;
      // What was never sent cannot have arrived; what lies below SND.UNA is a duplicate that the peer reports (RFC 2883).
      if (before(from, to) && !before(max, to)) this.#add(from, to);
    }
    return this.bytes > had;
  }

  #add(from: number, to: number): void {
    const ranges = this.#ranges;
    let first = 0;
    while (first < ranges.length && before(ranges[first + 1]!, from)) first += 2;
    let last = first;
    while (last < ranges.length && !before(to, ranges[last]!)) {
      if (before(ranges[last]!, from)) from = ranges[last]!;
      to = later(to, ranges[last + 1]!);
      this.bytes -= distance(ranges[last + 1]!, ranges[last]!);
      last += 2;
    }
    if (first === last && ranges.length >= 2 * MAX_RANGES) return;
    ranges.splice(first, last - first, from, to);
    this.bytes += distance(to, from);
  }

  /**
   * Lets go of what is acknowledged for good.
   *
   * @param una SND.UNA.
   */
  advance(una: number): void {
    const ranges = this.#ranges;
    while (ranges.length > 0 && before(ranges[0]!, una)) {
      const to = ranges[1]!;
      if (before(una, to)) {
        this.bytes -= distance(una, ranges[0]!);
        ranges[0] = una;
      } else {
        this.bytes -= distance(to, ranges[0]!);
        ranges.splice(0, 2);
      }
    }
  }

  /** Forgets everything: the peer may have let go of what it had (RFC 2018, 8). */
  clear(): void {
    this.#ranges.length = this.bytes = 0;
  }

  /**
   * The end of what is known to be lost: everything below that has not arrived.
   *
   * @param una SND.UNA.
   * @param mss Bytes of a full segment.
   * @returns A sequence number; SND.UNA when nothing is known to be lost.
   */
  lostBelow(una: number, mss: number): number {
    const ranges = this.#ranges;
    let above = 0;
    for (let i = ranges.length - 2, count = 1; i >= 0; i -= 2, count++) {
      above += distance(ranges[i + 1]!, ranges[i]!);
      if (above > (THRESHOLD - 1) * mss || count >= THRESHOLD) return ranges[i]!;
    }
    return una;
  }

  /**
   * Whether what was sent again last is lost too: enough has arrived that was sent after it (the idea of RFC 8985).
   *
   * @param mss Bytes of a full segment.
   * @returns Whether it is lost.
   */
  lostAgain(mss: number): boolean {
    let above = 0;
    for (let i = this.#ranges.length - 2; i >= 0; i -= 2) {
      const from = later(this.#ranges[i]!, this.mark);
      if (!before(from, this.#ranges[i + 1]!)) break;
      above += distance(this.#ranges[i + 1]!, from);
    }
    return above > (THRESHOLD - 1) * mss;
  }

  /**
   * Finds the first hole.
   *
   * @param from Where to begin.
   * @returns The first sequence number from there on that has not arrived.
   */
  hole(from: number): number {
    const ranges = this.#ranges;
    for (let i = 0; i < ranges.length && !before(from, ranges[i]!); i += 2) {
      if (before(from, ranges[i + 1]!)) from = ranges[i + 1]!;
    }
    return from;
  }

  /**
   * Finds the end of a hole.
   *
   * @param from A sequence number that has not arrived.
   * @param limit The end where nothing behind it has arrived.
   * @returns The next sequence number that has arrived, or the limit.
   */
  holeEnd(from: number, limit: number): number {
    const ranges = this.#ranges;
    for (let i = 0; i < ranges.length; i += 2) {
      if (before(from, ranges[i]!)) return before(ranges[i]!, limit) ? ranges[i]! : limit;
    }
    return limit;
  }

  /**
   * Bytes that have not arrived in a part of the sequence.
   *
   * @param from Its first.
   * @param to One past its last.
   * @returns How many.
   */
  missing(from: number, to: number): number {
    let bytes = Math.max(distance(to, from), 0);
    const ranges = this.#ranges;
    for (let i = 0; i < ranges.length && before(ranges[i]!, to); i += 2) {
      const start = later(ranges[i]!, from);
      const end = before(to, ranges[i + 1]!) ? to : ranges[i + 1]!;
      if (before(start, end)) bytes -= distance(end, start);
    }
    return bytes;
  }
}
