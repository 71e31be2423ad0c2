/**
 * Messages of IGMP (RFC 3376, 4; RFC 2236, 2).
 *
 * ```text
 *    0     1     2           4
 *    |type |code | checksum  | group, or number of records | records …
 *    record: | kind | 0 | number of sources | group | sources …
 * ```
 *
 * @module
 */

import type { Packet } from "../../core/packet.ts";

/** Type: Membership Query. */
export const QUERY = 0x11;
/** Type: Membership Report, version 1. */
export const REPORT_V1 = 0x12;
/** Type: Membership Report, version 2. */
export const REPORT_V2 = 0x16;
/** Type: Leave Group, version 2. */
export const LEAVE = 0x17;
/** Type: Membership Report, version 3. */
export const REPORT_V3 = 0x22;
/** Kind of a record: the group is wanted from these sources (MODE_IS_INCLUDE). */
export const IS_INCLUDE = 1;
/** Kind of a record: it is wanted from all sources but these (MODE_IS_EXCLUDE). */
export const IS_EXCLUDE = 2;
/** Kind of a record: it is wanted no more (CHANGE_TO_INCLUDE_MODE). */
export const TO_INCLUDE = 3;
/** Kind of a record: it is wanted now (CHANGE_TO_EXCLUDE_MODE). */
export const TO_EXCLUDE = 4;
/** Bytes of a report of version 3 before its records, of a record before its sources, and of an old message. */
export const HEADER = 8;
/** The option of IP that asks routers to look at a packet (RFC 2113). */
export const ROUTER_ALERT = 148;

/**
 * Reads a number of eight bits, from 128 on a floating-point one (RFC 3376, 4.1.1).
 *
 * @param code The number.
 * @returns What it stands for.
 */
export function decode(code: number): number {
  return code < 128 ? code : (code & 15 | 16) << (code >> 4 & 7) + 3;
}

/**
 * Whether a packet asks routers to look at it (RFC 2113); its options are sound.
 *
 * @param packet The packet, its window at the message.
 * @returns Whether it does.
 */
export function hasRouterAlert({ bytes, network, start }: Packet): boolean {
  for (let at = network + 20; at < start && bytes[at] !== 0; at += bytes[at] === 1 ? 1 : bytes[at + 1]!) {
    if (bytes[at] === ROUTER_ALERT) return true;
  }
  return false;
}
