/**
 * The bytes of one direction of a TCP conversation.
 *
 * @module
 */

/** Segments kept that arrived before their turn. */
const PENDING = 1024;

/** Puts payloads together up to the first hole; what arrives first wins. */
export class Stream {
  /** Bytes put together. */
  length: number = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #pending: { at: number; bytes: Uint8Array }[] = [];

  /**
   * Adds a payload.
   *
   * @param distance Sequence number of its first byte, less that of the stream's first byte, as an int32.
   * @param bytes The payload; copied.
   * @param most Bytes that the stream may reach; what is beyond them is cut.
   */
  add(distance: number, bytes: Uint8Array, most: number): void {
    // Sequence numbers wrap, the place in the stream does not.
    const at = this.length + (distance - this.length | 0);
    if (at < 0 || at >= most) return;
    if (at > this.length) {
      if (this.#pending.length < PENDING) this.#pending.push({ at, bytes: bytes.slice(0, most - at) });
      return;
    }
    this.#append(at, bytes.subarray(0, most - at));
    for (let i = 0; i < this.#pending.length; i++) {
      const next = this.#pending[i]!;
      if (next.at > this.length) continue;
      this.#pending.splice(i, 1);
      this.#append(next.at, next.bytes);
      i = -1;
    }
  }

  #append(at: number, bytes: Uint8Array): void {
    const fresh = bytes.subarray(this.length - at);
    if (at + bytes.length <= this.length) return;
    const needed = this.length + fresh.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    }
    this.#bytes.set(fresh, this.length);
    this.length = needed;
  }

  /**
   * Shows some of the bytes.
   *
   * @param from The first.
   * @param to One past the last.
   * @returns The bytes, which stay the stream's.
   */
  slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, Math.min(to, this.length));
  }

  /** The bytes, up to the first hole. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
}
