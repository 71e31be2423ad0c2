/**
 * The HTTP client: `fetch` over our own TCP.
 *
 * @module
 */

import type { Resolver } from "../../core/ip.ts";
import { NetError } from "../../core/net_error.ts";
import type { OptionsSchema } from "../../core/options.ts";
import type { Core } from "../../core/protocol.ts";
import type { TcpClient } from "../tcp.ts";
import { ClientConnection } from "./client_connection.ts";
import { type ClientShared, type OutgoingRequest, StaleConnection } from "./client_shared.ts";
import { CODINGS } from "./content_coding.ts";
import type { HttpCounters } from "./counters.ts";
import { type Beginning, join, readBeginning } from "./outgoing_content.ts";

/** Redirects that are followed (Fetch, 4.4). */
const REDIRECTS = 20;
/** Bytes of a stream that are waited for to know the length. */
const BEGINNING = 16_384;
/** Fields that belong to the connection, and are ours to send. */
const OURS: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: readonly string[] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];

/** The content of a request: bytes, which can be sent again; a stream; or none. */
type Content = Uint8Array | Beginning | null;

/** How to make the client. */
export interface HttpOptions {
  /** Milliseconds for which `fetch` keeps a connection that is idle; 15,000 when left out. */
  readonly keepAlive?: number;
  /** Idle connections that `fetch` keeps for each host, 0 to 65,536; 16 when left out. */
  readonly maxIdle?: number;
}

/** The JSON Schema of {@linkcode HttpOptions}. */
export const HTTP_OPTIONS: OptionsSchema<HttpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    keepAlive: { type: "number", minimum: 0 },
    maxIdle: { type: "integer", minimum: 0, maximum: 65_536 },
  },
};

/** Fetches over HTTP. */
export interface HttpFetching {
  /**
   * Fetches, as the global `fetch` does, over this stack and by `http:` only.
   *
   * A response whose body is neither read nor cancelled keeps its connection.
   *
   * @param input What to fetch.
   * @param init How.
   * @returns The response, once its head has come.
   * @throws {NetError} `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ECONNRESET`, `ENOTFOUND` for a name that cannot be
   * resolved, or `EPROTO` for a response that is malformed.
   * @throws {TypeError} When the request cannot be: another scheme than `http:`, a redirect that may not be followed.
   * @throws {DOMException} `AbortError` when the signal aborts, or whatever its reason is.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/** The client part of the HTTP layer. */
export class Client implements ClientShared {
  /** The core. */
  readonly core: Core;
  /** What carries it. */
  readonly tcp: TcpClient;
  /** What is counted. */
  readonly counters: HttpCounters;
  /** Milliseconds for which a connection may stay idle. */
  readonly idleTimeout: number;
  readonly #maxIdle: number;
  readonly #resolver: () => Resolver | null;
  readonly #idle: Map<string, ClientConnection[]> = new Map();

  /**
   * Starts it.
   *
   * @param core The core.
   * @param tcp What carries it.
   * @param counters What is counted.
   * @param resolver Finds the addresses of names, where the stack has somebody who does.
   * @param options Limits, checked already.
   */
  constructor(
    core: Core,
    tcp: TcpClient,
    counters: HttpCounters,
    resolver: () => Resolver | null,
    options: HttpOptions,
  ) {
    this.core = core;
    this.tcp = tcp;
    this.counters = counters;
    this.idleTimeout = options.keepAlive ?? 15_000;
    this.#maxIdle = options.maxIdle ?? 16;
    this.#resolver = resolver;
  }

