/**
 * The options of an echo that its reply bears too, with us recorded in them (RFC 1122, 3.2.2.6).
 *
 * @module
 */

import { getI32, setI32 } from "../../core/packet.ts";

/** Record Route. */
const RECORD_ROUTE = 7;
/** Internet Timestamp. */
const TIMESTAMP = 68;
/** {@linkcode TIMESTAMP}'s flag: addresses are recorded beside the times. */
const WITH_ADDRESS = 1;
/** {@linkcode TIMESTAMP}'s flag: only the hosts named beforehand record theirs. */
const PRESPECIFIED = 3;

/**
 * Copies the options of a received header that record the way.
 *
 * @param bytes Where the header lies; its options were walked and are sound.
 * @param at Its first byte.
 * @param header Its length in bytes.
 * @param own Our address, to which the packet was sent.
 * @param time Milliseconds since midnight UT.
 * @returns The options of the reply, a multiple of four bytes; undefined when there are none.
 */
export function echoOptions(
  bytes: Uint8Array,
  at: number,
  header: number,
  own: number,
  time: number,
): Uint8Array | undefined {
  const options = new Uint8Array(40);
  let size = 0;
  for (let offset = at + 20; offset < at + header && bytes[offset] !== 0;) {
    const type = bytes[offset]!;
    const length = type === 1 ? 1 : bytes[offset + 1]!;
    if (type === RECORD_ROUTE || type === TIMESTAMP) {
      options.set(bytes.subarray(offset, offset + length), size);
      record(options, size, length, own, time);
      size += length;
    }
    offset += length;
  }
  return size > 0 ? options.subarray(0, size + 3 & ~3) : undefined;
}

/** Records us in one option, where there is room. */
function record(options: Uint8Array, at: number, length: number, own: number, time: number): void {
  const pointer = options[at + 2]!;
  const slot = at + pointer - 1;
  const flag = options[at] === RECORD_ROUTE ? -1 : options[at + 3]! & 15;
  const size = flag === WITH_ADDRESS || flag === PRESPECIFIED ? 8 : 4;
  if (pointer < (flag < 0 ? 4 : 5)) return;
  if (pointer - 1 + size > length) {
    // The high half of the byte counts the hosts that found no room.
    if (flag >= 0 && options[at + 3]! < 0xf0) options[at + 3]! += 16;
    return;
  }
  // Another flag has no meaning.
  if (flag > 0 && size === 4 || flag === PRESPECIFIED && getI32(options, slot) !== own) return;
  if (flag !== 0) setI32(options, slot, own);
  if (flag >= 0) setI32(options, slot + size - 4, time);
  options[at + 2] = pointer + size;
}
