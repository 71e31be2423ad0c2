/**
 * The classic pcap format (draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds, and the longer records of
 * Kuznetzov's patch.
 *
 * ```text
 *    file    0       4      6      8       12       16       20        24
 *            | magic |major |minor | zone  | figures| snaplen| link type
 *    record  0       4             8       12       16
 *            |seconds|µs or ns     | kept  | length | of Kuznetzov's patch: interface 4, protocol 2, direction 1, 0 1
 * ```
 *
 * @module
 */

import { CaptureError } from "./capture_error.ts";
import { type CaptureFormat, FOUND, INCOMPLETE } from "./capture_format.ts";
import type { CaptureReader } from "./capture_reader.ts";

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Bytes of a record's header with what Kuznetzov's patch adds. */
const PATCHED_HEADER = 24;
/** Bytes of the largest packet that capture programs write, whatever snaplen they name. */
export const LARGEST_PACKET = 262_144;

/** What a magic number says. */
export interface PcapVariant {
  /** Nanoseconds of a unit of time. */
  readonly unit: number;
  /** Bytes of a record's header. */
  readonly header: number;
}

const MICROSECONDS: PcapVariant = { unit: 1000, header: RECORD_HEADER };
const NANOSECONDS: PcapVariant = { unit: 1, header: RECORD_HEADER };
const PATCHED: PcapVariant = { unit: 1000, header: PATCHED_HEADER };

/**
 * Tells what a magic number says.
 *
 * @param magic The number.
 * @returns The variant; null when it is none of classic pcap.
 */
export function pcapVariant(magic: number): PcapVariant | null {
  if (magic === 0xa1b2c3d4) return MICROSECONDS;
  if (magic === 0xa1b23c4d) return NANOSECONDS;
  return magic === 0xa1b2cd34 ? PATCHED : null;
}

/** How a file orders the two lengths of a record. */
type Order = "kept first" | "length first" | "larger last";

/** A classic pcap file. */
export class PcapFormat implements CaptureFormat {
  /** The link type. */
  linkType: number = -1;
  /** Bytes kept of each packet at most, as the file says. */
  snaplen: number = 0;
  readonly #little: boolean;
  readonly #unit: number;
  readonly #header: number;
  #begun: boolean = false;
  #order: Order = "kept first";

  /**
   * Begins.
   *
   * @param variant What the magic number says.
   * @param little Whether the low byte of a number comes first.
   */
  constructor(variant: PcapVariant, little: boolean) {
    this.#little = little;
    this.#unit = variant.unit;
    this.#header = variant.header;
  }

  /** Looks for the next packet. */
  next(reader: CaptureReader): number {
    const { view, at } = reader;
    const left = reader.limit - at;
    if (!this.#begun) return left < FILE_HEADER ? INCOMPLETE : this.#begin(reader);
    const header = this.#header;
    if (left < header) return INCOMPLETE;
    const little = this.#little;
    let size = view.getUint32(at + 8, little);
    let length = view.getUint32(at + 12, little);
    // Before version 2.3 the length came first, and some files of 2.3 are written so too.
    if (this.#order !== "kept first" && (this.#order === "length first" || size > length)) {
      [size, length] = [length, size];
    }
    if (size > LARGEST_PACKET) {
      const what = `Packet ${reader.number + 1} at byte ${reader.base + at} says that it has ${size} bytes`;
      return reader.fail(`${what}: the file is damaged there`);
    }
    if (size > left - header) return INCOMPLETE;
    reader.offset = reader.base + at;
    reader.seconds = view.getUint32(at, little);
    reader.nanoseconds = view.getUint32(at + 4, little) * this.#unit;
    reader.length = length;
    reader.start = at + header;
    reader.at = reader.end = at + header + size;
    return FOUND;
  }

  /** Says what the rest of the file is the beginning of. */
  cut(reader: CaptureReader): CaptureError {
    const { base, at, limit, view } = reader;
    const number = reader.number + 1;
    const left = limit - at;
    const end = `The file ends at byte ${base + limit}`;
    if (!this.#begun) {
      return new CaptureError(`A pcap file has a header of ${FILE_HEADER} bytes, but there are only ${left}`, base);
    }
    if (left < this.#header) {
      return new CaptureError(`${end}, within the header of packet ${number} that begins at ${base + at}`, base + at);
    }
    const sizes = [view.getUint32(at + 8, this.#little), view.getUint32(at + 12, this.#little)] as const;
    const first = this.#order === "kept first" || this.#order === "larger last" && sizes[0] <= sizes[1];
    const size = sizes[first ? 0 : 1];
    return new CaptureError(
      `${end}, within packet ${number} that begins at ${base + at}: ` +
        `${size - (left - this.#header)} of its ${size} bytes are missing`,
      base + at,
    );
  }

  /** Reads the header of the file. */
  #begin(reader: CaptureReader): number {
    const { view, at } = reader;
    const little = this.#little;
    const major = view.getUint16(at + 4, little);
    const minor = view.getUint16(at + 6, little);
    if (major < 2) return reader.fail(`The pcap file is of version ${major}, and only version 2 is known`, at + 4);
    // 543.0 is what DG/UX writes.
    if (major === 543 || major === 2 && minor < 3) this.#order = "length first";
    else if (major === 2 && minor === 3) this.#order = "larger last";
    this.snaplen = view.getUint32(at + 16, little);
    const link = view.getUint32(at + 20, little);
    if ((link & 0x03ff_0000) !== 0) {
      const what = `The pcap file names link type 0x${link.toString(16)}, of which bits are set that must not be`;
      return reader.fail(`${what}: the file is damaged there`, at + 20);
    }
    reader.linkType = this.linkType = link & 0xffff;
    // The upper bits tell of a frame check sequence, in units of 16 bits.
    if ((link & 0x0400_0000) !== 0) reader.checkSequence = (link >>> 28) * 2;
    this.#begun = true;
    reader.at = at + FILE_HEADER;
    return this.next(reader);
  }
}
