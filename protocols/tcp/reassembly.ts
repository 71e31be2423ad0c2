/**
 * The receive buffer: bytes in order, and out-of-order ones that wait for what is missing before them (SHLD-31).
 *
 * @module
 */

import { Ring } from "./buffers.ts";
import { OutOfOrder } from "./out_of_order.ts";
import { distance } from "./sequence.ts";

/** Ranges of out-of-order bytes that are kept at the same time. */
const MAX_RANGES = 64;

/** The receive buffer of a connection: a ring of the bytes in order, behind which lie those that are not. */
export class ReceiveBuffer extends Ring {
  #outOfOrder: OutOfOrder | null = null;

  /** What came out of order; made when it is needed first. */
  get outOfOrder(): OutOfOrder {
    return this.#outOfOrder ??= new OutOfOrder();
  }

  /** Bytes that fit behind the ones in order. */
  get space(): number {
    return this.limit - this.size;
  }

  /** Whether out-of-order bytes wait. */
  override get holds(): boolean {
    return this.#outOfOrder !== null && this.#outOfOrder.list.length > 0;
  }

  /**
   * Fills the blocks of a SACK option, `outOfOrder.blocks`.
   *
   * @param most Numbers that there is room for.
   * @returns Numbers in them, two for each block.
   */
  sacked(most: number): number {
    return this.#outOfOrder ? this.#outOfOrder.fill(most) : 0;
  }

  /**
   * Takes bytes in.
   *
   * @param next The sequence number of the next byte expected.
   * @param seq The sequence number of the first byte; with the rest within `space`.
   * @param bytes Where from.
   * @param start First byte.
   * @param end One past the last byte.
   * @returns Bytes by which the part in order grew.
   */
  take(next: number, seq: number, bytes: Uint8Array, start: number, end: number): number {
    const ordered = seq === next;
    let grown = end - start;
    if (!ordered || this.holds) {
      const { outOfOrder } = this;
      if (!outOfOrder.add(seq, seq + grown | 0, ordered ? Infinity : MAX_RANGES)) return 0;
      grown = 0;
      if (ordered) grown = distance(outOfOrder.list.splice(0, 2)[1]!, next);
    }
    this.put(this.size + distance(seq, next), bytes, start, end);
    this.size += grown;
    return grown;
  }

  /** Drops everything, and gives the storage back; a duplicate is still to be told of. */
  override clear(): void {
    if (this.#outOfOrder) this.#outOfOrder.list.length = 0;
    super.clear();
  }
}
