/**
 * What the connections of one server share.
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";
import type { HttpCounters } from "./counters.ts";
import type { DateText } from "./date.ts";
import type { HeadCache } from "./head_cache.ts";
import type { HeadParser } from "./head_parser.ts";
import type { KnownBodies } from "./known_body.ts";
import type { ResponseWriter } from "./response_writer.ts";
import type { ServerConnection } from "./server_connection.ts";
import type { ServeHandler, ServeOptions } from "./settings.ts";

/** The limits of a server. */
export type ServerLimits = {
  readonly [K in Exclude<keyof ServeOptions, "port" | "hostname" | "backlog" | "signal" | "onListen" | "onError">]-?:
    number;
};

/** What the connections of one server share. */
export interface ServerShared {
  /** The core. */
  readonly core: Core;
  /** What is counted. */
  readonly counters: HttpCounters;
  /** The limits. */
  readonly limits: ServerLimits;
  /** Answers requests. */
  readonly handler: ServeHandler;
  /** Answers in place of a handler that threw. */
  readonly onError: ((error: unknown) => Response | Promise<Response>) | undefined;
  /** Reads heads. */
  readonly parser: HeadParser;
  /** Heads that came before. */
  readonly heads: HeadCache;
  /** Reads the responses of the handler. */
  readonly bodies: KnownBodies;
  /** Writes responses. */
  readonly writer: ResponseWriter;
  /** Tells the date. */
  readonly date: DateText;
  /** Whether no further requests are wanted. */
  readonly closing: boolean;
  /**
   * Forgets a connection that is over.
   *
   * @param connection The connection.
   */
  forget(connection: ServerConnection): void;
}
