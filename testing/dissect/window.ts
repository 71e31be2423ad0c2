/**
 * The part of a frame that the next protocol sees.
 *
 * @module
 */

/** What a protocol sees: captured bytes, and how many there were on the wire. */
export class Window {
  /** Where it lies. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The first byte. */
  start: number = 0;
  /** One past the last captured byte. */
  end: number = 0;
  /** One past the last byte on the wire; at least `end`. */
  real: number = 0;
  /** Whether it is the beginning of a datagram of which the rest is missing. */
  fragmented: boolean = false;

  /** Captured bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Bytes on the wire. */
  get reported(): number {
    return this.real - this.start;
  }

  /** Whether all bytes of it were captured. */
  get whole(): boolean {
    return this.end === this.real;
  }

  /**
   * Ends the window where a header says that its message ends.
   *
   * @param size Bytes of the message.
   */
  limit(size: number): void {
    const end = this.start + size;
    if (end < this.real) this.real = end;
    if (end < this.end) this.end = end;
  }

  /**
   * Reads a big-endian 16-bit field.
   *
   * @param offset Where, in bytes from the start.
   */
  u16(offset: number): number {
    const at = this.start + offset;
    return this.bytes[at]! << 8 | this.bytes[at + 1]!;
  }
}
