/**
 * The options of HTTP servers and clients.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";

/** The address of a peer, in the shape of `Deno.NetAddr`. */
export interface HttpNetAddr {
  /** Always TCP. */
  readonly transport: "tcp";
  /** The address in text. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
}

/** What a handler learns of a request besides the request, in the shape of `Deno.ServeHandlerInfo`. */
export interface ServeHandlerInfo {
  /** Who sent the request. */
  readonly remoteAddr: HttpNetAddr;
  /** Resolves once the response was handed to TCP to its end; rejects when that cannot be any more. */
  readonly completed: Promise<void>;
}

/** Answers requests. */
export type ServeHandler = (request: Request, info: ServeHandlerInfo) => Response | Promise<Response>;

/** An app that answers requests, such as one of Hono. */
export interface ServeApp {
  /**
   * Answers a request.
   *
   * @param request The request.
   * @param info What else is known; Hono calls it `c.env`.
   */
  fetch(request: Request, info: ServeHandlerInfo): Response | Promise<Response>;
}

/** How to serve. Every limit answers with the status that it names, and closes the connection. */
export interface ServeOptions {
  /** The port, 1 to 65,535, or 0 for a free one; 8000 when left out, as for `Deno.serve`. */
  readonly port?: number;
  /** One of our addresses; all of them when left out. */
  readonly hostname?: string;
  /** Connections that may wait to be accepted; what TCP says when left out. */
  readonly backlog?: number;
  /** Closes the server and all its connections at once when it aborts. */
  readonly signal?: AbortSignal;
  /** Called once the server listens. Unlike `Deno.serve`, nothing is printed when it is left out. */
  readonly onListen?: (addr: HttpNetAddr) => void;
  /**
   * Answers in place of a handler that threw, or returned something else than a `Response`. When left out, the error is
   * reported as an uncaught one and answered with 500.
   */
  readonly onError?: (error: unknown) => Response | Promise<Response>;
  /** Bytes of a request target, 16 to 1,048,576; 8192 when left out. More gets 414. */
  readonly maxTarget?: number;
  /** Bytes of all field lines, and of all trailer fields, 64 to 1,048,576; 32,768 when left out. More gets 431. */
  readonly maxFields?: number;
  /** Field lines, 1 to 4096; 256 when left out. More get 431. */
  readonly maxFieldCount?: number;
  /** Bytes of content; unlimited when left out. More gets 413. */
  readonly maxContent?: number;
  /** Requests on one connection; unlimited when left out. The last is answered with `Connection: close`. */
  readonly maxRequests?: number;
  /** Connections at the same time; unlimited when left out. More are reset. */
  readonly maxConnections?: number;
  /** Milliseconds from the first byte of a request to the end of its head; 30,000 when left out. Then it gets 408. */
  readonly headTimeout?: number;
  /** Milliseconds for which a connection may stay idle before or between requests; 75,000 when left out. Then it closes. */
  readonly idleTimeout?: number;
  /** Milliseconds for which the content may stall while the handler waits for it; 30,000 when left out. Then it gets 408. */
  readonly contentTimeout?: number;
  /** Milliseconds for which a client may take nothing of a response; 60,000 when left out. Then the connection is reset. */
  readonly writeTimeout?: number;
  /** Bytes of content that no handler read that are still taken to keep the connection; 262,144 when left out. */
  readonly drainLimit?: number;
  /** Milliseconds for which a closing connection waits for its client to close too; 2000 when left out. */
  readonly lingerTimeout?: number;
}

const TIME = { type: "number", minimum: 1 } as const;
const COUNT = { type: "number", minimum: 1 } as const;

/** The JSON Schema of {@linkcode ServeOptions}. */
export const SERVE_OPTIONS: OptionsSchema<ServeOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    port: { type: "integer", minimum: 0, maximum: 65_535 },
    hostname: { type: "string" },
    backlog: { type: "integer", minimum: 1, maximum: 65_536 },
    signal: { description: "Closes the server" },
    onListen: { description: "Called once the server listens" },
    onError: { description: "Answers in place of a handler that threw" },
    maxTarget: { type: "integer", minimum: 16, maximum: 1_048_576 },
    maxFields: { type: "integer", minimum: 64, maximum: 1_048_576 },
    maxFieldCount: { type: "integer", minimum: 1, maximum: 4096 },
    maxContent: { type: "number", minimum: 0 },
    maxRequests: COUNT,
    maxConnections: COUNT,
    headTimeout: TIME,
    idleTimeout: TIME,
    contentTimeout: TIME,
    writeTimeout: TIME,
    drainLimit: { type: "number", minimum: 0 },
    lingerTimeout: TIME,
  },
};
