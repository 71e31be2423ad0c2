/**
 * HTTP servers in the shape of `Deno.serve`.
 *
 * @module
 */

import { type Deferred, deferred } from "../../core/deferred.ts";
import { NetError } from "../../core/net_error.ts";
import { checkOptions } from "../../core/options.ts";
import type { Core } from "../../core/protocol.ts";
import type { Tcp, TcpAcceptor, TcpConnection } from "../tcp.ts";
import type { HttpCounters } from "./counters.ts";
import { DateText } from "./date.ts";
import { HeadCache } from "./head_cache.ts";
import { HeadParser } from "./head_parser.ts";
import { defineIncomingRequest } from "./incoming_request.ts";
import { KnownBodies } from "./known_body.ts";
import { ResponseWriter } from "./response_writer.ts";
import { ServerConnection } from "./server_connection.ts";
import type { ServerLimits, ServerShared } from "./server_shared.ts";
import { type HttpNetAddr, SERVE_OPTIONS, type ServeApp, type ServeHandler, type ServeOptions } from "./settings.ts";

/** A running HTTP server, in the shape of `Deno.HttpServer`. */
export interface HttpServer extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: HttpNetAddr;
  /** Resolves once it is closed and all its connections are over. */
  readonly finished: Promise<void>;
  /** Stops accepting, closes idle connections, lets requests that are under way finish, and resolves as `finished` does. */
  shutdown(): Promise<void>;
  /** Does nothing: a stack keeps the process alive while it runs. */
  ref(): void;
  /** Does nothing: a stack keeps the process alive while it runs. */
  unref(): void;
}

/** Serves HTTP. */
export interface HttpServing {
  /**
   * Serves HTTP/1.1, in the shape of `Deno.serve`.
   *
   * ```ts ignore
   * net.http.serve((request) => new Response(`You asked for ${request.url}`), { port: 80 });
   * ```
   *
   * @param handler Answers requests: a function, or an app with `fetch`, such as one of Hono.
   * @param options How to serve.
   * @returns The server, which listens already.
   * @throws {NetError} `EADDRINUSE` when the port is taken, `EADDRNOTAVAIL` when the address is not ours.
   * @throws {TypeError} When an option is unknown or of another type.
   * @throws {RangeError} When an option is out of its range.
   */
  serve(handler: ServeHandler | ServeApp, options?: ServeOptions): HttpServer;
  /**
   * Serves HTTP/1.1, options first.
   *
   * @param options How to serve.
   * @param handler Answers requests.
   */
  serve(options: ServeOptions, handler: ServeHandler | ServeApp): HttpServer;
  /**
   * Serves HTTP/1.1, with the handler among the options.
   *
   * @param options How to serve, and what answers requests.
   */
  serve(options: ServeOptions & { readonly handler: ServeHandler }): HttpServer;
}

/** Any arguments of {@linkcode HttpServing.serve}. */
export type ServeArguments = [
  first: ServeHandler | ServeApp | ServeOptions & { readonly handler?: ServeHandler },
  second?: ServeOptions | ServeHandler | ServeApp,
];

/** The server part of the HTTP layer. */
export class Servers {
  readonly #core: Core;
  readonly #tcp: Tcp;
  readonly #counters: HttpCounters;
  readonly #running: Set<RunningServer> = new Set();
  #bodies: KnownBodies | null = null;

