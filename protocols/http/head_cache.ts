/**
 * Heads that came before. Clients send the same head again and again, and to compare bytes costs a tenth of reading them.
 *
 * @module
 */

import type { RequestHead } from "./request_head.ts";

/** Heads kept; a power of two. */
const PLACES = 64;
/** Bytes of a head that is kept. */
const LONGEST = 1024;

/** A head, and its octets. */
interface Place {
  readonly bytes: Uint8Array;
  length: number;
  head: RequestHead;
}

/** Heads that came before, one for each length. */
export class HeadCache {
  /** Bytes of the head that was found last. */
  length: number = 0;
  readonly #places: (Place | null)[] = new Array(PLACES).fill(null);

  /**
   * Looks for the head that bytes begin with.
   *
   * @param bytes The bytes.
   * @param guess How long the head may be; all of them, where requests come alone and without content.
   * @returns The head, with `length` set; null when it has to be read.
   */
  find(bytes: Uint8Array, guess: number): RequestHead | null {
    const place = this.#places[guess & PLACES - 1]!;
    if (!place) return null;
    const { length } = place;
    if (length > bytes.length) return null;
    const kept = place.bytes;
    for (let i = 0; i < length; i++) if (bytes[i] !== kept[i]) return null;
    this.length = length;
    return place.head;
  }

  /**
   * Keeps a head, unless it is too long.
   *
   * @param bytes Bytes that begin with it; they are copied.
   * @param length How many are the head's.
   * @param head The head.
   */
  keep(bytes: Uint8Array, length: number, head: RequestHead): void {
    if (length > LONGEST) return;
    const at = length & PLACES - 1;
    const place = this.#places[at] ??= { bytes: new Uint8Array(LONGEST), length, head };
    place.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length));
    place.length = length;
    place.head = head;
  }
}
