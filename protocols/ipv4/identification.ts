/**
 * The Identification field (RFC 6864): unique for every datagram that may be fragmented, and hard to guess.
 *
 * @module
 */

/** Counters; destinations share one when they collide. */
const BUCKETS = 256;

/** A counter for every group of destinations, each from a random start, so that none tells how much is sent elsewhere. */
export class Identifications {
  readonly #next: Uint16Array = new Uint16Array(BUCKETS);
  readonly #secret: number;

  /**
   * Starts the counters.
   *
   * @param random Random 32 bits.
   */
  constructor(random: () => number) {
    this.#secret = random() | 1;
    for (let i = 0; i < BUCKETS; i++) this.#next[i] = random();
  }

  /**
   * Finds the counter of a destination.
   *
   * @param destination The destination, as an int32.
   * @returns Its counter.
   */
  bucket(destination: number): number {
    return Math.imul(destination ^ destination >>> 15, this.#secret) >>> 24;
  }

  /**
   * Counts on.
   *
   * @param bucket The counter.
   * @returns The identification, 0 to 65,535.
   */
  next(bucket: number): number {
    return this.#next[bucket]!++;
  }
}
