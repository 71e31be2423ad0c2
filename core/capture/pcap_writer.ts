/**
 * Writes capture files in the classic pcap format (draft-ietf-opsawg-pcap), little-endian, times in nanoseconds or microseconds.
 *
 * @module
 */

/** Bytes collected before the sink gets them, whatever comes. */
const BATCH = 65_536;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** What the packets of a file are. */
export interface PcapOptions {
  /** What they begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** Bytes kept of each packet at most; 262,144 when left out. */
  readonly snaplen?: number;
  /** Whether times are in microseconds, which every program reads; in nanoseconds when left out. */
  readonly microseconds?: boolean;
}

/** Writes packets, batch by batch. */
export class PcapWriter {
  readonly #sink: (bytes: Uint8Array) => unknown;
  readonly #snaplen: number;
  readonly #unit: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BATCH);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #end: number = FILE_HEADER;

  /**
   * Begins a file.
   *
   * @param sink Takes it, piece by piece; the bytes are lent until it returns.
   * @param options What the packets are.
   */
  constructor(sink: (bytes: Uint8Array) => unknown, options: PcapOptions) {
    const { linkType, snaplen = 262_144, microseconds = false } = options;
    this.#sink = sink;
    this.#snaplen = snaplen;
    this.#unit = microseconds ? 1000 : 1;
    this.#view.setUint32(0, microseconds ? 0xa1b2c3d4 : 0xa1b23c4d, true);
    this.#view.setUint32(4, 0x0004_0002, true);
    this.#view.setUint32(16, snaplen, true);
    this.#view.setUint32(20, linkType, true);
  }

  /**
   * Adds a packet.
   *
   * @param seconds When it passed: whole seconds since 1970-01-01 UTC.
   * @param nanoseconds Nanoseconds of that second.
   * @param bytes Where it lies.
   * @param from Its first byte.
   * @param to One past its last byte.
   * @param length Bytes that it had on the wire, where `bytes` holds only its beginning.
   */
  packet(
    seconds: number,
    nanoseconds: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number = to - from,
  ): void {
    const size = Math.min(to - from, this.#snaplen);
    const needed = RECORD_HEADER + size;
    if (this.#end + needed > this.#bytes.length) {
      this.flush();
      if (needed > this.#bytes.length) {
        this.#bytes = new Uint8Array(needed);
        this.#view = new DataView(this.#bytes.buffer);
      }
    }
    const at = this.#end;
    this.#view.setUint32(at, seconds, true);
    this.#view.setUint32(at + 4, Math.floor(nanoseconds / this.#unit), true);
    this.#view.setUint32(at + 8, size, true);
    this.#view.setUint32(at + 12, length, true);
    this.#bytes.set(bytes.subarray(from, from + size), at + RECORD_HEADER);
    this.#end = at + needed;
  }

  /** Hands what was collected to the sink. */
  flush(): void {
    if (this.#end === 0) return;
    const piece = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    this.#sink(piece);
  }
}
