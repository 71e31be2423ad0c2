/**
 * What the reader of capture files asks of each format.
 *
 * @module
 */

import type { CaptureError } from "./capture_error.ts";
import type { CaptureReader } from "./capture_reader.ts";

/** What a format found: a packet. */
export const FOUND = 1;
/** What a format found: nothing until there are more bytes. */
export const INCOMPLETE = 0;
/** What a format found: damage, which {@linkcode CaptureReader.fail} was told. */
export const DAMAGED = -1;

/** One format of capture files. */
export interface CaptureFormat {
  /** The link type of the file or its first interface; -1 while none is known. */
  readonly linkType: number;
  /** Bytes kept of each packet at most, as the file says; 0 while it does not. */
  readonly snaplen: number;
  /**
   * Looks for the next packet from `reader.at` on, and moves that past it.
   *
   * @param reader The reader; it takes what was found.
   * @returns {@linkcode FOUND}, {@linkcode INCOMPLETE} or {@linkcode DAMAGED}.
   */
  next(reader: CaptureReader): number;
  /**
   * Says what the rest of the file is the beginning of, where it ends too early.
   *
   * @param reader The reader, `at` where the rest begins.
   */
  cut(reader: CaptureReader): CaptureError;
}
