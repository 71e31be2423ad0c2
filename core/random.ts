/**
 * Randomness, passed in so that one seed repeats a run.
 *
 * @module
 */

/** Gives the next random 32 bits, as an int32. */
export type Random = () => number;

/**
 * The host's cryptographic randomness, drawn in blocks.
 *
 * @returns A source that nobody can predict (RFC 9293, MUST-9; RFC 6056; RFC 5452).
 */
export function hostRandom(): Random {
  const block = new Int32Array(256);
  let at = block.length;
  return () => {
    if (at === block.length) {
      crypto.getRandomValues(block);
      at = 0;
    }
    return block[at++]!;
  };
}

/**
 * Repeatable randomness (xoshiro128**, seeded by splitmix32), for tests and replays only: whoever sees some of it can
 * predict the rest.
 *
 * @param seed Any number; the same seed gives the same sequence.
 * @returns The source.
 */
export function seededRandom(seed: number): Random {
  let mix = seed | 0;
  const next = (): number => {
    mix = mix + 0x9e3779b9 | 0;
    let z = mix ^ mix >>> 16;
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ z >>> 15;
  };
  let a = next(), b = next(), c = next(), d = next() | 1;
  return () => {
    const five = Math.imul(b, 5);
    const result = Math.imul(five << 7 | five >>> 25, 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = d << 11 | d >>> 21;
    return result | 0;
  };
}

/**
 * Draws a fraction.
 *
 * @param random The source.
 * @returns A number from 0 up to, but not including, 1.
 */
export function fraction(random: Random): number {
  return (random() >>> 0) / 0x100000000;
}
