/**
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of both byte orders, each with interfaces of their own.
 *
 * ```text
 *    block     0      4       8                                    length - 4
 *              | type | length| body …                     options | length |
 *    enhanced  | 6    |       | interface 4, time 8, kept 4, length 4, packet
 *    simple    | 3    |       | length 4, packet
 *    obsolete  | 2    |       | interface 2, drops 2, time 8, kept 4, length 4, packet
 * ```
 *
 * @module
 */

import { CaptureError } from "./capture_error.ts";
import { type CaptureFormat, DAMAGED, FOUND, INCOMPLETE } from "./capture_format.ts";
import { type CaptureReader, CUSTOM_BLOCK } from "./capture_reader.ts";
import { LARGEST_PACKET } from "./pcap_format.ts";
import { findBadOption } from "./pcapng_options.ts";
import { PcapngInterfaceReader } from "./pcapng_interface.ts";

/** The type of a section header block, which is the same in both byte orders. */
export const PCAPNG_MAGIC = 0x0a0d0d0a;

const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const NAME_RESOLUTION = 4;
const STATISTICS = 5;
const ENHANCED_PACKET = 6;
/** Custom blocks: such that may be copied, and others. */
const CUSTOM = 0x0bad;
const CUSTOM_UNCOPIED = 0x40000bad;

const BYTE_ORDER = 0x1a2b3c4d;
/** Bytes of a block without a body. */
const LEAST_BLOCK = 12;
/** Bytes of a section header block without options. */
const LEAST_SECTION = 28;
/** Bytes of the largest block that is read; larger ones of unknown types are passed over. */
const LARGEST_BLOCK = 16_777_216;
/** Interfaces of one section at most; each is remembered, and a damaged file may hold nothing else. */
const MOST_INTERFACES = 65_536;

/** A pcapng file. */
export class PcapngFormat implements CaptureFormat {
  #little: boolean = true;
  #sections: number = 0;
  #interfaces: PcapngInterfaceReader[] = [];

  /** The link type of the section's first interface; -1 while there is none. */
  get linkType(): number {
    return this.#interfaces[0]?.linkType ?? -1;
  }

  /** Bytes kept of each packet of that interface at most. */
  get snaplen(): number {
    return this.#interfaces[0]?.snaplen ?? 0;
  }

  /** The interfaces of the section that is read. */
  get interfaces(): readonly PcapngInterfaceReader[] {
    return this.#interfaces;
  }

  /** Whether the low byte of a number comes first in the section that is read. */
  get little(): boolean {
    return this.#little;
  }

