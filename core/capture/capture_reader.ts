/**
 * Reads capture files of any format as their bytes come, in one buffer and without an object per packet.
 *
 * ```ts ignore
 * const reader = new CaptureReader(file);
 * while (reader.next()) print(reader.number, reader.bytes.subarray(reader.start, reader.end));
 * if (reader.error) print(reader.error.message);
 * ```
 *
 * A file that comes in pieces is written into {@linkcode CaptureReader.room} piece by piece: the buffer moves the bytes that are
 * not used yet to its front, and grows only when it is full of one packet, so that no length that a file tells makes memory.
 *
 * @module
 */

import { CaptureError } from "./capture_error.ts";
import { type CaptureFormat, DAMAGED, FOUND, INCOMPLETE } from "./capture_format.ts";
import { formatOf } from "./formats.ts";

/** Bytes of the buffer of a file that comes in pieces. */
const BUFFER = 1_048_576;
/** Bytes of which the formats are known. */
const MAGIC = 4;

/** The link type of custom blocks, where they are asked for: what they hold only their maker knows. */
export const CUSTOM_BLOCK = -2;

/** A capture file that is read. The fields about a packet hold until the next one is looked for. */
export class CaptureReader {
  /** Where the packets lie; another array after {@linkcode room} was asked for. */
  bytes: Uint8Array<ArrayBufferLike>;
  /** The same bytes. */
  view: DataView;
  /** The first byte of the packet. */
  start: number = 0;
  /** One past its last byte. */
  end: number = 0;
  /** Bytes that it had on the wire. */
  length: number = 0;
  /** When it passed: whole seconds since 1970-01-01 UTC. */
  seconds: number = 0;
  /** When it passed: nanoseconds of that second; in damaged files 0 to 4,294,967,295,000. */
  nanoseconds: number = 0;
  /** Whether the file tells when it passed. */
  timed: boolean = true;
  /** Bytes of a frame check sequence at its end, where the file tells of one. */
  checkSequence: number = 0;
  /** Whether custom blocks of pcapng count as packets, of link type {@linkcode CUSTOM_BLOCK}; false unless it is set. */
  customBlocks: boolean = false;
  /** What it begins with, a number of <https://www.tcpdump.org/linktypes.html>. */
  linkType: number = -1;
  /** Its interface, from 0 in each section. */
  interfaceId: number = 0;
  /** Where its record begins, in bytes from the front of the file. */
  offset: number = 0;
  /** Its number in the file, from 1. */
  number: number = 0;
  /** Where its options begin, in formats that have some; they end at `optionsEnd`. */
  options: number = 0;
  /** One past the last byte of its options. */
  optionsEnd: number = 0;
  /** What is wrong with the file; null when nothing is, so far. */
  error: CaptureError | null = null;
  /** The next byte to look at; only formats move it. */
  at: number = 0;
  /** One past the last byte that is there. */
  limit: number = 0;
  /** Where the first byte of the buffer stands in the file. */
  base: number = 0;
  /** Bytes of the file that are passed over unseen; only formats ask for it. */
  skip: number = 0;
  #format: CaptureFormat | null = null;
  #ended: boolean = false;

  /**
   * Begins.
   *
   * @param file The whole file, or null for one that comes in pieces.
   * @param buffer Bytes of the buffer at first.
   */
  constructor(file: Uint8Array | null = null, buffer: number = BUFFER) {
    // A plain array, whatever the file comes in: slice() of Node's buffers copies nothing.
    this.bytes = file ? new Uint8Array(file.buffer, file.byteOffset, file.length) : new Uint8Array(buffer);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    if (file) {
      this.limit = file.length;
      this.#ended = true;
    }
  }

  /** The format; null while it is not known. */
  get format(): CaptureFormat | null {
    return this.#format;
  }

  /**
   * Makes room for more of the file, and ends what is known of the last packet.
   *
   * @returns Where the next bytes go, at least one of them.
   */
  room(): Uint8Array<ArrayBufferLike> {
    const kept = this.limit - this.at;
    if (this.at > 0 && (kept < this.bytes.length >> 1 || this.limit === this.bytes.length)) {
      // An even step, so that checksums find words where they were.
      const step = this.at & ~1;
      this.bytes.copyWithin(0, step, this.limit);
      this.base += step;
      this.at -= step;
      this.limit -= step;
    }
    if (this.limit === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return this.bytes.subarray(this.limit);
  }

  /**
   * Tells that bytes were written to the front of {@linkcode room}.
   *
   * @param count How many.
   */
  filled(count: number): void {
    this.limit += count;
  }

  /** Tells that no more bytes will come. */
  finish(): void {
    this.#ended = true;
  }

  /**
   * Goes to the next packet.
   *
   * @returns Whether there is one; false at the damage, at the end, and until more of the file is there.
   */
  next(): boolean {
    if (this.error) return false;
    if (this.skip > 0 && !this.#pass()) return false;
    const format = this.#format ?? this.#detect();
    if (!format) return false;
    const found = format.next(this);
    if (found === FOUND) {
      this.number++;
      return true;
    }
    if (found === INCOMPLETE && this.#ended && (this.at < this.limit || this.skip > 0)) this.error = format.cut(this);
    return false;
  }

  /**
   * Notes damage; called by formats.
   *
   * @param message What is wrong, in one sentence.
   * @param at Where, in the buffer.
   * @returns {@linkcode DAMAGED}.
   */
  fail(message: string, at: number = this.at): number {
    this.error = new CaptureError(message, this.base + at);
    return DAMAGED;
  }

  /**
   * Passes bytes over that nobody reads, those to come included.
   *
   * @returns Whether all are passed.
   */
  #pass(): boolean {
    const here = Math.min(this.skip, this.limit - this.at);
    this.at += here;
    this.skip -= here;
    if (this.skip === 0) return true;
    if (this.#ended) this.error = this.#format!.cut(this);
    return false;
  }

  #detect(): CaptureFormat | null {
    if (this.limit - this.at >= MAGIC) {
      const format = formatOf(this);
      if (typeof format !== "string") return this.#format = format;
      this.fail(format, 0);
    } else if (this.#ended) {
      this.fail(`A capture file begins with 4 bytes that tell its format, but there are only ${this.limit}`, 0);
    }
    return null;
  }
}
