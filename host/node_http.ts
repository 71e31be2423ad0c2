/**
 * HTTP over `node:http`, between its messages and those of Fetch.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { deferred } from "../core/deferred.ts";
import type { HttpNetAddr, HttpServer, ServeHandler, ServeOptions } from "../protocols/http.ts";
import type { HostServer } from "./http.ts";

/**
 * Serves HTTP.
 *
 * @param handler The app.
 * @param options Where. A port asked for by 0 is known once the server listens: `onListen` tells.
 */
export function serveNode(handler: ServeHandler, options: ServeOptions): HostServer {
  const { port = 8000, hostname = "0.0.0.0", backlog, onListen } = options;
  const { promise: finished, resolve: finish, reject: fail } = deferred<void>();
  const server = createServer(limits(options), (message, out) => void answer(handler, message, out));
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  if (options.maxFieldCount !== undefined) server.maxHeadersCount = options.maxFieldCount;
  if (options.maxRequests !== undefined) server.maxRequestsPerSocket = options.maxRequests;
  const addr = (): HttpNetAddr => {
    const known = server.address();
    return { transport: "tcp", hostname, port: typeof known === "object" && known ? known.port : port };
  };
  server.on("error", fail);
  server.on("close", () => finish());
  server.listen({ port, host: hostname, ...(backlog !== undefined && { backlog }) }, () => onListen?.(addr()));
  const abort = (): void => {
    // It begins to listen in its own time, and is not to be held up before.
    if (server.listening) server.close();
    else server.once("listening", abort);
    server.closeAllConnections();
  };
  const shutdown = (): Promise<void> => {
    server.close();
    server.closeIdleConnections();
    return finished;
  };
  return {
    server: {
      get addr() {
        return addr();
      },
      finished,
      shutdown,
      ref: () => void server.ref(),
      unref: () => void server.unref(),
      [Symbol.asyncDispose]: shutdown,
    } satisfies HttpServer,
    abort,
  };
}

/** The limits that Node knows by other names. */
function limits({ maxTarget, maxFields, headTimeout, idleTimeout }: ServeOptions): ServerOptions {
  const head = maxTarget === undefined && maxFields === undefined
    ? undefined
    : (maxTarget ?? 8192) + (maxFields ?? 32_768);
  return {
    ...(head !== undefined && { maxHeaderSize: head }),
    ...(headTimeout !== undefined && { headersTimeout: headTimeout, connectionsCheckingInterval: headTimeout }),
    ...(idleTimeout !== undefined && { keepAliveTimeout: idleTimeout }),
  };
}

async function answer(handler: ServeHandler, message: IncomingMessage, out: ServerResponse): Promise<void> {
  const { promise: completed, resolve, reject } = deferred<void>();
  completed.catch(() => {});
  const lost = new AbortController();
  out.on("finish", resolve);
  out.on("close", () => {
    const error = new Error("The connection was lost");
    reject(error);
    if (!out.writableFinished) lost.abort(error);
  });
  const { socket } = message;
  try {
    const response = await handler(toRequest(message, lost.signal), {
      remoteAddr: { transport: "tcp", hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
      completed,
    });
    out.writeHead(response.status, response.statusText, [...response.headers].flat());
    if (!response.body) out.end();
    else {
      const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
      // When one side fails it ends the other: too late for another response.
      pipeline(body, out, (error) => error && !lost.signal.aborted && console.error(error));
    }
  } catch (error) {
    console.error(error);
    if (!out.headersSent) out.writeHead(500);
    out.end("Internal Server Error");
  }
}

function toRequest(message: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headers, rawHeaders } = message;
  const fields = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) fields.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  const hasBody = method !== "GET" && method !== "HEAD";
  const base = `http://${headers.host ?? "localhost"}`;
  // A path may begin with two slashes, behind which a reference has a host (RFC 3986, 4.2).
  return new Request(url.startsWith("/") ? base + url : new URL(url, base), {
    method,
    headers: fields,
    signal,
    ...(hasBody && { body: Readable.toWeb(message) as unknown as ReadableStream, duplex: "half" }),
  });
}
