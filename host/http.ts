/**
 * HTTP over the host's own server: that of Deno, of Bun, or of Node.
 *
 * @module
 */

import { deferred } from "../core/deferred.ts";
import { checkOptions } from "../core/options.ts";
import {
  type HttpServer,
  SERVE_OPTIONS,
  type ServeApp,
  type ServeHandler,
  type ServeHandlerInfo,
  type ServeOptions,
} from "../protocols/http_server.ts";
import { limitContent } from "./content_limit.ts";
import { netError } from "./errors.ts";
import { serveNode } from "./node_http.ts";

/** A server, and what ends it at once. */
export interface HostServer {
  /** The server. */
  readonly server: HttpServer;
  /** Closes it and all its connections. */
  abort(): void;
}

/** Any arguments of `serve`. */
export type ServeArguments = [
  first: ServeHandler | ServeApp | ServeOptions & { readonly handler?: ServeHandler },
  second?: ServeOptions | ServeHandler | ServeApp,
];

/**
 * Serves HTTP.
 *
 * @param args The app and the options, in either order, as `net.http.serve` takes them.
 */
export function serveHttp(...args: ServeArguments): HostServer {
  const { handler, options } = sortArguments(args);
  checkOptions("http.serve", SERVE_OPTIONS, options);
  const limited = options.maxContent === undefined ? handler : limitContent(handler, options.maxContent);
  const guarded = options.onError ? guard(limited, options.onError) : limited;
  const serve = "Deno" in globalThis ? serveDeno : "Bun" in globalThis ? serveBun : serveNode;
  try {
    const served = serve(guarded, options);
    const { signal } = options;
    signal?.addEventListener("abort", () => served.abort(), { once: true });
    if (signal?.aborted) served.abort();
    return served;
  } catch (error) {
    throw netError(error, `Cannot serve on TCP port ${options.port ?? 8000}`);
  }
}

function sortArguments([first, second]: ServeArguments): { handler: ServeHandler; options: ServeOptions } {
  const direct = asHandler(first);
  if (direct) return { handler: direct, options: (second ?? {}) as ServeOptions };
  const { handler, ...options } = (first ?? {}) as ServeOptions & { readonly handler?: ServeHandler };
  const chosen = asHandler(second) ?? asHandler(handler);
  if (!chosen) throw new TypeError("http.serve(): a handler is required: a function, or an object with fetch()");
  return { handler: chosen, options };
}

function asHandler(value: unknown): ServeHandler | null {
  if (typeof value === "function") return value as ServeHandler;
  const app = value as ServeApp | null | undefined;
  return typeof app?.fetch === "function" ? (request, info) => app.fetch(request, info) : null;
}

function guard(handler: ServeHandler, onError: NonNullable<ServeOptions["onError"]>): ServeHandler {
  return async (request, info) => {
    try {
      return await handler(request, info);
    } catch (error) {
      return await onError(error);
    }
  };
}

function serveDeno(handler: ServeHandler, options: ServeOptions): HostServer {
  const { port = 8000, hostname, onListen } = options;
  const controller = new AbortController();
  let over = false;
  const server = Deno.serve({
    port,
    ...(hostname !== undefined && { hostname }),
    signal: controller.signal,
    onListen: (addr) => onListen?.(addr as Deno.NetAddr & { transport: "tcp" }),
  }, (request, info) => handler(request, info as unknown as ServeHandlerInfo));
  const shutdown = async (): Promise<void> => {
    await server.shutdown();
    over = true;
  };
  return {
    server: {
      addr: server.addr as HttpServer["addr"],
      finished: server.finished,
      shutdown,
      ref: () => server.ref(),
      unref: () => server.unref(),
      [Symbol.asyncDispose]: shutdown,
    },
    abort() {
      // A server that was shut down takes no abort.
      if (!over) controller.abort();
    },
  };
}

/** As much of Bun as is used here. */
interface BunServer {
  readonly hostname: string;
  readonly port: number;
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
  stop(now?: boolean): Promise<void>;
  ref(): void;
  unref(): void;
}

function serveBun(handler: ServeHandler, options: ServeOptions): HostServer {
  const { port = 8000, hostname = "0.0.0.0", onListen, maxContent, idleTimeout } = options;
  const { promise: finished, resolve: finish } = deferred<void>();
  const { Bun } = globalThis as unknown as { Bun: { serve(options: object): BunServer } };
  const server = Bun.serve({
    port,
    hostname,
    ...(maxContent !== undefined && { maxRequestBodySize: maxContent }),
    // In seconds, of which Bun takes 255 at most.
    ...(idleTimeout !== undefined && { idleTimeout: Math.min(255, Math.ceil(idleTimeout / 1000)) }),
    async fetch(request: Request): Promise<Response> {
      const remote = server.requestIP(request);
      const { promise: completed, resolve } = deferred<void>();
      const info: ServeHandlerInfo = {
        remoteAddr: { transport: "tcp", hostname: remote?.address ?? "0.0.0.0", port: remote?.port ?? 0 },
        completed,
      };
      try {
        return await handler(request, info);
      } finally {
        resolve();
      }
    },
  });
  const stop = (now: boolean): Promise<void> => server.stop(now).then(finish);
  const addr = { transport: "tcp", hostname, port: server.port } as const;
  onListen?.(addr);
  const shutdown = async (): Promise<void> => {
    await stop(false);
    await finished;
  };
  return {
    server: {
      addr,
      finished,
      shutdown,
      ref: () => server.ref(),
      unref: () => server.unref(),
      [Symbol.asyncDispose]: shutdown,
    },
    abort: () => void stop(true),
  };
}
