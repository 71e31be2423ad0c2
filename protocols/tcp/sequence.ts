/**
 * Sequence numbers: 32 bits, compared modulo 2^32 (RFC 9293, 3.4). They are int32s everywhere.
 *
 * @module
 */

/**
 * How far one sequence number lies after another.
 *
 * @param a One sequence number.
 * @param b The other.
 * @returns `a - b`, from -2^31 to 2^31 - 1; negative when `a` comes first.
 */
export function distance(a: number, b: number): number {
  return a - b | 0;
}

/**
 * Whether a sequence number comes before another.
 *
 * @param a One sequence number.
 * @param b The other.
 * @returns Whether `a < b`.
 */
export function before(a: number, b: number): boolean {
  return (a - b | 0) < 0;
}

/**
 * The later of two sequence numbers.
 *
 * @param a One sequence number.
 * @param b The other.
 * @returns The later one.
 */
export function later(a: number, b: number): number {
  return (a - b | 0) < 0 ? b : a;
}

/**
 * The earlier of two sequence numbers.
 *
 * @param a One sequence number.
 * @param b The other.
 * @returns The earlier one.
 */
export function earlier(a: number, b: number): number {
  return (a - b | 0) < 0 ? a : b;
}
