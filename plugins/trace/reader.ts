/**
 * Reads fields of a packet that may end anywhere.
 *
 * @module
 */

/** A place in a packet; what lies past the end reads as 0, and is remembered as missing. */
export class Reader {
  /** The packet. */
  readonly bytes: Uint8Array;
  /** The next byte to read. */
  at: number = 0;
  /** One past the last byte that belongs to the current layer. */
  end: number;
  /** Whether something was read that is not there. */
  short: boolean = false;

  /**
   * Stands at the front of a packet.
   *
   * @param bytes The packet.
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Bytes left in the current layer. */
  get left(): number {
    return Math.max(0, this.end - this.at);
  }

  /** Reads a byte. */
  u8(): number {
    if (this.at < this.end) return this.bytes[this.at++]!;
    this.short = true;
    return 0;
  }

  /** Reads a big-endian 16-bit field. */
  u16(): number {
    return this.u8() << 8 | this.u8();
  }

  /** Reads a big-endian 32-bit field, 0 to 4,294,967,295. */
  u32(): number {
    return (this.u16() << 16 | this.u16()) >>> 0;
  }

  /**
   * Reads bytes.
   *
   * @param count How many.
   * @returns A copy, filled with 0 past the end.
   */
  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(count);
    for (let i = 0; i < count; i++) taken[i] = this.u8();
    return taken;
  }

  /**
   * Passes bytes over.
   *
   * @param count How many.
   */
  skip(count: number): void {
    if (count > this.left) this.short = true;
    this.at = Math.min(this.end, this.at + Math.max(0, count));
  }

  /**
   * Ends the layer after a number of bytes, as its header says.
   *
   * @param count Bytes from here to the end of the layer.
   */
  limit(count: number): void {
    if (count > this.left) this.short = true;
    this.end = Math.min(this.end, this.at + count);
  }
}
