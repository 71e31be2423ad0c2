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
/** {@linkcode TIMESTAMP}'s flag: addresses are recorded beside the times. */
const WITH_ADDRESS = 1;
/** {@linkcode TIMESTAMP}'s flag: only the hosts named beforehand record their times. */
const PRESPECIFIED = 3;
/** Loose source and record route. */
const LSRR = 131;
/** Strict source and record route. */
const SSRR = 137;

/** Router alert (RFC 2113). */
const ROUTER_ALERT = 148;

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
 * @returns {@linkcode OPTIONS_SOUND}, {@linkcode OPTIONS_SOURCE_ROUTE}, or where in the header is what is malformed.
 */
export function walkOptions(bytes: Uint8Array, at: number, header: number): number {
  let verdict = OPTIONS_SOUND;
  let offset = 20;
  /** Options that stand in a header at most once, as bits. */
  let seen = 0;
  while (offset < header) {
    const type = bytes[at + offset]!;
    if (type === END) break;
    if (type === NOP) {
      offset++;
      continue;
    }
    const length = offset + 1 < header ? bytes[at + offset + 1]! : 0;
    if (length < 2 || offset + length > header) return offset;
    if (type === ROUTER_ALERT && length < 4) return offset + 1;
    const route = type === LSRR || type === SSRR;
    if (route || type === RECORD_ROUTE || type === TIMESTAMP) {
      const bit = route ? 1 : type === TIMESTAMP ? 2 : 4;
      if ((seen & bit) !== 0) return offset;
      seen |= bit;
      // The third byte says where the next entry goes: behind the option's own bytes, and whole, unless there is no room left.
      const least = type === TIMESTAMP ? 5 : 4;
      if (length < least - 1) return offset + 1;
      const pointer = bytes[at + offset + 2]!;
      const flags = type === TIMESTAMP ? bytes[at + offset + 3]! : 0;
      const full = pointer > length;
      const kind = flags & 15;
      const entry = kind === WITH_ADDRESS || kind === PRESPECIFIED ? 8 : 4;
      if (pointer < least || !full && pointer + entry - 1 > length) return offset + 2;
      // Nor may the count of those who found no room overflow; who was named beforehand is not counted.
      if (full && flags >> 4 === 15 && kind !== PRESPECIFIED) return offset + 3;
      if (route) verdict = OPTIONS_SOURCE_ROUTE;
    }
    offset += length;
  }
  return verdict;
}
