/**
 * Connections with promises and streams, in the shape of `Deno.TcpConn`.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { TcpConn, TcpConnection, TcpConnectOptions, TcpNetAddr } from "../tcp.ts";
import type { TcpLayer } from "./layer.ts";

/** Bytes that the readable stream hands on at once, at the most. */
const CHUNK = 65_536;

/** A promise that somebody else settles. */
class Waiter {
  #resolve: (() => void) | null = null;

  /** Waits for the next `wake`. */
  wait(): Promise<void> {
    if (this.#resolve) throw new TypeError("Cannot wait twice at the same time: await the first read or write");
    return new Promise((resolve) => this.#resolve = resolve);
  }

  /** Ends the wait, if there is one. */
  wake(): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.();
  }
}

/** A connection in the shape of `Deno.TcpConn`. */
export class Conn implements TcpConn {
  readonly #connection: TcpConnection;
  readonly #canRead: Waiter = new Waiter();
  readonly #canWrite: Waiter = new Waiter();
  #error: NetError | null = null;
  #closedByUs: boolean = false;
  #writeClosed: boolean = false;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;

  /**
   * Wraps a connection, and becomes its user.
   *
   * @param connection The connection.
   */
  constructor(connection: TcpConnection) {
    this.#connection = connection;
    connection.user = {
      readable: () => this.#canRead.wake(),
      writable: () => this.#canWrite.wake(),
      closed: (_, error) => {
        this.#error = error;
        this.#canRead.wake();
        this.#canWrite.wake();
      },
    };
  }

  /** Our end. */
  get localAddr(): TcpNetAddr {
    return { transport: "tcp", ...this.#connection.local };
  }

  /** The other end. */
  get remoteAddr(): TcpNetAddr {
    return { transport: "tcp", ...this.#connection.remote };
  }

  /** Whether there is nothing more to read. */
  #ended(): boolean {
    if (this.#error) throw this.#error;
    return this.#connection.readEnded || this.#connection.closed;
  }

  /** Reads bytes. */
  async read(target: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#closedByUs) throw new NetError("ENOTCONN", "Cannot read: the connection was closed by this side");
      const length = this.#connection.read(target);
      if (length > 0 || target.length === 0) return length;
      if (this.#ended()) return null;
      await this.#canRead.wait();
    }
  }

  /** Writes bytes. */
  async write(data: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#error) throw this.#error;
      if (this.#closedByUs || this.#writeClosed || this.#connection.closed) {
        throw new NetError("EPIPE", "Cannot write: the connection is closed");
      }
      const length = this.#connection.write(data);
      if (length > 0 || data.length === 0) return length;
      await this.#canWrite.wait();
    }
  }

  /** Closes our direction after what was written. */
  closeWrite(): Promise<void> {
    this.#writeClosed = true;
    this.#connection.closeWrite();
    this.#canWrite.wake();
    return Promise.resolve();
  }

  /** Closes both directions. */
  close(): void {
    this.#closedByUs = true;
    this.#connection.close();
    this.#canRead.wake();
    this.#canWrite.wake();
  }

  /** Ends the connection at once with a reset. */
  abort(): void {
    this.#closedByUs = true;
    this.#connection.abort();
  }

  /** What comes in, as a stream; it ends when the peer closes. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        while (this.#connection.readable === 0) {
          if (this.#ended() || this.#closedByUs) return controller.close();
          await this.#canRead.wait();
        }
        const chunk = new Uint8Array(Math.min(this.#connection.readable, CHUNK));
        this.#connection.read(chunk);
        controller.enqueue(chunk);
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  /** What goes out, as a stream; closing it closes our direction. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream<Uint8Array>({
      write: async (chunk) => {
        for (let at = 0; at < chunk.length;) at += await this.write(at === 0 ? chunk : chunk.subarray(at));
      },
      close: () => this.closeWrite(),
      abort: () => this.abort(),
    });
  }

  /** Switches Nagle's algorithm off or on. */
  setNoDelay(noDelay: boolean = true): void {
    this.#connection.setNoDelay(noDelay);
  }

  /** Switches keepalive probes, after two idle hours, on or off (MUST-28). */
  setKeepAlive(keepAlive: boolean = true): void {
    this.#connection.setKeepAlive(keepAlive && 7_200_000);
  }

  /** Does nothing: a stack keeps the process alive while it runs. */
  ref(): void {}
  /** Does nothing: a stack keeps the process alive while it runs. */
  unref(): void {}

  /** Closes both directions. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a connection.
 *
 * @param layer The TCP layer.
 * @param options Where to, and a signal that gives up.
 * @returns The connection, once it is established.
 */
export function connect(
  layer: TcpLayer,
  options: TcpConnectOptions & { readonly signal?: AbortSignal },
): Promise<TcpConn> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const give = (): void => {
      connection.abort();
      reject(signal!.reason);
    };
    const connection = layer.open(options, {
      opened: (opened) => {
        signal?.removeEventListener("abort", give);
        resolve(new Conn(opened));
      },
      closed: (_, error) => {
        signal?.removeEventListener("abort", give);
        reject(error ?? new NetError("ECONNABORTED", "Connection was closed before it was established"));
      },
    });
    signal?.addEventListener("abort", give, { once: true });
  });
}
