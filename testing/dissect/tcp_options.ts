/**
 * The options of a TCP header, each as often as it stands there.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import { MSS, optionLength, SACK, TIMESTAMPS, WINDOW_SCALE } from "../../protocols/tcp/options.ts";
import { HEADER_LENGTH } from "../../protocols/tcp/segment.ts";
import type { Frame } from "./frame.ts";

/** A number in an option. */
export interface OptionPart {
  /** The option's kind. */
  readonly kind: number;
  /** Bytes of the option, its kind and length among them; 0 when it may have any. */
  readonly length: number;
  /** Where the number lies in the option; after eight bytes there may be the next. */
  readonly offset: number;
  /** Bytes of it. */
  readonly size: 1 | 2 | 4;
}

/** The maximum segment size (RFC 9293, 3.7.1). */
export const MSS_VALUE: OptionPart = { kind: MSS, length: 4, offset: 2, size: 2 };
/** The window's scale (RFC 7323, 2.2). */
export const SHIFT: OptionPart = { kind: WINDOW_SCALE, length: 3, offset: 2, size: 1 };
/** The sender's timestamp (RFC 7323, 3.2). */
export const TIMESTAMP: OptionPart = { kind: TIMESTAMPS, length: 10, offset: 2, size: 4 };
/** The timestamp that is sent back. */
export const TIMESTAMP_ECHO: OptionPart = { kind: TIMESTAMPS, length: 10, offset: 6, size: 4 };
/** Where blocks begin that were received (RFC 2018, 3). */
export const LEFT_EDGE: OptionPart = { kind: SACK, length: 0, offset: 2, size: 4 };
/** Where they end. */
export const RIGHT_EDGE: OptionPart = { kind: SACK, length: 0, offset: 6, size: 4 };

/** Bytes of a block of {@linkcode SACK}; other options are shorter than two of them. */
const BLOCK = 8;

/**
 * Collects what options of one kind hold.
 *
 * @param frame The frame, which has a TCP header with options.
 * @param part Which part of which option.
 * @param into Takes the values.
 * @returns How many there are.
 */
export function optionList(frame: Frame, { kind, length, offset, size }: OptionPart, into: Float64Array): number {
  if ((kindsOf(frame) >> kind & 1) === 0) return 0;
  const { bytes, at: header, have } = frame.tcp;
  // Options that were cut are read as far as they go.
  const cut = header + have;
  const end = header + (bytes[header + 12]! >> 4 << 2);
  let count = 0;
  for (let at = header + HEADER_LENGTH, has = 0; at < cut; at += has) {
    if (at + 1 === cut && cut < end && bytes[at]! > 1) break;
    has = optionLength(bytes, at, end);
    if (has <= 0) break;
    if (bytes[at] !== kind || length > 0 && has !== length) continue;
    const until = Math.min(at + has, cut);
    for (let place = at + offset; place + size <= until && count < into.length; place += BLOCK) {
      into[count++] = size === 4
        ? getI32(bytes, place) >>> 0
        : size === 2
        ? bytes[place]! << 8 | bytes[place + 1]!
        : bytes[place]!;
    }
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
