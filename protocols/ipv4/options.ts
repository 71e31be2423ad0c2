/**
 * The options of a received header (RFC 791, 3.1; RFC 1122, 3.2.1.8): walked, never acted on.
 *
 * @module
 */

/** End of the list. */
const END = 0;
/** No operation. */
const NOP = 1;
/** Record route. */
const RECORD_ROUTE = 7;
/** Timestamp. */
const TIMESTAMP = 68;
/** Loose source and record route. */
const LSRR = 131;
/** Strict source and record route. */
const SSRR = 137;

/** {@linkcode walkOptions}: all is well. */
export const OPTIONS_SOUND = 0;
/** {@linkcode walkOptions}: a router path is asked for, which no host today may follow (RFC 7126, 4.3 and 4.4). */
export const OPTIONS_SOURCE_ROUTE = -1;

/**
 * Walks the options.
 *
 * @param bytes Where the header lies.
 * @param at Its first byte.
 * @param header Its length in bytes, options included.
 * @returns {@linkcode OPTIONS_SOUND}, {@linkcode OPTIONS_SOURCE_ROUTE}, or where in the header a malformed one lies.
 */
export function walkOptions(bytes: Uint8Array, at: number, header: number): number {
  let offset = 20;
  while (offset < header) {
    const type = bytes[at + offset]!;
    if (type === END) break;
    if (type === NOP) {
      offset++;
      continue;
    }
    const length = offset + 1 < header ? bytes[at + offset + 1]! : 0;
    if (length < 2 || offset + length > header) return offset;
    if (type === LSRR || type === SSRR) return OPTIONS_SOURCE_ROUTE;
    if (type === RECORD_ROUTE || type === TIMESTAMP) {
      // The third byte says where the next entry goes: behind the option's own bytes, and whole, unless there is no room left.
      const least = type === TIMESTAMP ? 5 : 4;
      if (length < least - 1) return offset + 1;
      const pointer = bytes[at + offset + 2]!;
      const entry = type === TIMESTAMP && (bytes[at + offset + 3]! & 15) !== 0 ? 8 : 4;
      if (pointer < least || pointer <= length && pointer + entry - 1 > length) return offset + 2;
    }
    offset += length;
  }
  return OPTIONS_SOUND;
}
