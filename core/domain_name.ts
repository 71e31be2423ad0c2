/**
 * Domain names on the wire (RFC 1035, 3.1 and 4.1.4), which DNS, DHCP (RFC 3397) and router advertisements (RFC 8106)
 * carry.
 *
 * In text a name has no dot at its end, the root is `""`, and octets that are no printable ASCII, or are dots or
 * backslashes within a label, are written `\DDD` (RFC 1035, 5.1), so that text and wire say the same.
 *
 * @module
 */

/** Bytes of the longest name on the wire (RFC 1035, 2.3.4). */
const LONGEST = 255;
/** Bytes of the longest label. */
const LONGEST_LABEL = 63;
/** The two bits that make a length a pointer. */
const POINTER = 0xc0;

/** A name that was read. */
export interface ReadName {
  /** The name, in text. */
  readonly name: string;
  /** One past its last byte where it stands. */
  readonly end: number;
}

/**
 * Reads a name. A pointer leads only to what stands before it, each further back than the last, so that reading ends.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @param base Where the message begins that pointers count from.
 * @returns The name; null when there is none.
 */
export function readName(bytes: Uint8Array, at: number, base: number = 0): ReadName | null {
  let name = "";
  let end = -1;
  let size = 1;
  let least = at;
  for (;;) {
    const length = bytes[at++];
    if (length === undefined) return null;
    if (length >= POINTER) {
      const low = bytes[at++];
      if (low === undefined) return null;
      if (end < 0) end = at;
      at = base + ((length & 63) << 8 | low);
      if (at >= least) return null;
      least = at;
    } else if (length === 0) {
      return { name, end: end < 0 ? at : end };
    } else {
      size += length + 1;
      if (length > LONGEST_LABEL || size > LONGEST || at + length > bytes.length) return null;
      if (name) name += ".";
      for (const stop = at + length; at < stop; at++) {
        const byte = bytes[at]!;
        name += byte > 32 && byte < 127 && byte !== 46 && byte !== 92
          ? String.fromCharCode(byte)
          : `\\${String(byte).padStart(3, "0")}`;
      }
    }
  }
}

/**
 * Writes a name, without pointers.
 *
 * @param name The name in text; letters beyond ASCII become UTF-8, and a dot at the end changes nothing. A backslash stands only
 * before three digits.
 * @returns Its bytes; null when a label is empty or longer than 63 bytes, or the name longer than 255.
 */
export function writeName(name: string): Uint8Array<ArrayBuffer> | null {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const bare = name.replace(/\.$/, "");
  for (const label of bare ? bare.split(".") : []) {
    let length = 0;
    const at = bytes.push(0) - 1;
    for (const [part, code] of label.matchAll(/\\(\d{3})|[^\\]+|\\/g)) {
      const octets = code ? [Number(code)] : encoder.encode(part);
      if (code! > "255" || part === "\\") return null;
      length += octets.length;
      bytes.push(...octets);
    }
    if (length === 0 || length > LONGEST_LABEL) return null;
    bytes[at] = length;
  }
  return bytes.push(0) > LONGEST ? null : Uint8Array.from(bytes);
}
