/**
 * Reads capture files for replay.
 *
 * @module
 */

import type { CaptureError } from "../../core/capture/capture_error.ts";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { directionOf } from "../../core/capture/packet_notes.ts";
import type { ReplaySource, SourcePacket } from "./source.ts";

/** A recording that was read from a file. */
export interface ReadRecording extends ReplaySource {
  /** What is wrong with the file; null when nothing is. */
  readonly error: CaptureError | null;
}

/**
 * Reads a capture file of any format, pcap or pcapng, with packets of several link types too. Nothing that it may hold makes
 * this throw.
 *
 * @param file The whole file; the packets share its storage.
 * @returns Every packet up to the damage, and the damage.
 */
export function readRecording(file: Uint8Array): ReadRecording {
  const reader = new CaptureReader(file);
  const packets: SourcePacket[] = [];
  while (reader.next()) {
    const { number, seconds, nanoseconds, length, linkType, start, end } = reader;
    const bytes = file.subarray(start, end);
    packets.push({ number, seconds, nanoseconds, length, linkType, bytes, direction: directionOf(reader) });
  }
  return { linkType: packets[0]?.linkType ?? -1, packets, error: reader.error };
}
