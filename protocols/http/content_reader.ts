/**
 * Takes content off the connection: of a known length, in chunks (RFC 9112, 7.1) or until the connection ends.
 *
 * @module
 */

import type { TcpConnection } from "../tcp.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { HeadBuffer } from "./head_buffer.ts";
import { type HeadParser, INCOMPLETE, parseTrailer } from "./head_parser.ts";
import { LF } from "./octets.ts";

/** Octets of the line before a chunk, zeros before the size and extensions included. */
const LONGEST = 4096;

/**
 * The line before a chunk, without its LF: the size, and extensions that nobody has ever needed (RFC 9112, 7.1.1). Space is
 * bad around their separators, and no more than bad (RFC 9110, 5.6.3); elsewhere it is wrong.
 */
const CHUNK_LINE =
  /^([\da-f]+)(?:[ \t]*;[ \t]*[!#-'*+.^`|~\w-]+(?:[ \t]*=[ \t]*(?:[!#-'*+.^`|~\w-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*\r$/i;

// Where in the content the next octet stands.
const SIZE = 0;
const DATA = 1;
const DATA_END = 2;
const TRAILER = 3;

/** Reads the content of one message. */
export class ContentReader {
  /** Whether all was read. */
  ended: boolean;
  /** What is wrong with it, as the counters name it; empty while nothing is. */
  reason: string = "";
  /** The status to refuse it with. */
  status: number = 400;
  readonly #connection: TcpConnection;
  readonly #maxContent: number;
  readonly #parser: HeadParser;
  readonly #framing: number;
  /** Bytes left: of the content, or of this chunk. */
  #left: number;
  /** Bytes read. */
  #total: number = 0;
  #state: number;
  /** What has come of a line of the coding. */
  #line: string = "";
  #trailer: HeadBuffer | null = null;

  /**
   * Makes a reader.
   *
   * @param connection Where from.
   * @param length Bytes; or {@linkcode CHUNKED}, {@linkcode UNTIL_CLOSE}.
   * @param maxContent Bytes of content that are read.
   * @param parser Reads the trailer fields, which its limits hold for.
   */
  constructor(connection: TcpConnection, length: number, maxContent: number, parser: HeadParser) {
    this.#connection = connection;
    this.#framing = length;
    this.#maxContent = maxContent;
    this.#parser = parser;
    this.#left = length === UNTIL_CLOSE ? Infinity : length === CHUNKED ? 0 : length;
    this.#state = length === CHUNKED ? SIZE : DATA;
    this.ended = length === 0;
  }

  /** Bytes that are left as far as is known; infinity when it is not. */
  get left(): number {
    return this.ended ? 0 : this.#framing === CHUNKED ? Infinity : this.#left;
  }

  /** Bytes that have come, those of the coding included. */
  get available(): number {
    return this.#connection.readable;
  }

  /** Whether nothing has come of it yet. */
  get untouched(): boolean {
    return this.#total === 0 && this.#line === "" && this.available === 0;
  }

  /**
   * Reads what is there.
   *
   * @param target Where to; null drops it.
   * @param at The first byte there.
   * @returns How many bytes of content came; at the end `ended` is true, and for a malformed one there is a `reason`.
   */
  read(target: Uint8Array | null, at: number = 0): number {
    const connection = this.#connection;
    const start = at;
    const room = target ? target.length : Infinity;
    while (!this.ended && !this.reason) {
      const run = connection.peek();
      if (run.length === 0) {
        if (connection.readEnded || connection.closed) {
          if (this.#framing === UNTIL_CLOSE && !connection.error) this.ended = true;
          else this.#fail(400, "incomplete");
        }
        break;
      }
      if (this.#state === DATA) {
        if (at === room) break;
        const used = Math.min(run.length, this.#left, room - at);
        if (target) target.set(used === run.length ? run : run.subarray(0, used), at);
        at += used;
        this.#left -= used;
        this.#total += used;
        if (this.#left === 0) {
          if (this.#framing === CHUNKED) this.#state = DATA_END;
          else this.ended = true;
        }
        if (this.#total > this.#maxContent) this.#fail(413, "largeContent");
        connection.consume(used);
      } else if (this.#state === TRAILER) this.#readTrailer();
      else connection.consume(this.#readLine(run));
    }
    return at - start;
  }

  #fail(status: number, reason: string): void {
    this.status = status;
    this.reason = reason;
  }

  /** Reads the line before a chunk, or the one that ends its data; returns how many bytes it used. */
  #readLine(run: Uint8Array): number {
    const most = this.#state === SIZE ? LONGEST : 1;
    let at = 0;
    while (at < run.length) {
      const octet = run[at++]!;
      if (octet === LF) {
        const line = this.#line;
        this.#line = "";
        if (this.#state === SIZE) this.#begin(CHUNK_LINE.exec(line));
        else if (line === "\r") this.#state = SIZE;
        else this.#fail(400, "chunk");
        break;
      }
      this.#line += String.fromCharCode(octet);
      if (this.#line.length > most) {
        this.#fail(400, "chunk");
        break;
      }
    }
    return at;
  }

  /** Begins a chunk; the last one has no data, and the trailer section follows. */
  #begin(line: RegExpExecArray | null): void {
    this.#left = line ? parseInt(line[1]!, 16) : Infinity;
    this.#state = this.#left === 0 ? TRAILER : DATA;
    if (this.#left > Number.MAX_SAFE_INTEGER) this.#fail(400, "chunk");
    // A chunk that is too much is refused before it comes.
    else if (this.#total + this.#left > this.#maxContent) this.#fail(413, "largeContent");
  }

  /** Trailer fields are read as strictly as all others, and dropped (RFC 9110, 6.5.1). */
  #readTrailer(): void {
    const held = this.#trailer ??= new HeadBuffer();
    const length = held.read(this.#connection, this.#parser, parseTrailer);
    if (length === INCOMPLETE) return;
    if (length < 0) return this.#fail(-length, "trailer");
    held.done(this.#connection, length);
    this.ended = true;
  }
}
