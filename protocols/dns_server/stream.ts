/**
 * DNS over TCP, the server's side (RFC 1035, 4.2.2; RFC 7766): many queries in one connection, each after its length.
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { TcpConnection, TcpUser } from "../tcp.ts";

/** Milliseconds after which an idle connection is closed (RFC 7766, 6.2.3). */
const IDLE = 10_000;
/** Bytes of answers that may wait before no more queries are read. */
const MOST_WAITING = 262_144;

/** Answers one query. */
export type OnQuery = (query: Uint8Array, answer: (bytes: Uint8Array) => void) => void;

/** One connection. */
export class DnsStream implements TcpUser {
  readonly #core: Core;
  readonly #onQuery: OnQuery;
  readonly #idle: Timer;
  #received: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Bytes of answers that TCP has not taken yet. */
  #waiting: Uint8Array[] = [];
  #size: number = 0;
  /** Queries that are not answered yet. */
  #asked: number = 0;

  /**
   * Serves a connection.
   *
   * @param core The core.
   * @param connection The connection.
   * @param onQuery Answers a query.
   */
  constructor(core: Core, connection: TcpConnection, onQuery: OnQuery) {
    this.#core = core;
    this.#onQuery = onQuery;
    this.#idle = new Timer(() => connection.close());
    core.timers.arm(this.#idle, core.now() + IDLE);
  }

  /** Reads queries. */
  readable(connection: TcpConnection): void {
    while (connection.readable > 0 && this.#size < MOST_WAITING) {
      const more = connection.peek();
      const all = new Uint8Array(this.#received.length + more.length);
      all.set(this.#received);
      all.set(more, this.#received.length);
      connection.consume(more.length);
      let at = 0;
      for (;;) {
        const end = at + 2 + (all[at]! << 8 | all[at + 1]!);
        if (at + 2 > all.length || end > all.length) break;
        this.#asked++;
        this.#onQuery(all.subarray(at + 2, end), (bytes) => this.#answer(connection, bytes));
        at = end;
      }
      this.#received = all.slice(at);
    }
    this.#core.timers.arm(this.#idle, this.#core.now() + IDLE);
    this.#end(connection);
  }

  /** Sends what had to wait, and reads on. */
  writable(connection: TcpConnection): void {
    this.#flush(connection);
    this.readable(connection);
  }

  /** The connection is over. */
  closed(): void {
    this.#idle.deadline = Infinity;
  }

  #answer(connection: TcpConnection, bytes: Uint8Array): void {
    this.#asked--;
    if (connection.closed) return;
    const framed = new Uint8Array(2 + bytes.length);
    framed.set([bytes.length >> 8, bytes.length]);
    framed.set(bytes, 2);
    this.#size += framed.length;
    this.#waiting.push(framed);
    this.#flush(connection);
    this.#end(connection);
  }

  #flush(connection: TcpConnection): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const taken = connection.write(next);
      this.#size -= taken;
      if (taken < next.length) {
        this.#waiting[0] = next.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
  }

  /** Closes our direction too, once every query is answered. */
  #end(connection: TcpConnection): void {
    if (connection.readEnded && this.#asked === 0 && this.#size === 0) connection.closeWrite();
  }
}
