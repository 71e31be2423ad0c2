/**
 * Opens a stack to the host: accepts on a port of the kernel's, and carries each connection into the stack.
 *
 * `node:net` is the one API for sockets of the kernel that Deno and Bun share and that tells everything which must be
 * passed on: back-pressure, half-close and reset.
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";
import type { NetError } from "../../core/net_error.ts";
import type { Tcp, TcpConnection, TcpEndpoint, TcpUser } from "../../protocols/tcp.ts";

/** Where to accept, where to connect to, and who hears of it. */
export interface ForwardOptions {
  /** Port on 127.0.0.1; a free one for 0. */
  readonly port: number;
  /** The stack that connects. */
  readonly tcp: Tcp;
  /** Where it connects to. */
  readonly target: TcpEndpoint;
  /** Hears of each connection. */
  readonly onOpen?: (carried: Carried) => void;
  /** Hears of its end. */
  readonly onClose?: (carried: Carried) => void;
}

/** A connection of the host's and one of the stack's, each the continuation of the other. */
export class Carried implements TcpUser {
  /** The program that connected to the host. */
  readonly client: TcpEndpoint;
  /** The stack's own connection. */
  readonly connection: TcpConnection;
  /** When it was accepted, in milliseconds of `performance.now()`. */
  readonly since: number = performance.now();
  /** Bytes carried from the host into the stack. */
  up: number = 0;
  /** Bytes carried from the stack to the host. */
  down: number = 0;
  /** Why it ended, where that was no orderly close. */
  error: Error | null = null;
  readonly #socket: Socket;
  readonly #onClose: (carried: Carried) => void;
  /** What the stack had no room for; the host is not read meanwhile. */
  #rest: Uint8Array | null = null;
  /** Whether the host's buffer is full; the stack is not read meanwhile. */
  #full: boolean = false;
  #socketClosed: boolean = false;
  #connectionClosed: boolean = false;
  #over: boolean = false;

  /**
   * Joins a socket to a connection that it opens.
   *
   * @param socket The host's socket.
   * @param options Where to connect to.
   */
  constructor(socket: Socket, { tcp, target, onClose }: ForwardOptions) {
    this.client = { hostname: socket.remoteAddress ?? "127.0.0.1", port: socket.remotePort ?? 0 };
    this.connection = tcp.open(target, this);
    // Whoever writes has waited as long as it wanted to already.
    this.connection.setNoDelay(true);
    this.#socket = socket;
    this.#onClose = onClose ?? (() => {});
    socket.on("data", (data) => this.#send(data));
    socket.on("end", () => this.#hostEnded());
    socket.on("drain", () => {
      this.#full = false;
      this.readable(this.connection);
    });
    socket.on("error", (error) => this.error ??= error);
    socket.on("close", () => this.#hostClosed());
  }

  /** Host to stack: what does not fit waits, and the host with it. */
  #send(data: Uint8Array): void {
    const taken = this.connection.write(data);
    this.up += taken;
    if (taken === data.length) return;
    this.#rest = data.subarray(taken);
    this.#socket.pause();
  }

  /** The stack has room again. */
  writable(): void {
    const rest = this.#rest;
    if (!rest) return;
    this.#rest = null;
    this.#send(rest);
    // The end that was read meanwhile comes after the rest.
    if (!this.#rest && this.#socket.readableEnded) this.connection.closeWrite();
    else if (!this.#rest) this.#socket.resume();
  }

  #hostEnded(): void {
    if (!this.#rest) this.connection.closeWrite();
  }

  /** Stack to host: what is there, until the host's buffer is full; then the peer's window closes. */
  readable(connection: TcpConnection): void {
    if (this.#socketClosed) return;
    while (connection.readable > 0 && !this.#full) {
      // The socket keeps what it is given until it is sent.
      const data = connection.peek().slice();
      connection.consume(data.length);
      this.down += data.length;
      this.#full = !this.#socket.write(data);
    }
    if (connection.readEnded && !this.#full) this.#socket.end();
  }

  /** The stack's connection is over. */
  closed(connection: TcpConnection, error: NetError | null): void {
    this.#connectionClosed = true;
    if (error) {
      this.error ??= error;
      this.#socket.resetAndDestroy();
    } else this.readable(connection);
    this.#finish();
  }

  /** The host's socket is over. */
  #hostClosed(): void {
    this.#socketClosed = true;
    // In order only if both ends said so.
    if (!this.#connectionClosed && (this.error || !this.connection.readEnded)) this.connection.abort();
    this.#finish();
  }

  #finish(): void {
    if (!this.#socketClosed || !this.#connectionClosed || this.#over) return;
    this.#over = true;
    this.#onClose(this);
  }

  /** Ends both at once with a reset. */
  abort(): void {
    this.error ??= new Error("closed by this side");
    this.connection.abort();
    this.#connectionClosed = true;
    this.#socket.resetAndDestroy();
  }
}

/** A port of the host's that leads into a stack. */
export class Forward {
  /** The connections that are open. */
  readonly connections: Set<Carried> = new Set();
  readonly #server: Server;

  /**
   * Made by {@linkcode forward}.
   *
   * @param server The listening server.
   * @param options Where to connect to.
   */
  constructor(server: Server, options: ForwardOptions) {
    this.#server = server;
    const onClose = (carried: Carried): void => {
      this.connections.delete(carried);
      options.onClose?.(carried);
    };
    server.on("connection", (socket) => {
      let carried: Carried;
      try {
        carried = new Carried(socket, { ...options, onClose });
      } catch {
        // The stack has no connection left.
        return void socket.resetAndDestroy();
      }
      this.connections.add(carried);
      options.onOpen?.(carried);
    });
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Stops accepting; connections go on. */
  stop(): void {
    this.#server.close();
  }

  /** Stops accepting, and resets every connection. */
  close(): void {
    this.stop();
    for (const carried of this.connections) carried.abort();
  }
}

/**
 * Accepts on 127.0.0.1 and carries each connection into a stack.
 *
 * @param options Where.
 * @returns The forward, once it accepts.
 * @throws {Error} When the port cannot be had.
 */
export function forward(options: ForwardOptions): Promise<Forward> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => reject(new Error(explain(options.port, error))));
    server.once("listening", () => resolve(new Forward(server, options)));
    server.listen(options.port, "127.0.0.1");
  });
}

function explain(port: number, error: Error & { code?: string }): string {
  const cannot = `Cannot listen on 127.0.0.1:${port}: `;
  if (error.code === "EADDRINUSE") return `${cannot}another program uses this port; choose one with --port`;
  if (error.code === "EACCES") return `${cannot}ports below 1024 are root's; choose another one with --port`;
  return cannot + error.message;
}
