/**
 * A TCP connection over a socket of `node:net`.
 *
 * @module
 */

import type { Socket } from "node:net";
import { NetError } from "../core/net_error.ts";
import type { TcpConn, TcpNetAddr } from "../protocols/tcp.ts";
import { netError } from "./errors.ts";
import { connReadable, connWritable } from "./streams.ts";

/** A connection in the shape of `Deno.TcpConn`. */
export class HostConn implements TcpConn {
  readonly localAddr: TcpNetAddr;
  readonly remoteAddr: TcpNetAddr;
  readonly #socket: Socket;
  readonly #forget: () => void;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #ended: boolean = false;
  #closed: boolean = false;
  #error: NetError | null = null;
  /** Whoever waits for something to read, for room or for the end. */
  #waiters: (() => void)[] = [];

  constructor(socket: Socket, watch: (conn: HostConn) => () => void) {
    this.#socket = socket;
    this.localAddr = end(socket.localAddress, socket.localPort);
    this.remoteAddr = end(socket.remoteAddress, socket.remotePort);
    const wake = (): void => {
      for (const waiter of this.#waiters.splice(0)) waiter();
    };
    socket.on("readable", wake);
    socket.on("drain", wake);
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error) => {
      const { hostname, port } = this.remoteAddr;
      const mapped = netError(error, `The connection to ${hostname} port ${port} is lost`);
      this.#error ??= mapped instanceof NetError ? mapped : new NetError("ECONNRESET", String(error));
      wake();
    });
    this.#forget = watch(this);
    socket.on("close", () => {
      this.#closed = true;
      this.#forget();
      wake();
    });
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= connReadable(this);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= connWritable(this);
  }

  async read(target: Uint8Array): Promise<number | null> {
    if (target.length === 0) return 0;
    for (;;) {
      const most = Math.min(target.length, this.#socket.readableLength);
      const chunk: Uint8Array | null = most > 0 ? this.#socket.read(most) : this.#socket.read(0);
      if (chunk) {
        target.set(chunk);
        return chunk.length;
      }
      if (this.#error) throw this.#error;
      if (this.#ended) return null;
      if (this.#closed) throw this.#over("read");
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async write(data: Uint8Array): Promise<number> {
    if (this.#error) throw this.#error;
    if (this.#closed || this.#socket.writableEnded) throw this.#over("write");
    // The socket keeps what it cannot send, and the caller may change its bytes meanwhile.
    if (!this.#socket.write(data.slice())) {
      while (this.#socket.writableNeedDrain && !this.#closed && !this.#error) {
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
      if (this.#error) throw this.#error;
    }
    return data.length;
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroySoon();
  }

  abort(): void {
    this.#socket.resetAndDestroy();
  }

  setNoDelay(noDelay: boolean = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive: boolean = true): void {
    this.#socket.setKeepAlive(keepAlive);
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #over(what: string): NetError {
    return new NetError("EPIPE", `Cannot ${what}: the connection is closed`);
  }
}

function end(hostname: string | undefined, port: number | undefined): TcpNetAddr {
  return { transport: "tcp", hostname: (hostname ?? "0.0.0.0").replace(/^::ffff:/, ""), port: port ?? 0 };
}
