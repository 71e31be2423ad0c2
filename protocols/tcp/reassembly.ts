/**
 * The receive buffer: bytes in order, and out-of-order ones that wait for what is missing before them (SHLD-31).
 *
 * @module
 */

import type { BufferPool } from "./buffers.ts";
import { Ring } from "./buffers.ts";

/** Runs of out-of-order bytes that are kept at the same time. */
const MAX_RUNS = 64;

/** The receive buffer of a connection. */
export class ReceiveBuffer {
  readonly #ring: Ring;
  /** Out-of-order runs, as pairs of offsets from the end of the bytes in order: start, one past the end; ascending. */
  readonly runs: number[] = [];

  /**
   * Makes an empty buffer.
   *
   * @param pool Where storage comes from.
   * @param limit Bytes that it may hold.
   */
  constructor(pool: BufferPool, limit: number) {
    this.#ring = new Ring(pool, limit);
  }

  /** Bytes in order that can be read. */
  get readable(): number {
    return this.#ring.size;
  }

  /** Bytes that fit behind the ones in order. */
  get space(): number {
    return this.#ring.limit - this.#ring.size;
  }

  /** Whether out-of-order bytes wait. */
  get hasHoles(): boolean {
    return this.runs.length > 0;
  }

  /**
   * Finds an out-of-order run.
   *
   * @param offset How far a byte lies behind the bytes in order.
   * @returns Where the run that holds it stands in `runs`; -1 when none does.
   */
  runOf(offset: number): number {
    const { runs } = this;
    for (let i = 0; i < runs.length; i += 2) if (runs[i]! <= offset && offset < runs[i + 1]!) return i;
    return -1;
  }

  /**
   * Takes bytes in.
   *
   * @param offset How far they lie behind the bytes in order: 0 for the next ones expected.
   * @param bytes Where from.
   * @param start First byte.
   * @param end One past the last byte; with the offset within `space`.
   * @returns Bytes by which the part in order grew.
   */
  put(offset: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const { runs } = this;
    if (offset === 0 && runs.length === 0) {
      this.#ring.put(this.#ring.size, bytes, start, end);
      this.#ring.size += length;
      return length;
    }
    // Find the runs that it touches: they become one.
    let from = offset;
    let to = offset + length;
    let first = 0;
    while (first < runs.length && runs[first + 1]! < from) first += 2;
    let last = first;
    while (last < runs.length && runs[last]! <= to) {
      from = Math.min(from, runs[last]!);
      to = Math.max(to, runs[last + 1]!);
      last += 2;
    }
    if (offset > 0 && first === last && runs.length >= 2 * MAX_RUNS) return 0;
    this.#ring.put(this.#ring.size + offset, bytes, start, end);
    runs.splice(first, last - first, from, to);
    if (runs[0] !== 0) return 0;
    const grown = runs[1]!;
    runs.splice(0, 2);
    for (let i = 0; i < runs.length; i++) runs[i]! -= grown;
    this.#ring.size += grown;
    return grown;
  }

  /**
   * Copies bytes in order out, and lets go of them.
   *
   * @param target Where to.
   * @returns How many.
   */
  read(target: Uint8Array): number {
    const length = Math.min(target.length, this.#ring.size);
    this.#ring.get(0, target, 0, length);
    if (length > 0) this.consume(length);
    return length;
  }

  /** Shows the first run of bytes in order. */
  peek(): Uint8Array<ArrayBuffer> {
    return this.#ring.peek();
  }

  /**
   * Lets go of bytes in order.
   *
   * @param length How many, at most `readable`.
   */
  consume(length: number): void {
    this.#ring.drop(length, this.runs.length > 0);
  }

  /** Lets go of everything. */
  clear(): void {
    this.runs.length = 0;
    this.#ring.clear();
  }
}
