/**
 * The options of a TCP header, each as often as it stands there.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import { MSS, optionLength, SACK, TIMESTAMPS, WINDOW_SCALE } from "../../protocols/tcp/options.ts";
import { HEADER_LENGTH } from "../../protocols/tcp/segment.ts";
import type { Frame } from "./frame.ts";

/** What an option holds. */
export type OptionPart = "mss" | "wscale" | "tsval" | "tsecr" | "sack_le" | "sack_re";

const KINDS: Readonly<Record<OptionPart, number>> = {
  mss: MSS,
  wscale: WINDOW_SCALE,
  tsval: TIMESTAMPS,
  tsecr: TIMESTAMPS,
  sack_le: SACK,
  sack_re: SACK,
};

/**
 * Collects what options of one kind hold.
 *
 * @param frame The frame, which has a TCP header.
 * @param part Which part of which option.
 * @param into Takes the values.
 * @returns How many there are.
 */
export function optionList({ tcp }: Frame, part: OptionPart, into: Float64Array): number {
  const { bytes, have } = tcp;
  if (have <= HEADER_LENGTH) return 0;
  const wanted = KINDS[part];
  const end = tcp.at + have;
  let count = 0;
  let length = 0;
  for (let at = tcp.at + HEADER_LENGTH; at < end && count < into.length; at += length) {
    length = optionLength(bytes, at, end);
    if (length <= 0) break;
    if (bytes[at] !== wanted) continue;
    if (part === "mss" && length === 4) into[count++] = bytes[at + 2]! << 8 | bytes[at + 3]!;
    else if (part === "wscale" && length === 3) into[count++] = bytes[at + 2]!;
    else if (part === "tsval" && length === 10) into[count++] = getI32(bytes, at + 2) >>> 0;
    else if (part === "tsecr" && length === 10) into[count++] = getI32(bytes, at + 6) >>> 0;
    else if (wanted === SACK) {
      for (let edge = at + (part === "sack_le" ? 2 : 6); edge + 4 <= at + length && count < into.length; edge += 8) {
        into[count++] = getI32(bytes, edge) >>> 0;
      }
    }
  }
  return count;
}
