/**
 * The beginning of a head that has not come as a whole.
 *
 * @module
 */

import type { TcpConnection } from "../tcp.ts";
import { type HeadParser, INCOMPLETE } from "./head_parser.ts";

const EMPTY: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** Reads the syntax of a head: of a request or of a response. */
export type ParseHead = (parser: HeadParser, bytes: Uint8Array, end: number) => number;

/** Collects a head from the connection. A head that comes at once is read where it lies. */
export class HeadBuffer {
  /** The bytes that were read last, from the head's first on. */
  bytes: Uint8Array = EMPTY;
  /** Bytes of a head that has not come as a whole. */
  size: number = 0;

  /** Whether more is held than the empty lines that may come before a head. */
  get begun(): boolean {
    return this.bytes.subarray(0, this.size).some((octet) => octet > 32);
  }

  /**
   * Reads what is there.
   *
   * @param connection Where from; it has something to read.
   * @param parser Where it goes.
   * @param parse Reads the syntax.
   * @returns Bytes of the head, which `done` lets go of; `INCOMPLETE`; or the status to refuse it with, negative.
   */
  read(connection: TcpConnection, parser: HeadParser, parse: ParseHead): number {
    const run = connection.peek();
    const before = this.size;
    const size = before === 0 ? run.length : Math.min(before + run.length, parser.most);
    let length: number = INCOMPLETE;
    if (before === 0) {
      this.bytes = run;
      length = parse(parser, run, size);
    } else {
      const added = run.subarray(0, size - before);
      this.#hold(added, before);
      // Without the end of a line nothing is decided: who sends byte by byte is not read from the start each time.
      if (added.length > 64 || size === parser.most || added.some((octet) => octet < 32)) {
        length = parse(parser, this.bytes, size);
      }
    }
    if (length === INCOMPLETE) {
      if (before === 0) {
        this.bytes = EMPTY;
        this.#hold(run, 0);
      }
      this.size = size;
      connection.consume(size - before);
    }
    return length;
  }

  /**
   * Lets go of a head that was read.
   *
   * @param connection Where from.
   * @param length Bytes of the head.
   */
  done(connection: TcpConnection, length: number): void {
    connection.consume(length - this.size);
    this.clear();
  }

  /** Drops what it holds. */
  clear(): void {
    this.bytes = EMPTY;
    this.size = 0;
  }

  #hold(added: Uint8Array, at: number): void {
    if (this.bytes.length < at + added.length) {
      const larger = new Uint8Array(Math.max(at + added.length, 512, at * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
    }
    this.bytes.set(added, at);
  }
}
