/**
 * Ranges of sequence numbers: what came out of order at a receiver, and what a sender was told of by SACK.
 *
 * @module
 */

import { before, later } from "./sequence.ts";

/** Ranges of sequence numbers, apart from each other and ascending. */
export class Ranges {
  /** Pairs: the first of a range, one past its last. */
  readonly list: number[] = [];

  /**
   * Adds a range; what it touches becomes one with it.
   *
   * @param from Its first sequence number.
   * @param to One past its last.
   * @param most Ranges that there may be.
   * @returns Whether any of it is new, and was taken.
   */
  add(from: number, to: number, most: number): boolean {
    const { list } = this;
    let first = 0;
    while (first < list.length && before(list[first + 1]!, from)) first += 2;
    let last = first;
    for (; last < list.length && !before(to, list[last]!); last += 2) {
      if (!before(from, list[last]!)) {
        from = list[last]!;
        if (!before(list[last + 1]!, to)) return false;
      }
      to = later(to, list[last + 1]!);
    }
    if (first === last && list.length >= 2 * most) return false;
    list.splice(first, last - first, from, to);
    return true;
  }

  /**
   * Lets go of what lies before a sequence number.
   *
   * @param from The sequence number.
   */
  trim(from: number): void {
    const { list } = this;
    while (list.length > 0 && before(list[0]!, from)) {
      if (before(from, list[1]!)) list[0] = from;
      else list.splice(0, 2);
    }
  }

  /**
   * Finds the range that holds a sequence number.
   *
   * @param seq The sequence number.
   * @returns Where its pair stands in `list`; -1 when none holds it.
   */
  find(seq: number): number {
    const { list } = this;
    for (let i = 0; i < list.length && !before(seq, list[i]!); i += 2) if (before(seq, list[i + 1]!)) return i;
    return -1;
  }
}