  /** Looks for the next packet. */
  next(reader: CaptureReader): number {
    for (;;) {
      const { view, at } = reader;
      const left = reader.limit - at;
      if (left < LEAST_BLOCK) return INCOMPLETE;
      let type = view.getUint32(at, this.#little);
      if (type === PCAPNG_MAGIC) {
        const order = view.getUint32(at + 8);
        if (order !== BYTE_ORDER && order !== 0x4d3c2b1a) {
          return reader.fail(`The section at byte ${reader.base + at} tells no byte order: the file is damaged there`);
        }
        this.#little = order !== BYTE_ORDER;
      } else if (this.#sections === 0) return reader.fail("A pcapng file begins with a section header block");
      const length = view.getUint32(at + 4, this.#little);
      if (length < (type === PCAPNG_MAGIC ? LEAST_SECTION : LEAST_BLOCK) || (length & 3) !== 0) {
        return reader.fail(
          `The block at byte ${reader.base + at} says that it has ${length} bytes, which none can have`,
        );
      }
      if (length > LARGEST_BLOCK) {
        if (isRead(type)) {
          return reader.fail(`The block at byte ${reader.base + at} says that it has ${length} bytes: it is damaged`);
        }
        const here = Math.min(length, left);
        reader.at = at + here;
        reader.skip = length - here;
        if (reader.skip > 0) return INCOMPLETE;
        continue;
      }
      if (length > left) return INCOMPLETE;
      const again = view.getUint32(at + length - 4, this.#little);
      if (again !== length) {
        const what = `The block at byte ${reader.base + at} has ${length} bytes at its front and ${again} at its end`;
        return reader.fail(`${what}: the file is damaged there`);
      }
      type = this.#block(reader, type, length);
      if (type === DAMAGED) return DAMAGED;
      reader.at = at + length;
      if (type === FOUND) return FOUND;
    }
  }

  /** Says what the rest of the file is the beginning of. */
  cut(reader: CaptureReader): CaptureError {
    const { base, at, limit, view } = reader;
    const end = `The file ends at byte ${base + limit}`;
    const begins = `block that begins at ${base + at}`;
    if (reader.skip > 0) {
      return new CaptureError(`${end}, within a block of which ${reader.skip} bytes are missing`, base + at);
    }
    if (limit - at < LEAST_BLOCK) return new CaptureError(`${end}, within the header of the ${begins}`, base + at);
    const length = view.getUint32(at + 4, this.#little);
    return new CaptureError(
      `${end}, within the ${begins}: ${length - (limit - at)} of its ${length} bytes are missing`,
      base + at,
    );
  }

  /** Reads a whole block: {@linkcode FOUND} when it holds a packet. */
  #block(reader: CaptureReader, type: number, length: number): number {
    switch (type) {
      case ENHANCED_PACKET:
        return this.#packet(reader, length, reader.view.getUint32(reader.at + 8, this.#little));
      case OBSOLETE_PACKET:
        return this.#packet(reader, length, reader.view.getUint16(reader.at + 8, this.#little));
      case SIMPLE_PACKET:
        return this.#simple(reader, length);
      case INTERFACE:
        return this.#interface(reader, length);
      case NAME_RESOLUTION:
        // Its records are written as options are.
        return this.#areOptionsSound(reader, reader.at + 8, length) ? INCOMPLETE : DAMAGED;
      case STATISTICS:
        if (length >= 24) {
          if (!this.#areOptionsSound(reader, reader.at + 20, length)) return DAMAGED;
          const id = reader.view.getUint32(reader.at + 8, this.#little);
          this.#interfaces[id]?.readStatistics(reader.view, reader.at + 20, reader.at + length - 4, this.#little);
        }
        return INCOMPLETE;
      case PCAPNG_MAGIC: {
        const major = reader.view.getUint16(reader.at + 12, this.#little);
        const minor = reader.view.getUint16(reader.at + 14, this.#little);
        // 1.2 is 1.0 under another name.
        if (major !== 1 || minor !== 0 && minor !== 2) {
          const where = `The section at byte ${reader.base + reader.at}`;
          return reader.fail(`${where} is of version ${major}.${minor} of pcapng, and only version 1.0 is known`);
        }
        if (!this.#areOptionsSound(reader, reader.at + 24, length)) return DAMAGED;
        this.#sections++;
        this.#interfaces = [];
        return INCOMPLETE;
      }
      case CUSTOM:
      case CUSTOM_UNCOPIED:
        return reader.customBlocks && length >= 16 ? this.#custom(reader, length) : INCOMPLETE;
      default:
        return INCOMPLETE;
    }
  }

  #custom(reader: CaptureReader, length: number): number {
    const { at } = reader;
    reader.offset = reader.base + at;
    reader.interfaceId = -1;
    reader.linkType = CUSTOM_BLOCK;
    reader.checkSequence = reader.seconds = reader.nanoseconds = 0;
    reader.timed = false;
    reader.start = at + 12;
    reader.end = reader.options = reader.optionsEnd = at + length - 4;
    reader.length = length - 16;
    return FOUND;
  }

  #interface(reader: CaptureReader, length: number): number {
    if (length < 20) return this.#short(reader, "interface description", length);
    if (this.#interfaces.length >= MOST_INTERFACES) {
      return reader.fail(`The section has more than ${MOST_INTERFACES} interfaces at byte ${reader.base + reader.at}`);
    }
    const { view, at } = reader;
    if (!this.#areOptionsSound(reader, at + 16, length)) return DAMAGED;
    this.#interfaces.push(new PcapngInterfaceReader(view, at + 8, at + length - 4, this.#little));
    return INCOMPLETE;
  }

  /** Reads an enhanced or an obsolete packet block: they differ in where the interface stands. */
  #packet(reader: CaptureReader, length: number, id: number): number {
    const { view, at } = reader;
    const little = this.#little;
    if (length < 32) return this.#short(reader, "packet", length);
    const own = this.#interfaces[id];
    if (!own) return this.#noInterface(reader, id);
    const size = view.getUint32(at + 20, little);
    const padded = size + 3 & ~3;
    if (size > LARGEST_PACKET || padded > length - 32) return this.#tooLarge(reader, size);
    reader.timed = true;
    if (padded + 36 <= length && !this.#areOptionsSound(reader, at + 28 + padded, length)) return DAMAGED;
    own.setTime(reader, view.getUint32(at + 12, little), view.getUint32(at + 16, little));
    return this.#found(reader, id, own, at + 28, size, view.getUint32(at + 24, little), at + 28 + padded, length);
  }

  #simple(reader: CaptureReader, length: number): number {
    const { view, at } = reader;
    if (length < 16) return this.#short(reader, "simple packet", length);
    const own = this.#interfaces[0];
    if (!own) return this.#noInterface(reader, 0);
    const onWire = view.getUint32(at + 8, this.#little);
    const size = own.snaplen > 0 ? Math.min(onWire, own.snaplen) : onWire;
    if (size > LARGEST_PACKET || size > length - 16) return this.#tooLarge(reader, size);
    reader.seconds = reader.nanoseconds = 0;
    reader.timed = false;
    return this.#found(reader, 0, own, at + 12, size, onWire, at + length - 4, length);
  }

  #found(
    reader: CaptureReader,
    id: number,
    own: PcapngInterfaceReader,
    start: number,
    size: number,
    length: number,
    options: number,
    block: number,
  ): number {
    reader.offset = reader.base + reader.at;
    reader.interfaceId = id;
    reader.linkType = own.linkType;
    reader.checkSequence = own.checkSequence;
    reader.start = start;
    reader.end = start + size;
    reader.length = length;
    reader.options = options;
    reader.optionsEnd = reader.at + block - 4;
    return FOUND;
  }

  #areOptionsSound(reader: CaptureReader, at: number, length: number): boolean {
    const bad = findBadOption(reader.view, at, reader.at + length - 4, this.#little);
    if (bad < 0) return true;
    reader.fail(`The option at byte ${reader.base + bad} is longer than its block: the file is damaged there`, bad);
    return false;
  }

  #short(reader: CaptureReader, what: string, length: number): number {
    const where = `The ${what} block at byte ${reader.base + reader.at}`;
    return reader.fail(`${where} says that it has ${length} bytes, fewer than its fields: the file is damaged there`);
  }

  #noInterface(reader: CaptureReader, id: number): number {
    const where = `The packet at byte ${reader.base + reader.at}`;
    return reader.fail(`${where} is of interface ${id}, but the section has ${this.#interfaces.length}`);
  }

  #tooLarge(reader: CaptureReader, size: number): number {
    const where = `The packet at byte ${reader.base + reader.at}`;
    return reader.fail(`${where} says that it has ${size} bytes, more than its block: the file is damaged there`);
  }
}

/** Whether blocks of a type are read; others are passed over. */
function isRead(type: number): boolean {
  return type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === OBSOLETE_PACKET || type === INTERFACE ||
    type === PCAPNG_MAGIC;
}
