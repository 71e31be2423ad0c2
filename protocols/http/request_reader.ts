/**
 * Takes the heads of requests off a connection (RFC 9112, 2.2 to 5).
 *
 * @module
 */

import type { TcpConnection } from "../tcp.ts";
import { HeadBuffer } from "./head_buffer.ts";
import { INCOMPLETE, parseRequestHead } from "./head_parser.ts";
import { decodeOctets } from "./octets.ts";
import { readRequestHead, type RequestHead } from "./request_head.ts";
import type { ServerShared } from "./server_shared.ts";

/** Reads the heads of requests. */
export class RequestReader {
  readonly #server: ServerShared;
  readonly #tcp: TcpConnection;
  readonly #held: HeadBuffer = new HeadBuffer();
  /** Bytes of the last head. */
  #last: number = 0;

  /**
   * Makes a reader.
   *
   * @param server What the connections share.
   * @param tcp Where from.
   */
  constructor(server: ServerShared, tcp: TcpConnection) {
    this.#server = server;
    this.#tcp = tcp;
  }

  /** Whether nothing has come since the last head. */
  get empty(): boolean {
    return this.#held.size === 0;
  }

  /** Whether a head has begun: more has come than the empty lines that may stand before it. */
  get begun(): boolean {
    return this.#held.begun;
  }

  /** The method of a head that is refused, as far as it matters: HEAD or not. */
  get method(): string {
    return /^[\r\n]*HEAD /.test(decodeOctets(this.#held.bytes.subarray(0, 32), false)) ? "HEAD" : "";
  }

  /**
   * Reads a head.
   *
   * @returns The head; {@linkcode INCOMPLETE} when more of it must come; or the status to refuse it with, negative, whose
   * reason the parser knows.
   */
  read(): RequestHead | number {
    const { parser, heads } = this.#server;
    const tcp = this.#tcp;
    const held = this.#held;
    if (held.size === 0) {
      const run = tcp.peek();
      const known = heads.find(run, run.length) ?? heads.find(run, this.#last);
      if (known) {
        tcp.consume(heads.length);
        return known;
      }
    }
    const length = held.read(tcp, parser, parseRequestHead);
    if (length <= INCOMPLETE) return length;
    const head = readRequestHead(parser, held.bytes, length);
    if (typeof head === "number") return head;
    heads.keep(held.bytes, length, head);
    this.#last = length;
    held.done(tcp, length);
    return head;
  }

  /** Drops what it holds. */
  clear(): void {
    this.#held.clear();
  }
}