  /**
   * Starts it.
   *
   * @param core The core.
   * @param tcp What carries it.
   * @param counters What is counted.
   */
  constructor(core: Core, tcp: Tcp, counters: HttpCounters) {
    this.#core = core;
    this.#tcp = tcp;
    this.#counters = counters;
    core.onClose(() => {
      for (const server of this.#running) server.abort();
    });
  }

  /**
   * Serves.
   *
   * @param args As {@linkcode HttpServing.serve}.
   */
  serve(...args: ServeArguments): HttpServer {
    const [handler, options] = sortArguments(args);
    checkOptions("http.serve", SERVE_OPTIONS, options);
    defineIncomingRequest();
    this.#bodies ??= new KnownBodies();
    const server = new RunningServer(this.#core, this.#counters, this.#bodies, handler, options);
    this.#running.add(server);
    void server.finished.then(() => this.#running.delete(server));
    try {
      server.listen(this.#tcp, options);
    } catch (error) {
      this.#running.delete(server);
      throw error;
    }
    return server;
  }
}

function sortArguments([first, second]: ServeArguments): [ServeHandler, ServeOptions] {
  const direct = asHandler(first);
  if (direct) return [direct, (second ?? {}) as ServeOptions];
  const { handler, ...options } = (first ?? {}) as ServeOptions & { readonly handler?: ServeHandler };
  const chosen = asHandler(second) ?? asHandler(handler);
  if (!chosen) throw new TypeError("http.serve(): a handler is required: a function, or an object with fetch()");
  return [chosen, options];
}

function asHandler(value: unknown): ServeHandler | null {
  if (typeof value === "function") return value as ServeHandler;
  const app = value as ServeApp | null | undefined;
  if (typeof app?.fetch !== "function") return null;
  return (request, info) => app.fetch(request, info);
}

/** A server and its connections. */
class RunningServer implements HttpServer, ServerShared {
  readonly core: Core;
  readonly counters: HttpCounters;
  readonly limits: ServerLimits;
  readonly handler: ServeHandler;
  readonly onError: ServeOptions["onError"];
  readonly parser: HeadParser;
  readonly heads: HeadCache = new HeadCache();
  readonly bodies: KnownBodies;
  readonly writer: ResponseWriter = new ResponseWriter();
  readonly date: DateText;
  closing: boolean = false;
  readonly #finished: Deferred<void> = deferred();
  readonly #connections: Set<ServerConnection> = new Set();
  #acceptor: TcpAcceptor | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(core: Core, counters: HttpCounters, bodies: KnownBodies, handler: ServeHandler, options: ServeOptions) {
    this.core = core;
    this.counters = counters;
    this.bodies = bodies;
    this.handler = handler;
    this.onError = options.onError;
    this.limits = {
      maxTarget: options.maxTarget ?? 8192,
      maxFields: options.maxFields ?? 32_768,
      maxFieldCount: options.maxFieldCount ?? 256,
      maxContent: options.maxContent ?? Infinity,
      maxRequests: options.maxRequests ?? Infinity,
      maxConnections: options.maxConnections ?? Infinity,
      headTimeout: options.headTimeout ?? 30_000,
      idleTimeout: options.idleTimeout ?? 75_000,
      contentTimeout: options.contentTimeout ?? 30_000,
      writeTimeout: options.writeTimeout ?? 60_000,
      drainLimit: options.drainLimit ?? 262_144,
      lingerTimeout: options.lingerTimeout ?? 2000,
    };
    const { maxTarget: target, maxFields: fields, maxFieldCount: count } = this.limits;
    this.parser = new HeadParser({ target, fields, count });
    this.date = new DateText(core.clock);
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get addr(): HttpNetAddr {
    const { hostname, port } = this.#acceptor!.local;
    return { transport: "tcp", hostname, port };
  }

  listen(tcp: Tcp, { port = 8000, hostname, backlog, signal, onListen }: ServeOptions): void {
    const where = { port, ...(hostname !== undefined && { hostname }), ...(backlog !== undefined && { backlog }) };
    this.#acceptor = tcp.accept(where, (connection) => this.#accept(connection));
    if (signal) {
      const abort = (): void => this.abort();
      signal.addEventListener("abort", abort, { once: true });
      this.#unsubscribe = () => signal.removeEventListener("abort", abort);
      if (signal.aborted) return abort();
    }
    onListen?.(this.addr);
  }

  #accept(connection: TcpConnection): ServerConnection | null {
    if (this.#connections.size >= this.limits.maxConnections) {
      connection.abort();
      return null;
    }
    this.counters.connections++;
    const accepted = new ServerConnection(this, connection);
    this.#connections.add(accepted);
    return accepted;
  }

  forget(connection: ServerConnection): void {
    this.#connections.delete(connection);
    this.#settle();
  }

  #settle(): void {
    if (this.closing && this.#connections.size === 0) this.#finished.resolve();
  }

  #close(): void {
    if (this.closing) return;
    this.closing = true;
    this.#acceptor?.close();
    this.#unsubscribe?.();
  }

  shutdown(): Promise<void> {
    this.#close();
    for (const connection of this.#connections) connection.shutdown();
    this.#settle();
    return this.finished;
  }

  abort(): void {
    this.#close();
    const error = new NetError("ECONNABORTED", "The server was closed");
    for (const connection of this.#connections) connection.abort(error);
    this.#settle();
  }

  ref(): void {}

  unref(): void {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}
