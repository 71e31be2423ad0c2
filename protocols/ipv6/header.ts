/**
 * The IPv6 header (RFC 8200, 3): where its fields lie, in bytes from its start.
 *
 * ```text
 *    0                                   4                 6        7        8          24             40
 *    |ver| traffic class | flow label    | payload length  | next   | hop    | source   | destination  |
 *    |                                   |                 | header | limit  |          |              |
 * ```
 *
 * @module
 */

/** Bytes of the header. */
export const IPV6_HEADER = 40;
/** Bytes of the fragment header (RFC 8200, 4.5). */
export const FRAGMENT_HEADER = 8;
/** Bytes of the least MTU of a link (RFC 8200, 5). */
export const IPV6_LEAST_MTU = 1280;
/** Where the Next Header field lies. */
export const NEXT_HEADER = 6;

/** Next header: Hop-by-Hop Options. */
export const HOP_BY_HOP = 0;
/** Next header: Routing. */
export const ROUTING = 43;
/** Next header: Fragment. */
export const FRAGMENT = 44;
/** Next header: none follows. */
export const NO_NEXT_HEADER = 59;
/** Next header: Destination Options. */
export const DESTINATION_OPTIONS = 60;
