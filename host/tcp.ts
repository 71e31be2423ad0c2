/**
 * TCP over Deno's sockets, and over `node:net` elsewhere.
 *
 * @module
 */

import { connect, createServer, type Server, type Socket } from "node:net";
import { NetError } from "../core/net_error.ts";
import type { TcpConn, TcpConnectOptions, TcpListener, TcpListenOptions, TcpNetAddr } from "../protocols/tcp.ts";
import { denoConnect, denoListen } from "./deno.ts";
import { netError } from "./errors.ts";
import { Queue } from "./queue.ts";
import { HostConn } from "./tcp_conn.ts";
import type { Watch } from "./watch.ts";

/**
 * Opens a connection.
 *
 * @param options Where to.
 * @param watch Takes note of it.
 */
export async function connectTcp(
  options: TcpConnectOptions & { readonly signal?: AbortSignal },
  watch: Watch,
): Promise<TcpConn> {
  const { hostname, port, localHostname, localPort, signal } = options;
  signal?.throwIfAborted();
  // Who names its own end goes by the API that can.
  if ("Deno" in globalThis && localHostname === undefined && localPort === undefined) {
    return await denoConnect(options, watch);
  }
  const socket = connect({
    host: hostname,
    port,
    allowHalfOpen: true,
    ...(localHostname !== undefined && { localAddress: localHostname }),
    ...(localPort !== undefined && { localPort }),
  });
  try {
    await opened(socket, signal);
  } catch (error) {
    socket.destroy();
    throw netError(error, `Cannot connect to ${hostname} port ${port}`);
  }
  return new HostConn(socket, watch);
}

function opened(socket: Socket, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => settle(() => reject(signal!.reason));
    const settle = (how: () => void): void => {
      signal?.removeEventListener("abort", abort);
      socket.removeAllListeners();
      // What comes late is nobody's any more.
      socket.on("error", () => {});
      how();
    };
    socket.once("connect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
    signal?.addEventListener("abort", abort);
  });
}

/**
 * Listens on a port.
 *
 * @param options Where.
 * @param watch Takes note of each connection.
 * @param onClose Hears that it was closed.
 * @returns The listener. In Node its port is known a moment later, where one is asked for by 0 and a hostname.
 */
export function listenTcp(options: TcpListenOptions, watch: Watch, onClose: () => void): TcpListener {
  return "Deno" in globalThis ? denoListen(options, watch, onClose) : new NodeListener(options, watch, onClose);
}

class NodeListener implements TcpListener {
  readonly #options: TcpListenOptions;
  readonly #server: Server;
  readonly #queue: Queue<TcpConn> = new Queue();
  readonly #onClose: () => void;

  constructor(options: TcpListenOptions, watch: Watch, onClose: () => void) {
    const { port, hostname, backlog } = options;
    this.#options = options;
    this.#onClose = onClose;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#queue.push(new HostConn(socket, watch)));
    this.#server.on("error", (error) => this.#queue.end(netError(error, `Cannot listen on TCP port ${port}`) as Error));
    this.#server.listen({
      port,
      ...(hostname !== undefined && { host: hostname }),
      ...(backlog !== undefined && { backlog }),
    });
  }

  get addr(): TcpNetAddr {
    const { port, hostname = "0.0.0.0" } = this.#options;
    const address = this.#server.address();
    const known = typeof address === "object" && address ? address.port : port;
    return { transport: "tcp", hostname, port: known };
  }

  async accept(): Promise<TcpConn> {
    const conn = await this.#queue.take();
    if (conn) return conn;
    throw new NetError("EPIPE", `Cannot accept on TCP port ${this.addr.port}: the listener is closed`);
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<TcpConn> {
    for (let conn = await this.#queue.take(); conn; conn = await this.#queue.take()) yield conn;
  }

  close(): void {
    this.#server.close();
    for (const conn of this.#queue.end()) conn.abort();
    this.#onClose();
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
