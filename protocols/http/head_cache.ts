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

/** Heads that came before, one for each length. */
export class HeadCache {
  readonly #heads: (RequestHead | null)[] = new Array(PLACES).fill(null);

  /**
   * Looks for the head that bytes begin with.
   *
   * @param bytes The bytes.
   * @param last The head to try first.
   * @returns The head; null when it has to be read.
   */
  find(bytes: Uint8Array, last: RequestHead | null): RequestHead | null {
    if (last && beginsWith(bytes, last.bytes)) return last;
    // Requests without content mostly come alone, so that all bytes are the head's.
    const head = this.#heads[bytes.length & PLACES - 1]!;
    return head && head !== last && beginsWith(bytes, head.bytes) ? head : null;
  }

  /**
   * Keeps a head.
   *
   * @param head The head.
   * @returns Whether it is short enough.
   */
  keep(head: RequestHead): boolean {
    const { length } = head.bytes;
    if (length > LONGEST) return false;
    this.#heads[length & PLACES - 1] = head;
    return true;
  }
}

function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  const { length } = head;
  if (bytes.length < length) return false;
  // What differs mostly does so near the end of the first line, or in the last field.
  for (let i = length - 1; i >= 0; i--) if (bytes[i] !== head[i]) return false;
  return true;
}
