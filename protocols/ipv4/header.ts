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

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import type { Packet } from "../../core/packet.ts";

/** Bytes of a header without options. */
export const IPV4_HEADER = 20;
/** Don't Fragment, in the 16 bits at byte 6. */
export const DONT_FRAGMENT = 0x4000;
/** More Fragments, in the same bits. */
export const MORE_FRAGMENTS = 0x2000;
/** The fragment offset in the same bits, in units of 8 bytes. */
export const FRAGMENT_OFFSET = 0x1fff;

/**
 * Bytes of a header, options included.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @returns What it says, 0 to 60; fewer than {@linkcode IPV4_HEADER} are wrong.
 */
export function headerLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 15) << 2;
}

/**
 * Bytes of a packet, header included.
 *
 * @param bytes Where its header lies.
 * @param at The header's first byte.
 * @returns What it says, 0 to 65,535.
 */
export function totalLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/**
 * The 16 bits that say which fragment of a datagram a packet is.
 *
 * @param bytes Where its header lies.
 * @param at The header's first byte.
 * @returns {@linkcode DONT_FRAGMENT}, {@linkcode MORE_FRAGMENTS} and {@linkcode FRAGMENT_OFFSET}.
 */
export function fragmentBits(bytes: Uint8Array, at: number): number {
  return bytes[at + 6]! << 8 | bytes[at + 7]!;
}

/**
 * Writes the checksum of a header whose fields were written or changed.
 *
 * @param packet The packet, its window at the header.
 * @param header Bytes of the header.
 */
export function writeChecksum(packet: Packet, header: number): void {
  const at = packet.start;
  packet.setU16(10, 0);
  packet.setU16(10, foldChecksum(sumPacket(packet, at, at + header)));
}

/** Where the total length lies. */
export const TOTAL_LENGTH = 2;
/** Where the flags and the fragment offset lie. */
export const FRAGMENTATION = 6;
/** Where the Identification lies. */
export const IDENTIFICATION = 4;
/** Where the time to live lies. */
export const TIME_TO_LIVE = 8;
/** Where the protocol's number lies. */
export const PROTOCOL = 9;
/** Where the source address lies. */
export const SOURCE = 12;
/** Where the destination address lies. */
export const DESTINATION = 16;
