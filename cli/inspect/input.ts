/**
 * Where captures come from: files, gzip'd ones too, standard input, and files that grow.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CaptureError } from "../../core/capture/capture_error.ts";
import { CaptureReader } from "../../core/capture/capture_reader.ts";

/** Milliseconds between two looks at a file that grows. */
const LOOK = 100;
/** Bytes after which signals and timers have their turn. */
const TURN = 64_000_000;

/** What hears of a capture as it is read. */
export interface InputListener {
  /** Hears of a packet, the reader at it. */
  packet(reader: CaptureReader): void;
  /** Hears that all of the file that is there was read, for now. */
  idle?(): void;
  /** Hears how far the reading is: bytes read, and bytes of the file or 0 where that is not known. */
  progress?(read: number, size: number): void;
}

/** How to read. */
export interface InputOptions {
  /** Whether to wait for more at the end of the file. */
  readonly follow?: boolean;
  /** Ends the reading; what was read counts. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a capture.
 *
 * @param path The file; `"-"` is standard input.
 * @param listener What hears of it.
 * @param options How.
 * @returns The reader at the end; its `error` tells of damage.
 * @throws {Error} When the file cannot be opened or read.
 */
export async function readInput(
  path: string,
  listener: InputListener,
  options: InputOptions = {},
): Promise<CaptureReader> {
  const reader = new CaptureReader();
  reader.customBlocks = true;
  if (path === "-") {
    await pump(process.stdin, reader, listener, options.signal);
    return reader;
  }
  const file = open(path);
  const stat = fstatSync(file);
  if (stat.isFile() && !isGzip(file)) {
    await readFile(file, stat.size, reader, listener, options);
    return reader;
  }
  await pump(createReadStream("", { fd: file, highWaterMark: 1 << 18 }), reader, listener, options.signal, stat.size);
  return reader;
}

function open(path: string): number {
  try {
    // A directory opens, and fails only where it is read.
    if (statSync(path).isDirectory()) throw new Error("it is a directory");
    return openSync(path, "r");
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Reads a file with as few copies as there can be. */
async function readFile(
  file: number,
  size: number,
  reader: CaptureReader,
  listener: InputListener,
  { follow = false, signal }: InputOptions,
): Promise<void> {
  let read = 0;
  let turn = TURN;
  while (!signal?.aborted && !reader.error) {
    const count = readSync(file, reader.room(), { position: read });
    if (count === 0) {
      listener.idle?.();
      if (!follow) break;
      await sleep(LOOK, signal);
      continue;
    }
    reader.filled(count);
    read += count;
    drain(reader, listener);
    if (read >= turn) {
      turn += TURN;
      listener.progress?.(read, size);
      await sleep(0, signal);
    }
  }
  finish(reader, listener);
}

/** Reads a stream, and unpacks it when it is packed. */
async function pump(
  stream: Readable,
  reader: CaptureReader,
  listener: InputListener,
  signal?: AbortSignal,
  size: number = 0,
): Promise<void> {
  let read = 0;
  let source: AsyncIterable<Uint8Array> = stream;
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  // The first bytes tell whether it is packed.
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  source = follow(head, chunks, (count) => read += count);
  try {
    for await (const chunk of packed ? unpack(source) : source) {
      feed(reader, chunk, listener);
      listener.progress?.(read, size);
      if (signal?.aborted || reader.error) break;
    }
  } catch (error) {
    if (!packed || reader.error) throw error;
    drain(reader, listener);
    const there = reader.base + reader.limit;
    reader.error = new CaptureError(`The gzip data is damaged or cut after ${there} bytes of the capture`, there);
  }
  listener.idle?.();
  finish(reader, listener);
}

async function* follow(
  head: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  count(head.length);
  yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    count(next.value.length);
    yield next.value;
  }
}

/** Unpacks gzip. */
async function* unpack(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const writing = (async () => {
    try {
      for await (const chunk of source) {
        if (!gunzip.write(chunk)) await new Promise<void>((resolve) => void gunzip.once("drain", resolve));
      }
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  })();
  yield* gunzip as AsyncIterable<Uint8Array>;
  await writing;
}

function feed(reader: CaptureReader, chunk: Uint8Array, listener: InputListener): void {
  for (let at = 0; at < chunk.length && !reader.error;) {
    const room = reader.room();
    const count = Math.min(room.length, chunk.length - at);
    room.set(chunk.subarray(at, at + count));
    reader.filled(count);
    at += count;
    drain(reader, listener);
  }
}

function drain(reader: CaptureReader, listener: InputListener): void {
  while (reader.next()) listener.packet(reader);
}

/** Looks for what the end of the file cuts. */
function finish(reader: CaptureReader, listener: InputListener): void {
  reader.finish();
  drain(reader, listener);
}

function isGzip(file: number): boolean {
  const head = new Uint8Array(2);
  return readSync(file, head, { position: 0 }) === 2 && head[0] === 0x1f && head[1] === 0x8b;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    }
    signal?.addEventListener("abort", end);
  });
}
