/**
 * The Ethernet II header: where its fields lie, in bytes from its start.
 *
 * ```text
 *    0             6             12     14
 *    | destination | source      | type | payload …
 * ```
 *
 * @module
 */

/** Bytes of the header. */
export const ETHERNET_HEADER = 14;
/** The least EtherType; smaller numbers are lengths of IEEE 802.3 frames (RFC 894; RFC 1122, 2.3.3). */
export const ETHERTYPE_LEAST = 0x600;

/**
 * The EtherType of a frame.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @returns The type, or a length below {@linkcode ETHERTYPE_LEAST}.
 */
export function etherType(bytes: Uint8Array, at: number): number {
  return bytes[at + 12]! << 8 | bytes[at + 13]!;
}
