/**
 * The IPv4 header (RFC 791, 3.1): where its fields lie, in bytes from its start.
 *
 * ```text
 *    0        1        2                 4                 6                 8        9        10
 *    |ver|IHL | TOS    | total length    | identification  |  DF MF offset   | TTL    |protocol| checksum
 *    12                                  16                                  20
 *    | source                            | destination                       | options …
 * ```
 *
 * @module
 */

/** Bytes of a header without options. */
export const IPV4_HEADER = 20;
/** Don't Fragment, in the 16 bits at byte 6. */
export const DONT_FRAGMENT = 0x4000;
/** More Fragments, in the same bits. */
export const MORE_FRAGMENTS = 0x2000;
/** The fragment offset in the same bits, in units of 8 bytes. */
export const FRAGMENT_OFFSET = 0x1fff;
