/**
 * TCP options (RFC 9293, 3.2; RFC 7323; RFC 2018).
 *
 * @module
 */

import { getI32, type Packet, setI32 } from "../../core/packet.ts";
import type { Segment } from "./segment.ts";

const END = 0;
const NOP = 1;
/** Kind: the largest segment that the sender takes. */
export const MSS = 2;
/** Kind: the shift of the sender's windows. */
export const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
/** Kind: blocks that are acknowledged selectively. */
export const SACK = 5;
/** Kind: the clocks of both sides. */
export const TIMESTAMPS = 8;

/** The largest shift of a window (RFC 7323, 2.3). */
export const MAX_SHIFT = 14;

/**
 * Tells how long an option is.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @param end One past the last byte of all options.
 * @returns Its bytes; 0 when it ends the list, negative when it is malformed, which ends the list too (MUST-7).
 */
export function optionLength(bytes: Uint8Array, at: number, end: number): number {
  const kind = bytes[at]!;
  if (kind === NOP) return 1;
  if (kind === END) return 0;
  const length = at + 1 < end ? bytes[at + 1]! : 0;
  return length < 2 || at + length > end ? -1 : length;
}

/**
 * Reads the options of a segment; what is unknown is skipped (MUST-6), what is malformed ends the reading (MUST-7).
 *
 * @param bytes Where they are.
 * @param at The first byte of the options.
 * @param end One past the last byte of the options.
 * @param segment Takes what was read.
 */
export function readOptions(bytes: Uint8Array, at: number, end: number, segment: Segment): void {
  while (at < end) {
    const kind = bytes[at]!;
    const length = optionLength(bytes, at, end);
    if (length <= 0) return;
    if (kind === TIMESTAMPS && length === 10) {
      segment.hasTimestamps = true;
      segment.tsVal = getI32(bytes, at + 2);
      segment.tsEcr = getI32(bytes, at + 6);
    } else if (kind === MSS && length === 4) {
      segment.mss = bytes[at + 2]! << 8 | bytes[at + 3]!;
    } else if (kind === WINDOW_SCALE && length === 3) {
      segment.windowScale = Math.min(bytes[at + 2]!, MAX_SHIFT);
    } else if (kind === SACK_PERMITTED && length === 2) {
      segment.sackPermitted = true;
    } else if (kind === SACK && length % 8 === 2) {
      const count = segment.sackCount = length >> 3;
      for (let i = 0; i < 2 * count; i++) segment.sack[i] = getI32(bytes, at + 2 + 4 * i);
    }
    at += length;
  }
}

/** Puts four bytes in front of what a packet holds. */
function push(packet: Packet, word: number): void {
  setI32(packet.bytes, packet.push(4), word);
}

/**
 * Puts the timestamps option in front of what a packet holds.
 *
 * @param packet The packet.
 * @param tsVal Our clock.
 * @param tsEcr The peer's clock, as it was heard.
 * @param before The two bytes that align it: no-operations, as RFC 7323, appendix A has it, when left out.
 */
export function pushTimestamps(packet: Packet, tsVal: number, tsEcr: number, before: number = NOP << 8 | NOP): void {
  push(packet, tsEcr);
  push(packet, tsVal);
  push(packet, before << 16 | TIMESTAMPS << 8 | 10);
}

/**
 * Puts the options of a SYN in front of what a packet holds: they look as Linux's do.
 *
 * @param packet The packet.
 * @param mss The largest segment that we take (MUST-67).
 * @param windowScale The shift of our windows; -1 to leave the option out.
 * @param sack Whether selective acknowledgements are permitted.
 * @param timestamps Whether timestamps are used.
 * @param tsVal Our clock.
 * @param tsEcr The peer's clock, as it was heard.
 */
export function pushSynOptions(
  packet: Packet,
  mss: number,
  windowScale: number,
  sack: boolean,
  timestamps: boolean,
  tsVal: number,
  tsEcr: number,
): void {
  const permitted = sack ? SACK_PERMITTED << 8 | 2 : undefined;
  if (windowScale >= 0) push(packet, NOP << 24 | WINDOW_SCALE << 16 | 3 << 8 | windowScale);
  if (timestamps) pushTimestamps(packet, tsVal, tsEcr, permitted);
  else if (permitted) push(packet, NOP << 24 | NOP << 16 | permitted);
  push(packet, MSS << 24 | 4 << 16 | mss);
}

/**
 * Puts a SACK option in front of what a packet holds, behind the no-operations that align it.
 *
 * @param packet The packet.
 * @param blocks Pairs of sequence numbers: the first of a block, one past its last.
 * @param count Numbers to write, two for each block; nothing is written for 0.
 */
export function pushSack(packet: Packet, blocks: ArrayLike<number>, count: number): void {
  for (let i = count; i > 0;) push(packet, blocks[--i]!);
  if (count > 0) push(packet, NOP << 24 | NOP << 16 | SACK << 8 | 2 + 4 * count);
}
