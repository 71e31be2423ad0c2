/**
 * A keyed hash that nobody outside can compute: for initial sequence numbers (RFC 6528) and interface identifiers (RFC 7217).
 *
 * @module
 */

import type { Random } from "./random.ts";

/** A keyed pseudorandom function over text: HalfSipHash-2-4, whose 64-bit key nobody outside knows. */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;

  /**
   * Draws a key.
   *
   * @param random Where from.
   */
  constructor(random: Random) {
    this.#k0 = random();
    this.#k1 = random();
  }

  /**
   * Hashes a text.
   *
   * @param text Characters below 256.
   * @returns 32 bits, as an int32.
   */
  hash(text: string): number {
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    const rounds = (count: number): void => {
      while (count-- > 0) {
        v0 = v0 + v1 | 0;
        v1 = (v1 << 5 | v1 >>> 27) ^ v0;
        v0 = v0 << 16 | v0 >>> 16;
        v2 = v2 + v3 | 0;
        v3 = (v3 << 8 | v3 >>> 24) ^ v2;
        v0 = v0 + v3 | 0;
        v3 = (v3 << 7 | v3 >>> 25) ^ v0;
        v2 = v2 + v1 | 0;
        v1 = (v1 << 13 | v1 >>> 19) ^ v2;
        v2 = v2 << 16 | v2 >>> 16;
      }
    };
    const length = text.length;
    for (let i = 0; i <= length; i += 4) {
      let word = length - i < 4 ? length << 24 : 0;
      for (let j = 0; j < 4 && i + j < length; j++) word |= text.charCodeAt(i + j) << 8 * j;
      v3 ^= word;
      rounds(2);
      v0 ^= word;
    }
    v2 ^= 0xff;
    rounds(4);
    return v1 ^ v3;
  }
}
