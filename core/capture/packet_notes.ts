/**
 * What a capture file says of a packet beside its bytes: comments, and which way it went.
 *
 * @module
 */

import type { CaptureReader } from "./capture_reader.ts";
import { findOption, OptionWalk } from "./pcapng_options.ts";
import { PcapngFormat } from "./pcapng_format.ts";

const COMMENT = 1;
const FLAGS = 2;
const DROPS = 4;

/**
 * Reads the comments about the packet that a reader is at.
 *
 * @param reader The reader.
 * @returns The comments, in order.
 */
export function commentsOf(reader: CaptureReader): string[] {
  const { format, view } = reader;
  const comments: string[] = [];
  if (!(format instanceof PcapngFormat) || reader.options >= reader.optionsEnd) return comments;
  const walk = new OptionWalk(view, reader.options, reader.optionsEnd, format.little);
  while (walk.next()) {
    if (walk.code !== COMMENT) continue;
    comments.push(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + walk.at, walk.length)));
  }
  return comments;
}

/**
 * Tells which way the packet went that a reader is at.
 *
 * @param reader The reader.
 * @returns The way; null when the file does not tell.
 */
export function directionOf(reader: CaptureReader): "in" | "out" | null {
  const { format, view, options, optionsEnd } = reader;
  if (!(format instanceof PcapngFormat)) return null;
  const at = findOption(view, options, optionsEnd, format.little, FLAGS, 4);
  const way = at < 0 ? 0 : view.getUint32(at, format.little) & 3;
  return way === 1 ? "in" : way === 2 ? "out" : null;
}

/**
 * Tells how many packets were dropped between the packet that a reader is at and the one before it.
 *
 * @param reader The reader.
 * @returns How many; 0 when the file does not tell.
 */
export function dropsOf(reader: CaptureReader): number {
  const { format, view, options, optionsEnd } = reader;
  if (!(format instanceof PcapngFormat)) return 0;
  const at = findOption(view, options, optionsEnd, format.little, DROPS, 8);
  return at < 0 ? 0 : Number(view.getBigUint64(at, format.little));
}
