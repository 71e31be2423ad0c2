/**
 * TCP over Deno's own sockets, which have the shape already: only errors are put into the stack's words.
 *
 * @module
 */

import { NetError } from "../core/net_error.ts";
import type { TcpConn, TcpConnectOptions, TcpListener, TcpListenOptions, TcpNetAddr } from "../protocols/tcp.ts";
import { netError } from "./errors.ts";
import { connReadable, connWritable } from "./streams.ts";
import type { Watch } from "./watch.ts";

/**
 * Opens a connection.
 *
 * @param options Where to.
 * @param watch Takes note of it.
 */
export async function denoConnect(
  { hostname, port, signal }: TcpConnectOptions & { readonly signal?: AbortSignal },
  watch: Watch,
): Promise<TcpConn> {
  try {
    return new DenoConn(await Deno.connect({ hostname, port, ...(signal && { signal }) }), watch);
  } catch (error) {
    throw netError(error, `Cannot connect to ${hostname} port ${port}`);
  }
}

/**
 * Listens on a port.
 *
 * @param options Where.
 * @param watch Takes note of each connection.
 * @param onClose Hears that it was closed.
 */
export function denoListen(
  { port, hostname, backlog }: TcpListenOptions,
  watch: Watch,
  onClose: () => void,
): TcpListener {
  try {
    const listener = Deno.listen({
      port,
      ...(hostname !== undefined && { hostname }),
      ...(backlog !== undefined && { tcpBacklog: backlog }),
    });
    return new DenoListener(listener, watch, onClose);
  } catch (error) {
    throw netError(error, `Cannot listen on TCP port ${port}`);
  }
}

class DenoListener implements TcpListener {
  readonly #inner: Deno.TcpListener;
  readonly #watch: Watch;
  readonly #onClose: () => void;
  #closed: boolean = false;

  constructor(inner: Deno.TcpListener, watch: Watch, onClose: () => void) {
    this.#inner = inner;
    this.#watch = watch;
    this.#onClose = onClose;
  }

  get addr(): TcpNetAddr {
    return this.#inner.addr as TcpNetAddr;
  }

  async accept(): Promise<TcpConn> {
    try {
      return new DenoConn(await this.#inner.accept(), this.#watch);
    } catch (error) {
      const what = `Cannot accept on TCP port ${this.addr.port}`;
      throw this.#closed ? new NetError("EPIPE", `${what}: the listener is closed`) : netError(error, what);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<TcpConn> {
    // Deno's own iteration closes the listener when it is left.
    while (!this.#closed) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#inner.accept();
      } catch (error) {
        if (this.#closed) return;
        throw netError(error, `Cannot accept on TCP port ${this.addr.port}`);
      }
      yield new DenoConn(conn, this.#watch);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inner.close();
    this.#onClose();
  }

  ref(): void {
    this.#inner.ref();
  }

  unref(): void {
    this.#inner.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class DenoConn implements TcpConn {
  readonly #inner: Deno.TcpConn;
  readonly #forget: () => void;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #closed: boolean = false;

  constructor(inner: Deno.TcpConn, watch: Watch) {
    this.#inner = inner;
    this.#forget = watch(this);
  }

  get localAddr(): TcpNetAddr {
    return this.#inner.localAddr as TcpNetAddr;
  }

  get remoteAddr(): TcpNetAddr {
    return this.#inner.remoteAddr as TcpNetAddr;
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= connReadable(this);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= connWritable(this);
  }

  async read(target: Uint8Array): Promise<number | null> {
    try {
      return await this.#inner.read(target);
    } catch (error) {
      throw this.#error(error, "read");
    }
  }

  async write(data: Uint8Array): Promise<number> {
    try {
      return await this.#inner.write(data);
    } catch (error) {
      throw this.#error(error, "write");
    }
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#inner.closeWrite();
    } catch (error) {
      throw this.#error(error, "close");
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inner.close();
    this.#forget();
  }

  /** Deno has no reset: it closes. */
  abort(): void {
    this.close();
  }

  setNoDelay(noDelay: boolean = true): void {
    this.#inner.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive: boolean = true): void {
    this.#inner.setKeepAlive(keepAlive);
  }

  ref(): void {
    this.#inner.ref();
  }

  unref(): void {
    this.#inner.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #error(error: unknown, what: string): unknown {
    if (this.#closed) return new NetError("EPIPE", `Cannot ${what}: the connection is closed`);
    return netError(error, `Cannot ${what}`);
  }
}
