/**
 * A stream as the content of a message on its way out: with a length, in chunks or until the connection closes.
 *
 * @module
 */

import { CHUNKED } from "./framing.ts";
import { encodeOctets } from "./octets.ts";
import type { Outbox } from "./outbox.ts";

/** Steps of promises that a stream gets to show that it is over; the hosts' own streams over a text need up to 5. */
const STEPS = 8;

/** What a stream gives. */
export type Reading = ReadableStreamReadResult<Uint8Array>;

/** The first that was read of a stream. */
export interface Beginning {
  /** The reader. */
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What came. */
  readonly chunks: Uint8Array[];
  /** The next reading, where one is under way. */
  readonly next: Promise<Reading> | null;
  /** Whether all has come. */
  readonly ended: boolean;
}

/**
 * Reads what a stream gives at once, so that what is short leaves with its length, in one piece with its head.
 *
 * @param reader The stream's reader.
 * @param most Bytes from which on it is not waited for.
 */
export async function readBeginning(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
): Promise<Beginning> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= most;) {
    const next = reader.read();
    let reading: Reading | null = null;
    let failed: { error: unknown } | null = null;
    next.then((value) => reading = value, (error) => failed = { error });
    for (let step = 0; step < STEPS && !reading && !failed; step++) await null;
    if (failed) throw (failed as { error: unknown }).error;
    if (!reading) return { reader, chunks, next, ended: false };
    const { done, value } = reading as Reading;
    if (done) return { reader, chunks, next: null, ended: true };
    checkChunk(value);
    chunks.push(value);
    size += value.length;
  }
  return { reader, chunks, next: null, ended: false };
}

/**
 * Sends content.
 *
 * @param outbox Where it goes.
 * @param content What was read of it.
 * @param length Bytes; {@linkcode CHUNKED}; or `UNTIL_CLOSE`.
 * @param alive Whether it is still wanted.
 * @returns Whether it was sent to its end.
 * @throws {TypeError} When it is not as long as was said, or is no bytes.
 */
export async function sendContent(
  outbox: Outbox,
  content: Beginning,
  length: number,
  alive: () => boolean,
): Promise<boolean> {
  const { reader, chunks } = content;
  let left = length >= 0 ? length : Infinity;
  let next = content.next;
  for (let i = 0;; i++) {
    let chunk = chunks[i];
    if (!chunk) {
      const { done, value } = await (next ?? reader.read());
      next = null;
      if (!alive()) return false;
      if (done) break;
      checkChunk(value);
      chunk = value;
    }
    left -= chunk.length;
    if (left < 0) throw new TypeError(`Cannot send the body: it is longer than its Content-Length of ${length}`);
    if (chunk.length === 0) continue;
    if (length === CHUNKED) {
      outbox.write(encodeOctets(`${chunk.length.toString(16)}\r\n`));
      outbox.write(chunk);
      outbox.write(encodeOctets("\r\n"));
    } else outbox.write(chunk);
    if (!outbox.empty) await outbox.emptied();
    if (!alive()) return false;
  }
  if (length >= 0 && left > 0) {
    throw new TypeError(`Cannot send the body: it is shorter than its Content-Length of ${length}`);
  }
  if (length === CHUNKED) outbox.write(encodeOctets("0\r\n\r\n"));
  return true;
}

function checkChunk(value: unknown): void {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError("Cannot send the body: a chunk of its stream is no Uint8Array");
  }
}

/** Joins chunks. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
