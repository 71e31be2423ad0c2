/**
 * The `Request` that a handler gets. To make a real one costs as much as all else that HTTP does for a request, so this is
 * an object that answers what handlers ask by itself, is an instance of `Request`, and becomes a real one for whatever is
 * asked seldom. Bun takes it for any object with a URL: there, `new Request(request, init)` copies the method only when
 * `init` is left out or names it.
 *
 * @module
 */

import type { TcpEndpoint } from "../tcp.ts";
import type { Exchange } from "./exchange.ts";
import { UTF8 } from "./octets.ts";

/** A request that came in. */
export class IncomingRequest {
  readonly #exchange: Exchange;
  #url: string | null = null;
  #headers: Headers | null = null;
  #real: Request | null = null;

  /**
   * Shows an exchange's request.
   *
   * @param exchange The exchange.
   */
  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The method. */
  get method(): string {
    return this.#exchange.head.method;
  }

  /** The target's URI, as it came, but for a host that URLs do not allow: then it is our own address. */
  get url(): string {
    if (this.#url !== null) return this.#url;
    const { head, connection } = this.#exchange;
    return this.#url = `http://${head.authority || authority(connection.local)}${head.path}`;
  }

  /** The fields. */
  get headers(): Headers {
    return this.#real?.headers ?? (this.#headers ??= this.#exchange.head.headers());
  }

  /** Aborts when the client goes away. */
  get signal(): AbortSignal {
    return this.#real?.signal ?? this.#exchange.outcome.signal;
  }

  /** The content as a stream; null when there is none. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#real
      ? this.#real.body as ReadableStream<Uint8Array<ArrayBuffer>> | null
      : this.#exchange.content?.stream ?? null;
  }

  /** Whether the content was read. */
  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? this.#exchange.content?.used ?? false;
  }

  /** Reads the content. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    // Node 20 lacks bytes().
    if (this.#real) return this.#real.arrayBuffer().then((buffer) => new Uint8Array(buffer));
    return this.#exchange.content?.bytes() ?? Promise.resolve(new Uint8Array(0));
  }

  /** Reads the content. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.bytes().then((bytes) => bytes.buffer);
  }

  /** Reads the content as text. */
  text(): Promise<string> {
    return this.bytes().then((bytes) => UTF8.decode(bytes));
  }

  /** Reads the content as JSON. */
  json(): Promise<unknown> {
    return this.text().then(JSON.parse);
  }

  /** Reads the content. */
  blob(): Promise<Blob> {
    return this.#response().then((response) => response.blob());
  }

  /** Reads the content as a form. */
  formData(): Promise<FormData> {
    return this.#response().then((response) => response.formData());
  }

  #response(): Promise<Response> {
    const type = this.headers.get("content-type");
    return this.bytes().then((bytes) => new Response(bytes, type ? { headers: { "content-type": type } } : {}));
  }

  /**
   * Becomes a real one.
   *
   * @param request A request of this class.
   * @returns What it has become.
   */
  static real(request: IncomingRequest): Request {
    if (!request.#real) {
      const { method, url, headers, signal } = request;
      const body = method === "GET" || method === "HEAD" ? null : request.body;
      // Streams need `duplex`, which the types do not know everywhere.
      request.#real = new Request(url, { method, headers, body, signal, duplex: "half" } as RequestInit);
    }
    return request.#real;
  }
}

/** An endpoint as the authority of a URI. */
function authority({ hostname, port }: TcpEndpoint): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === 80 ? host : `${host}:${port}`;
}

/** Makes the class one of requests, once; not on import, for modules do nothing then. */
export function defineIncomingRequest(): void {
  const ours = IncomingRequest.prototype;
  if (ours instanceof Request) return;
  const own = new Set<string | symbol>(Reflect.ownKeys(ours));
  const { prototype } = Request;
  Object.setPrototypeOf(ours, prototype);
  // Whatever else there is, and what a host keeps in its instances, is asked of the real one.
  for (const key of Reflect.ownKeys(prototype)) {
    const value = Object.getOwnPropertyDescriptor(prototype, key)!.value;
    if (own.has(key) || typeof key === "symbol" && typeof value !== "function" && value !== undefined) continue;
    Object.defineProperty(ours, key, typeof value === "function" ? { value: forwarded(key) } : { get: shown(key) });
  }
  for (const key of Object.getOwnPropertySymbols(new Request("http://localhost/"))) {
    Object.defineProperty(ours, key, { get: shown(key) });
  }
}

type Any = Readonly<Record<string | symbol, (...values: unknown[]) => unknown>>;

function shown(key: string | symbol): (this: IncomingRequest) => unknown {
  return function () {
    return (IncomingRequest.real(this) as unknown as Any)[key];
  };
}

function forwarded(key: string | symbol): (this: IncomingRequest, ...values: unknown[]) => unknown {
  return function (...values) {
    return (IncomingRequest.real(this) as unknown as Any)[key]!(...values);
  };
}
