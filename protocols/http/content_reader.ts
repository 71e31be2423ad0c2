/**
 * Takes content off the connection: of a known length, in chunks (RFC 9112, 7.1) or until the connection ends.
 *
 * @module
 */

import type { TcpConnection } from "../tcp.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { COLON, CR, HTAB, LF, OCTETS, SP, TOKEN, VALUE } from "./octets.ts";

/** Digits of the size of one chunk, zeros before it included, and bytes of its extensions. */
const LONGEST = 4096;

// Where in the chunked coding the next octet stands. What follows DATA_LF is the trailer section.
const SIZE = 0;
const SIZE_DIGITS = 1;
const SIZE_SPACE = 2;
const EXTENSION = 3;
const SIZE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const LINE = 8;
const NAME = 9;
const FIELD = 10;
const LINE_LF = 11;
const LAST_LF = 12;
// Within an extension, after its semicolon.
const EXTENSION_NAME = 13;
const EXTENSION_SPACE = 14;
const EXTENSION_IS = 15;
const EXTENSION_VALUE = 16;
const QUOTED = 17;
const QUOTED_PAIR = 18;
const EXTENSION_END = 19;
const WRONG = 20;

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
  readonly #maxTrailer: number;
  readonly #framing: number;
  /** Bytes left: of the content, or of this chunk. */
  #left: number;
  /** Bytes read. */
  #total: number = 0;
  #state: number;
  /** Bytes of this line of the coding, or of all trailer fields. */
  #line: number = 0;

  /**
   * Makes a reader.
   *
   * @param connection Where from.
   * @param length Bytes; or {@linkcode CHUNKED}, {@linkcode UNTIL_CLOSE}.
   * @param maxContent Bytes of content that are read.
   * @param maxTrailer Bytes of trailer fields that are read.
   */
  constructor(connection: TcpConnection, length: number, maxContent: number, maxTrailer: number) {
    this.#connection = connection;
    this.#framing = length;
    this.#maxContent = maxContent;
    this.#maxTrailer = maxTrailer;
    this.#left = length === UNTIL_CLOSE ? Infinity : length === CHUNKED ? 0 : length;
    this.#state = length === CHUNKED ? SIZE : DATA;
    this.ended = length === 0;
  }

  /** Bytes that are left as far as is known; infinity when it is not. */
  get left(): number {
    return this.ended ? 0 : this.#framing === CHUNKED ? Infinity : this.#left;
  }

  /** Whether nothing has come of it yet. */
  get untouched(): boolean {
    return this.#total === 0 && this.#state !== SIZE_DIGITS && this.#connection.readable === 0;
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
      let used = 0;
      if (this.#state === DATA) {
        if (at === room) break;
        used = Math.min(run.length, this.#left, room - at);
        if (target) target.set(used === run.length ? run : run.subarray(0, used), at);
        at += used;
        this.#left -= used;
        this.#total += used;
        if (this.#left === 0) {
          if (this.#framing === CHUNKED) this.#state = DATA_CR;
          else this.ended = true;
        }
        if (this.#total > this.#maxContent) this.#fail(413, "largeContent");
      } else used = this.#decode(run);
      connection.consume(used);
    }
    return at - start;
  }

  #fail(status: number, reason: string): void {
    this.status = status;
    this.reason = reason;
  }

  /** Reads the coding up to the next data; returns how many bytes it used. */
  #decode(run: Uint8Array): number {
    let at = 0;
    while (at < run.length && this.#state !== DATA && !this.ended && !this.reason) this.#octet(run[at++]!);
    return at;
  }

  #octet(octet: number): void {
    switch (this.#state) {
      case SIZE:
      case SIZE_DIGITS: {
        const digit = octet >= 48 && octet <= 57
          ? octet - 48
          : octet >= 65 && octet <= 70 || octet >= 97 && octet <= 102
          ? (octet & 31) + 9
          : -1;
        if (digit >= 0) {
          this.#left = this.#left * 16 + digit;
          this.#state = SIZE_DIGITS;
          if (++this.#line > LONGEST || this.#left > Number.MAX_SAFE_INTEGER) this.#fail(400, "chunk");
        } else if (this.#state === SIZE) this.#fail(400, "chunk");
        else {
          this.#line = 0;
          this.#state = nextInExtension(EXTENSION_END, octet);
          if (this.#state === WRONG) this.#fail(400, "chunk");
        }
        return;
      }
      case LINE:
      case NAME:
      case FIELD:
      case LINE_LF:
      case LAST_LF:
        return this.#trailer(octet);
      case SIZE_LF:
        if (octet !== LF) return this.#fail(400, "chunk");
        this.#line = 0;
        this.#state = this.#left === 0 ? LINE : DATA;
        // A chunk that is too much is refused before it comes.
        if (this.#total + this.#left > this.#maxContent) this.#fail(413, "largeContent");
        return;
      case DATA_CR:
        if (octet !== CR) return this.#fail(400, "chunk");
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        if (octet !== LF) return this.#fail(400, "chunk");
        this.#state = SIZE;
        return;
      default:
        this.#state = nextInExtension(this.#state, octet);
        if (++this.#line > LONGEST || this.#state === WRONG) this.#fail(400, "chunk");
    }
  }

  /** Trailer fields are read as strictly as all others, and dropped (RFC 9110, 6.5.1). */
  #trailer(octet: number): void {
    if (++this.#line > this.#maxTrailer) return this.#fail(431, "trailer");
    switch (this.#state) {
      case LINE:
        if (octet === CR) this.#state = LAST_LF;
        else if (OCTETS[octet]! & TOKEN) this.#state = NAME;
        else this.#fail(400, "trailer");
        return;
      case NAME:
        if (octet === COLON) this.#state = FIELD;
        else if (!(OCTETS[octet]! & TOKEN)) this.#fail(400, "trailer");
        return;
      case FIELD:
        if (octet === CR) this.#state = LINE_LF;
        else if (!(OCTETS[octet]! & VALUE)) this.#fail(400, "trailer");
        return;
      case LINE_LF:
        if (octet === LF) this.#state = LINE;
        else this.#fail(400, "trailer");
        return;
      default:
        if (octet === LF) this.ended = true;
        else this.#fail(400, "trailer");
    }
  }
}

/**
 * Reads extensions of a chunk (RFC 9112, 7.1.1), which nobody has ever needed. Space is bad around their separators, and no
 * more than bad (RFC 9110, 5.6.3); elsewhere it is wrong.
 *
 * @returns The next state.
 */
function nextInExtension(state: number, octet: number): number {
  const space = octet === SP || octet === HTAB;
  const token = (OCTETS[octet]! & TOKEN) !== 0;
  switch (state) {
    case QUOTED:
      if (octet === 34) return EXTENSION_END;
      if (octet === 92) return QUOTED_PAIR;
      return OCTETS[octet]! & VALUE ? QUOTED : WRONG;
    case QUOTED_PAIR:
      return OCTETS[octet]! & VALUE ? QUOTED : WRONG;
    case EXTENSION:
      return token ? EXTENSION_NAME : space ? EXTENSION : WRONG;
    case EXTENSION_IS:
      if (octet === 34) return QUOTED;
      return token ? EXTENSION_VALUE : space ? EXTENSION_IS : WRONG;
  }
  if (octet === 59) return EXTENSION;
  const named = state === EXTENSION_NAME || state === EXTENSION_SPACE;
  if (octet === 61 && named) return EXTENSION_IS;
  if (space) return named ? EXTENSION_SPACE : SIZE_SPACE;
  // The size, a name or a value goes on or ends; after space it does not.
  if (state === SIZE_SPACE || state === EXTENSION_SPACE) return WRONG;
  if (octet === CR) return SIZE_LF;
  return token && state !== EXTENSION_END ? state : WRONG;
}
