/**
 * The UDP header (RFC 768): where its fields lie, in bytes from its start.
 *
 * ```text
 *    0             2             4             6             8
 *    | source port | destination | length      | checksum    | data …
 * ```
 *
 * @module
 */

/** Bytes of the header. */
export const UDP_HEADER = 8;

/**
 * Bytes of a datagram, header included.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @returns What it says, 0 to 65,535; fewer than {@linkcode UDP_HEADER} are wrong.
 */
export function datagramLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 4]! << 8 | bytes[at + 5]!;
}

/**
 * Whether a datagram carries no checksum.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 */
export function isUnchecked(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 6]! | bytes[at + 7]!) === 0;
}
