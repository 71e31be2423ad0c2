/**
 * What came out of order, and how it is acknowledged selectively: the blocks of a SACK option, the most recent first
 * (RFC 2018, 4), and a duplicate before them (RFC 2883).
 *
 * @module
 */

import { Ranges } from "./ranges.ts";
import { earlier } from "./sequence.ts";

/** Blocks that fit in the option; beside timestamps one less. */
const MAX_BLOCKS = 4;

/** Bytes received behind ones that are missing. */
export class OutOfOrder extends Ranges {
  /** Blocks to tell: pairs of sequence numbers. */
  readonly blocks: number[] = [];
  /** First sequence numbers of the segments that came out of order, the last one first. */
  readonly #recent: number[] = [];
  #duplicate: boolean = false;

  /**
   * A segment came out of order; what of it was there before is a duplicate.
   *
   * @param seq Its first sequence number.
   * @param end One past its last.
   */
  note(seq: number, end: number): void {
    const at = this.find(seq);
    if (at >= 0) this.noteDuplicate(seq, earlier(end, this.list[at + 1]!));
    if (this.#recent.unshift(seq) > 2 * MAX_BLOCKS) this.#recent.pop();
  }

  /**
   * Data came a second time; told once.
   *
   * @param from Its first sequence number.
   * @param to One past its last.
   */
  noteDuplicate(from: number, to: number): void {
    this.#duplicate = true;
    this.blocks[0] = from;
    this.blocks[1] = to;
  }

  /**
   * Fills `blocks`.
   *
   * @param most Numbers that there is room for.
   * @returns Numbers in `blocks`, two for each; 0 when there is nothing to tell.
   */
  fill(most: number): number {
    const { blocks, list } = this;
    let count = this.#duplicate && most > 0 ? 2 : 0;
    const first = count;
    if (most > 0) this.#duplicate = false;
    if (list.length === 0) this.#recent.length = 0;
    next: for (const seq of this.#recent) {
      const at = this.find(seq);
      if (count >= most) break;
      if (at < 0) continue;
      for (let i = first; i < count; i += 2) if (blocks[i] === list[at]) continue next;
      blocks[count++] = list[at]!;
      blocks[count++] = list[at + 1]!;
    }
    return count;
  }
}