  /** Keeps a connection for the next request. */
  idle(connection: ClientConnection): boolean {
    let list = this.#idle.get(connection.key);
    if (!list) this.#idle.set(connection.key, list = []);
    if (list.length >= this.#maxIdle) return false;
    list.push(connection);
    return true;
  }

  /** Forgets a connection. */
  forget(connection: ClientConnection): void {
    const list = this.#idle.get(connection.key);
    const at = list?.indexOf(connection) ?? -1;
    if (at < 0) return;
    list!.splice(at, 1);
    if (list!.length === 0) this.#idle.delete(connection.key);
  }

  /** Fetches. */
  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const content = await readContent(request, init?.body);
    try {
      return await this.#follow(request, content);
    } catch (error) {
      // Nobody else would tell the app that its stream is not read any further.
      if (content && !(content instanceof Uint8Array)) content.reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** Fetches, along redirects. */
  async #follow(request: Request, content: Content): Promise<Response> {
    const { redirect, signal } = request;
    let { method } = request;
    const headers = new Headers(request.headers);
    let url = new URL(request.url);
    for (let count = 0;; count++) {
      const response = await this.#fetchOnce(url, method, headers, content, signal);
      const location = isRedirect(response.status) && redirect !== "manual" ? response.headers.get("location") : null;
      if (location === null) {
        const shown = new URL(url);
        shown.hash = "";
        return Object.defineProperties(response, {
          url: { value: shown.href },
          redirected: { value: count > 0 },
        });
      }
      void response.body?.cancel().catch(() => {});
      if (redirect === "error") throw new TypeError(`Cannot fetch ${url.href}: it redirects`);
      if (count === REDIRECTS) throw new TypeError(`Cannot fetch ${request.url}: more than ${REDIRECTS} redirects`);
      const next = locate(location, url);
      const { status } = response;
      if (status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST") {
        method = "GET";
        content = null;
        for (const name of ["encoding", "language", "location", "type"]) headers.delete(`content-${name}`);
      } else if (content && !(content instanceof Uint8Array)) {
        throw new TypeError(`Cannot fetch ${url.href}: it redirects, and a stream cannot be sent twice`);
      }
      if (next.origin !== url.origin) { for (const name of ["authorization", "cookie", "host"]) headers.delete(name); }
      url = next;
    }
  }

  async #fetchOnce(
    url: URL,
    method: string,
    headers: Headers,
    content: Content,
    signal: AbortSignal,
  ): Promise<Response> {
    if (url.protocol !== "http:") throw new TypeError(`Cannot fetch ${url.href}: its scheme is not "http:"`);
    const request: OutgoingRequest = { method, head: writeHead(url, method, headers), content, signal };
    const port = Number(url.port || 80);
    const key = `${url.hostname}:${port}`;
    const idle = this.#idle.get(key)?.at(-1);
    if (idle) {
      this.forget(idle);
      try {
        return await idle.exchange(request);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        if (!IDEMPOTENT.includes(method) || content && !(content instanceof Uint8Array)) throw error.error;
        this.counters.retries++;
      }
    }
    const connection = await this.#connect(key, url.hostname, port, signal);
    return await connection.exchange(request);
  }

  #connect(key: string, host: string, port: number, signal: AbortSignal): Promise<ClientConnection> {
    const attempt = (hostname: string, signal: AbortSignal): Promise<ClientConnection> =>
      ClientConnection.open(this, key, { hostname, port }, signal);
    if (host.startsWith("[")) return attempt(host.slice(1, -1), signal);
    if (/^[\d.]+$/.test(host)) return attempt(host, signal);
    const resolver = this.#resolver();
    if (resolver) return resolver.connect(host, attempt, signal);
    throw new NetError("ENOTFOUND", `Cannot resolve "${host}": list dns() to fetch by name`);
  }
}

async function readContent(
  request: Request,
  given: BodyInit | null | undefined,
): Promise<Content> {
  if (!request.body) return null;
  if (given && !(given instanceof ReadableStream)) return new Uint8Array(await request.arrayBuffer());
  const beginning = await readBeginning(request.body.getReader(), BEGINNING);
  return beginning.ended ? join(beginning.chunks) : beginning;
}

function writeHead(url: URL, method: string, headers: Headers): string {
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${headers.get("host") ?? url.host}\r\n`;
  headers.forEach((value, name) => {
    if (!OURS.includes(name)) head += `${name}: ${value}\r\n`;
  });
  if (!headers.has("accept")) head += "accept: */*\r\n";
  // A part of coded content could not be decoded (Fetch, 4.6).
  if (!headers.has("accept-encoding")) head += `accept-encoding: ${headers.has("range") ? "identity" : CODINGS}\r\n`;
  return head;
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function locate(location: string, base: URL): URL {
  if (!URL.canParse(location, base.href)) {
    throw new TypeError(`Cannot fetch ${base.href}: it redirects to "${location}"`);
  }
  const url = new URL(location, base);
  // A redirect without a fragment inherits it (RFC 9110, 10.2.2).
  url.hash ||= base.hash;
  return url;
}
