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
export function optionList(frame: Frame, part: OptionPart, into: Float64Array): number {
  const { bytes, have } = frame.tcp;
  const wanted = KINDS[part];
  if (have <= HEADER_LENGTH || (kindsOf(frame) >> wanted & 1) === 0) return 0;
  const { tcp } = frame;
  // Options that were cut are read as far as they go.
  const cut = tcp.at + have;
  const end = tcp.at + (bytes[tcp.at + 12]! >> 4 << 2);
  let count = 0;
  let length = 0;
  for (let at = tcp.at + HEADER_LENGTH; at < cut && count < into.length; at += length) {
    if (at + 1 === cut && cut < end && bytes[at]! > 1) break;
    length = optionLength(bytes, at, end);
    if (length <= 0) break;
    if (bytes[at] !== wanted) continue;
    if (wanted === SACK) {
      for (let edge = at + (part === "sack_le" ? 2 : 6); edge + 4 <= Math.min(at + length, cut); edge += 8) {
        if (count < into.length) into[count++] = getI32(bytes, edge) >>> 0;
      }
      continue;
    }
    const place = at + (part === "tsecr" ? 6 : 2);
    const size = wanted === MSS ? 2 : wanted === TIMESTAMPS ? 4 : 1;
    if (length !== SIZES[part] || place + size > cut) continue;
    into[count++] = size === 4
      ? getI32(bytes, place) >>> 0
      : size === 2
      ? bytes[place]! << 8 | bytes[place + 1]!
      : bytes[place]!;
  }
  return count;
}

/** The kinds below 32 of a header's options, a bit each: most headers have few of those that are asked for. */
function kindsOf(frame: Frame): number {
  if (frame.optionKinds !== 0) return frame.optionKinds;
  const { bytes, at: header, have } = frame.tcp;
  // One bit that says nothing stands for options of no kind.
  let kinds = 1;
  const end = header + have;
  for (let at = header + HEADER_LENGTH, length = 0; at < end; at += length) {
    length = optionLength(bytes, at, end);
    kinds |= bytes[at]! < 32 ? 1 << bytes[at]! : 0;
    if (length <= 0) break;
  }
  return frame.optionKinds = kinds;
}

const SIZES: Readonly<Record<OptionPart, number>> = { mss: 4, wscale: 3, tsval: 10, tsecr: 10, sack_le: 0, sack_re: 0 };
