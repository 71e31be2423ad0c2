/**
 * TCP sockets of the host in the shape of ours, so that one program runs over both: Deno's own in Deno, `node:net`
 * elsewhere.
 *
 * @module
 */

import { connect, createServer, type Socket } from "node:net";

/** What the programs here use of a connection. */
export interface BulkConn {
  /** Reads bytes as they come; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes bytes; tells how many were taken. */
  write(data: Uint8Array): Promise<number>;
  /** Closes our direction. */
  closeWrite(): Promise<void>;
  /** Closes both. */
  close(): void;
}

/** Where connections come from and go to. */
export interface BulkTcp {
  /** Accepts connections on a port. */
  listen(options: { readonly port: number; readonly hostname?: string }): AsyncIterable<BulkConn>;
  /** Opens a connection. */
  connect(options: { readonly port: number; readonly hostname: string }): Promise<BulkConn>;
}

/** A socket of `node:net` in the shape of `Deno.Conn`. */
class NodeConn implements BulkConn {
  readonly #socket: Socket;
  #ended: boolean = false;
  #error: Error | null = null;
  #rest: Uint8Array | null = null;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#wake();
    });
  }

  async read(target: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk: Uint8Array | null = this.#rest ?? this.#socket.read();
      if (chunk) {
        const size = Math.min(chunk.length, target.length);
        target.set(size < chunk.length ? chunk.subarray(0, size) : chunk);
        this.#rest = size < chunk.length ? chunk.subarray(size) : null;
        return size;
      }
      if (this.#error) throw this.#error;
      if (this.#ended || this.#socket.destroyed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#socket.write(data)) resolve(data.length);
      else if (this.#socket.destroyed) reject(this.#error ?? new Error("The socket is closed"));
      else this.#socket.once("drain", () => resolve(data.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }
}

const nodeTcp: BulkTcp = {
  async *listen({ port, hostname = "0.0.0.0" }) {
    const sockets: Socket[] = [];
    let wake = (): void => {};
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      sockets.push(socket);
      wake();
    }).listen(port, hostname);
    for (;;) {
      const socket = sockets.shift();
      if (socket) yield new NodeConn(socket);
      else await new Promise<void>((resolve) => wake = resolve);
    }
  },
  connect: ({ port, hostname }) =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: hostname, noDelay: true, allowHalfOpen: true }, () => {
        socket.off("error", reject);
        resolve(new NodeConn(socket));
      });
      socket.once("error", reject);
    }),
};

const denoTcp: BulkTcp = {
  listen: (options) => Deno.listen(options),
  connect: (options) => Deno.connect(options),
};

/** The host's TCP. */
export const hostTcp: BulkTcp = "Deno" in globalThis ? denoTcp : nodeTcp;
