/**
 * What we acknowledge selectively: the blocks of a SACK option, the most recent first (RFC 2018, 4), and a duplicate before
 * them (RFC 2883).
 *
 * @module
 */

import type { ReceiveBuffer } from "./reassembly.ts";
import { distance } from "./sequence.ts";

/** Blocks that fit in the option; beside timestamps one less. */
const MAX_BLOCKS = 4;

/** Remembers which out-of-order data came last. */
export class SackReport {
  /** Blocks to tell: pairs of sequence numbers. */
  readonly blocks: Int32Array<ArrayBuffer> = new Int32Array(2 * MAX_BLOCKS);
  /** First sequence numbers of the segments that came out of order, the last one first. */
  readonly #recent: number[] = [];
  #duplicate: boolean = false;

  /**
   * A segment came out of order.
   *
   * @param seq Its first sequence number.
   */
  note(seq: number): void {
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
   * @param buffer The receive buffer.
   * @param rcvNxt RCV.NXT.
   * @param most Numbers that there is room for.
   * @returns Numbers in `blocks`, two for each; 0 when there is nothing to tell.
   */
  fill(buffer: ReceiveBuffer, rcvNxt: number, most: number): number {
    const { blocks } = this;
    let count = this.#duplicate ? 2 : 0;
    const first = count;
    this.#duplicate = false;
    if (!buffer.hasHoles) {
      this.#recent.length = 0;
      return count;
    }
    for (const seq of this.#recent) {
      if (count === most) break;
      const run = buffer.runOf(distance(seq, rcvNxt));
      if (run < 0) continue;
      const from = rcvNxt + buffer.runs[run]! | 0;
      let told = false;
      for (let i = first; i < count; i += 2) if (blocks[i] === from) told = true;
      if (told) continue;
      blocks[count++] = from;
      blocks[count++] = rcvNxt + buffer.runs[run + 1]! | 0;
    }
    return count;
  }
}
