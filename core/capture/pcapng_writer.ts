/**
 * Writes capture files in the pcapng format (draft-ietf-opsawg-pcapng), little-endian, times in nanoseconds.
 *
 * @module
 */

/** Bytes collected before the sink gets them, whatever comes. */
const BATCH = 65_536;
/** Bytes of an enhanced packet block around the packet, its padding and its options but comments included. */
const PACKET_OVERHEAD = 64;

/** {@linkcode PcapngWriter.packet}: the direction is not known. */
export const DIRECTION_UNKNOWN = 0;
/** {@linkcode PcapngWriter.packet}: received. */
export const DIRECTION_IN = 1;
/** {@linkcode PcapngWriter.packet}: sent. */
export const DIRECTION_OUT = 2;

/** One interface of a capture file. */
export interface PcapngInterface {
  /** Its name, such as `"tap0"`. */
  readonly name: string;
  /** What its packets begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** Bytes kept of each packet at most; 262,144 when left out. */
  readonly snaplen?: number;
  /** Milliseconds since 1970-01-01 UTC at which the clock of its times showed 0; 0 when left out. */
  readonly origin?: number;
}

/** What is known of an interface at the end. */
export interface PcapngStatistics {
  /** Packets that came by. */
  readonly seen: number;
  /** Packets of them that were dropped and are not in the file. */
  readonly dropped: number;
}

/** What is said of a packet beside its bytes. */
export interface PcapngNotes {
  /** Comments. */
  readonly comments?: readonly string[];
  /** Packets that were dropped between this one and the one before it. */
  readonly dropped?: number;
}

/** Bytes of the longest value of an option. */
const LONGEST_OPTION = 65_535;
const NONE: readonly string[] = [];

const encoder = /* @__PURE__ */ new TextEncoder();

