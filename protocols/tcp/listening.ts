/**
 * Listeners with promises, in the shape of `Deno.TcpListener`.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { TcpConn, TcpListener, TcpListenOptions, TcpNetAddr } from "../tcp.ts";
import { Conn } from "./conn.ts";
import type { Listener } from "./listener.ts";
import type { PassiveLayer } from "./passive.ts";

/** A port that accepts, in the shape of `Deno.TcpListener`. */
export class Listening implements TcpListener {
  readonly #listener: Listener;
  /** Connections that nobody has taken. */
  readonly #ready: Conn[] = [];
  /** Who waits for one. */
  readonly #waiters: { resolve(conn: Conn): void; reject(error: NetError): void }[] = [];

  /**
   * Opens a port.
   *
   * @param layer The TCP layer.
   * @param options Where.
   */
  constructor(layer: PassiveLayer, options: TcpListenOptions) {
    this.#listener = layer.accept(options, (connection) => {
      this.#ready.push(new Conn(connection));
      this.#match();
      return connection.user;
    });
    this.#listener.onClose = () => {
      for (const conn of this.#ready.splice(0)) conn.abort();
      this.#match();
    };
  }

  /** Hands connections to those who wait. */
  #match(): void {
    const ready = this.#ready;
    const waiters = this.#waiters;
    while (ready.length > 0 && waiters.length > 0) waiters.shift()!.resolve(ready.shift()!);
    this.#listener.waiting = ready.length;
    if (!this.#listener.closed) return;
    for (const { reject } of waiters.splice(0)) {
      reject(new NetError("ECONNABORTED", "Cannot accept: the listener was closed"));
    }
  }

  /** Where it accepts. */
  get addr(): TcpNetAddr {
    return { transport: "tcp", ...this.#listener.local };
  }

  /** Waits for the next connection. */
  accept(): Promise<TcpConn> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#match();
    });
  }

  /** Stops accepting, and resets connections that nobody has taken. */
  close(): void {
    this.#listener.close();
  }

  /** Does nothing: a stack keeps the process alive while it runs. */
  ref(): void {}
  /** Does nothing: a stack keeps the process alive while it runs. */
  unref(): void {}

  /** Every connection, until the listener closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpConn> {
    for (;;) {
      const conn = await this.accept().catch(() => null);
      if (!conn) return;
      yield conn;
    }
  }

  /** Stops accepting. */
  [Symbol.dispose](): void {
    this.close();
  }
}
