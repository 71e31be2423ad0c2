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
/** EtherType of a VLAN tag (IEEE 802.1Q); the tagged frame's own stands behind it. */
export const ETHERTYPE_VLAN = 0x8100;
/** Bytes of a VLAN tag. */
export const VLAN_TAG = 4;
/** The bits of a VLAN tag that number the VLAN. */
export const VLAN_ID = 0xfff;

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