/** Writes a section of interfaces and packets, batch by batch. */
export class PcapngWriter {
  readonly #sink: (bytes: Uint8Array) => unknown;
  readonly #snaplens: number[] = [];
  readonly #origins: number[] = [];
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BATCH);
  #end: number = 0;

  /**
   * Begins a section.
   *
   * @param sink Takes the file, piece by piece; the bytes are lent until it returns.
   * @param application What the file names as its maker.
   */
  constructor(sink: (bytes: Uint8Array) => unknown, application: string = "bonsai") {
    this.#sink = sink;
    const name = encoder.encode(application);
    const start = this.#begin(0x0a0d0d0a, 64 + name.length);
    this.#u32(0x1a2b3c4d);
    this.#u16(1);
    this.#u16(0);
    // The length of the section is not known yet.
    this.#u32(0xffffffff);
    this.#u32(0xffffffff);
    this.#option(4, name);
    this.#finish(start);
  }

  /**
   * Adds an interface.
   *
   * @param options Its name and what it carries.
   * @returns Its number, from 0, for the packets.
   */
  addInterface(options: PcapngInterface): number {
    const { name, linkType, snaplen = 262_144, origin = 0 } = options;
    const encoded = encoder.encode(name);
    const start = this.#begin(1, 64 + encoded.length);
    this.#u16(linkType);
    this.#u16(0);
    this.#u32(snaplen);
    this.#option(2, encoded);
    this.#option(9, [9]);
    this.#finish(start);
    this.#origins.push(Math.max(0, origin));
    return this.#snaplens.push(snaplen) - 1;
  }

  /**
   * Adds a packet.
   *
   * @param id Its interface.
   * @param time When it passed, in milliseconds of the interface's clock.
   * @param direction {@linkcode DIRECTION_IN}, {@linkcode DIRECTION_OUT} or {@linkcode DIRECTION_UNKNOWN}.
   * @param bytes Where it lies.
   * @param from Its first byte.
   * @param to One past its last byte.
   * @param length Bytes that it had on the wire, where `bytes` holds only its beginning.
   * @param notes What else is known of it.
   */
  packet(
    id: number,
    time: number,
    direction: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number = to - from,
    notes: PcapngNotes = {},
  ): void {
    const size = Math.min(to - from, this.#snaplens[id]!);
    const comments = (notes.comments ?? NONE).map((comment) => encoder.encode(comment).subarray(0, LONGEST_OPTION));
    const noted = comments.reduce((sum, comment) => sum + comment.length + 8, 0);
    const start = this.#begin(6, size + noted + PACKET_OVERHEAD);
    this.#u32(id);
    this.#time(this.#origins[id]!, time);
    this.#u32(size);
    this.#u32(length);
    this.#bytes.set(bytes.subarray(from, from + size), this.#end);
    this.#pad(this.#end + size);
    for (const comment of comments) this.#option(1, comment);
    if (direction !== DIRECTION_UNKNOWN) {
      this.#u32(0x0004_0002);
      this.#u32(direction);
    }
    if (notes.dropped !== undefined) {
      this.#u32(0x0008_0004);
      this.#u64(notes.dropped);
    }
    if (comments.length > 0 || direction !== DIRECTION_UNKNOWN || notes.dropped !== undefined) this.#u32(0);
    this.#finish(start);
  }

  /**
   * Says at the end what was not kept.
   *
   * @param id The interface.
   * @param time The time, in milliseconds of its clock.
   * @param statistics What is known of it.
   */
  statistics(id: number, time: number, statistics: PcapngStatistics): void {
    const start = this.#begin(5, 80);
    this.#u32(id);
    this.#time(this.#origins[id]!, time);
    this.#u32(0x0008_0004);
    this.#u64(statistics.seen);
    this.#u32(0x0008_0005);
    this.#u64(statistics.dropped);
    this.#u32(0);
    this.#finish(start);
  }

  /** Hands what was collected to the sink. */
  flush(): void {
    if (this.#end === 0) return;
    const piece = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    this.#sink(piece);
  }

  /** Begins a block that takes at most `size` bytes. */
  #begin(type: number, size: number): number {
    if (this.#end + size > this.#bytes.length) {
      this.flush();
      if (size > this.#bytes.length) this.#bytes = new Uint8Array(size);
    }
    const start = this.#end;
    this.#u32(type);
    this.#u32(0);
    return start;
  }

  #finish(start: number): void {
    const length = this.#end + 4 - start;
    this.#u32(length);
    const end = this.#end;
    this.#end = start + 4;
    this.#u32(length);
    this.#end = end;
  }

  #option(code: number, value: ArrayLike<number>): void {
    this.#u16(code);
    this.#u16(value.length);
    this.#bytes.set(value, this.#end);
    this.#pad(this.#end + value.length);
  }

  /** Fills up to a multiple of four. */
  #pad(end: number): void {
    while (end & 3) this.#bytes[end++] = 0;
    this.#end = end;
  }

  /** Writes a time as nanoseconds since 1970, exact to the nanosecond though a double of milliseconds since 1970 is not. */
  #time(origin: number, time: number): void {
    const originSeconds = Math.floor(origin / 1000);
    const timeSeconds = Math.floor(time / 1000);
    const nanos = Math.round((origin - originSeconds * 1000) * 1e6) + Math.round((time - timeSeconds * 1000) * 1e6);
    const seconds = Math.max(0, originSeconds + timeSeconds);
    // 64 bits out of doubles: the seconds times 1e9 in two parts, each below 2^53.
    const upper = Math.floor(seconds / 65_536) * 1e9;
    const lower = (seconds % 65_536) * 1e9 + nanos + (upper % 65_536) * 65_536;
    this.#u32(Math.floor(upper / 65_536) + Math.floor(lower / 0x100000000));
    this.#u32(lower % 0x100000000);
  }

  #u16(value: number): void {
    this.#bytes[this.#end++] = value;
    this.#bytes[this.#end++] = value >>> 8;
  }

  #u32(value: number): void {
    const bytes = this.#bytes;
    const end = this.#end;
    bytes[end] = value;
    bytes[end + 1] = value >>> 8;
    bytes[end + 2] = value >>> 16;
    bytes[end + 3] = value >>> 24;
    this.#end = end + 4;
  }

  #u64(value: number): void {
    this.#u32(value % 0x100000000);
    this.#u32(Math.floor(value / 0x100000000));
  }
}
