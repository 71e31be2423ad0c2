/**
 * What the peer has acknowledged selectively (RFC 2018), and what that says of the rest (RFC 6675, RFC 9937).
 *
 * @module
 */

import { Ranges } from "./ranges.ts";
import { before, distance, earlier, later } from "./sequence.ts";

/** Segments acknowledged above a hole that mean that it is lost (DupThresh). */
const THRESHOLD = 3;
/** Ranges that are remembered; a peer that reports more is believed in part. */
const MAX_RANGES = 128;

/** The scoreboard of a sender: which bytes between SND.UNA and SND.MAX have arrived. */
export class Scoreboard extends Ranges {
  /** One past the last byte sent again in this recovery (HighRxt). */
  retransmitted: number = 0;
  /** Bytes sent in this recovery (prr_out). */
  sent: number = 0;
  /** Bytes that were in flight when it began (RecoverFS). */
  #flight: number = Infinity;
  /** What `#arrived` said before the acknowledgement that began it. */
  #base: number = 0;

  /**
   * Makes an empty one.
   *
   * @param mark SND.MAX when SND.UNA was sent again last, or now: what arrives from there on was sent after it.
   */
  constructor(public mark: number) {
    super();
  }

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
    let news = false;
    for (let i = 0; i < 2 * count; i += 2) {
      const from = later(blocks[i]!, una);
      const to = blocks[i + 1]!;
      // What was never sent cannot have arrived; what lies below SND.UNA is a duplicate that the peer reports (RFC 2883).
      if (before(from, to) && !before(max, to) && this.add(from, to, MAX_RANGES)) news = true;
    }
    return news;
  }

  /**
   * A recovery begins.
   *
   * @param una SND.UNA.
   * @param flight Bytes in flight.
   * @param mss Bytes of a full segment.
   */
  begin(una: number, flight: number, mss: number): void {
    this.sent = 0;
    this.#flight = flight;
    this.#base = this.#arrived(una) - mss | 0;
  }

  /**
   * Bytes to send for what has arrived in this recovery, in proportion to the window (RFC 9937, 6.2): whole segments.
   *
   * @param una SND.UNA.
   * @param window The congestion window.
   * @param mss Bytes of a full segment.
   * @returns How many; not above 0 when as many were sent.
   */
  due(una: number, window: number, mss: number): number {
    const delivered = distance(this.#arrived(una), this.#base);
    return Math.ceil(delivered * window / this.#flight / mss) * mss - this.sent;
  }

  /** SND.UNA and the bytes above it that have arrived, in one number that grows with both. */
  #arrived(una: number): number {
    const edge = this.list.at(-1) ?? una;
    return edge - this.missing(una, edge) | 0;
  }

  /**
   * The end of what is known to be lost: everything below that has not arrived.
   *
   * @param una SND.UNA.
   * @param mss Bytes of a full segment.
   * @returns A sequence number; SND.UNA when nothing is known to be lost.
   */
  lostBelow(una: number, mss: number): number {
    const { list } = this;
    let above = 0;
    for (let i = list.length - 2, count = 1; i >= 0; i -= 2, count++) {
      above += distance(list[i + 1]!, list[i]!);
      if (above > (THRESHOLD - 1) * mss || count >= THRESHOLD) return list[i]!;
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
    const end = this.list.at(-1) ?? this.mark;
    return distance(end, this.mark) - this.missing(this.mark, end) > (THRESHOLD - 1) * mss;
  }

  /**
   * Finds the first hole.
   *
   * @param from Where to begin.
   * @returns The first sequence number from there on that has not arrived.
   */
  hole(from: number): number {
    const at = this.find(from);
    return at < 0 ? from : this.list[at + 1]!;
  }

  /**
   * Finds the end of a hole.
   *
   * @param from A sequence number that has not arrived.
   * @param limit The end where nothing behind it has arrived.
   * @returns The next sequence number that has arrived, or the limit.
   */
  holeEnd(from: number, limit: number): number {
    const { list } = this;
    for (let i = 0; i < list.length; i += 2) if (before(from, list[i]!)) return earlier(list[i]!, limit);
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
    const { list } = this;
    for (let i = 0; i < list.length && before(list[i]!, to); i += 2) {
      bytes -= Math.max(distance(earlier(list[i + 1]!, to), later(list[i]!, from)), 0);
    }
    return bytes;
  }
}
