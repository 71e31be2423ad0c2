/**
 * Reads whole capture files, with an object for each packet: for tests and replay. What is large is read with
 * `CaptureReader` of `capture_reader.ts`.
 *
 * @module
 */

import { CaptureError } from "./capture_error.ts";
import { CaptureReader } from "./capture_reader.ts";

export { CaptureError } from "./capture_error.ts";

/** A packet of a capture file. */
export interface CapturedPacket {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Where its record begins, in bytes from the front of the file. */
  readonly offset: number;
  /** When it passed: whole seconds since 1970-01-01 UTC. */
  readonly seconds: number;
  /** When it passed: nanoseconds of that second; in damaged files 0 to 4,294,967,295,000. */
  readonly nanoseconds: number;
  /** Bytes that it had on the wire. */
  readonly length: number;
  /** What was kept of it; shares the file's storage. */
  readonly bytes: Uint8Array;
}

/** A capture file that was read. */
export interface Capture {
  /** What its packets begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** Bytes kept of each packet at most. */
  readonly snaplen: number;
  /** The packets, up to the damage if there is any. */
  readonly packets: CapturedPacket[];
  /** What is wrong with the file; null when nothing is. */
  readonly error: CaptureError | null;
}

/**
 * Reads a capture file, classic pcap or pcapng. Nothing that it may hold makes this throw.
 *
 * @param file The whole file; the packets share its storage.
 * @returns Every packet up to the damage, and the damage. A packet of another link type than the first one's counts as damage.
 */
export function readPcap(file: Uint8Array): Capture {
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader(file);
  let linkType = -1;
  while (reader.next()) {
    const { number, offset, seconds, nanoseconds, length, start, end } = reader;
    if (number === 1) linkType = reader.linkType;
    if (reader.linkType !== linkType) {
      const message = `Packet ${number} is of link type ${reader.linkType}, and those before it of ${linkType}`;
      return { linkType, snaplen: reader.format!.snaplen, packets, error: new CaptureError(message, offset) };
    }
    packets.push({ number, offset, seconds, nanoseconds, length, bytes: file.subarray(start, end) });
  }
  const { format, error } = reader;
  return { linkType: linkType < 0 ? format?.linkType ?? -1 : linkType, snaplen: format?.snaplen ?? 0, packets, error };
}
