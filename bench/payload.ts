/**
 * Payload that tells where in its stream it stands, so that a receiver can verify every byte.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { seededRandom } from "@bonsai/net";

/** Bytes after which the stream repeats itself; fits no segment, buffer or power of two. */
const PERIOD = 1_000_003;
/** Bytes that are written or read at once, at most. */
export const CHUNK = 65_536;

/** One period and the beginning of the next, so that every chunk lies in one piece. */
const STREAM: Uint8Array<ArrayBuffer> = stream();

function stream(): Uint8Array<ArrayBuffer> {
  const random = seededRandom(1);
  const bytes = new Uint8Array(PERIOD + CHUNK);
  for (let i = 0; i < PERIOD; i++) bytes[i] = random();
  bytes.copyWithin(PERIOD, 0, CHUNK);
  return bytes;
}

/** The stream, as its sender sees it. */
export class Source {
  #at: number = 0;

  /** The next chunk. */
  next(): Uint8Array<ArrayBuffer> {
    return STREAM.subarray(this.#at, this.#at + CHUNK);
  }

  /** Moves on past what was taken. */
  advance(size: number): void {
    this.#at = (this.#at + size) % PERIOD;
  }
}

/** The stream, as its receiver expects it. */
export class Verifier {
  /** Bytes that were right. */
  verified: number = 0;

  /** Compares what came, byte by byte. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const size = Math.min(bytes.length - at, CHUNK);
      const from = this.verified % PERIOD;
      const got = Buffer.from(bytes.buffer, bytes.byteOffset + at, size);
      if (!got.equals(STREAM.subarray(from, from + size))) {
        throw new Error(`Payload is wrong within the ${size} bytes from byte ${this.verified} on`);
      }
      at += size;
      this.verified += size;
    }
  }
}
