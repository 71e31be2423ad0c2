/**
 * What the connections of one client share, and what passes between them and it.
 *
 * @module
 */

import type { NetError } from "../../core/net_error.ts";
import type { Core } from "../../core/protocol.ts";
import type { TcpClient } from "../tcp.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { HttpCounters } from "./counters.ts";
import type { Beginning } from "./outgoing_content.ts";

/** What the connections of a client share. */
export interface ClientShared {
  /** The core. */
  readonly core: Core;
  /** What carries it. */
  readonly tcp: TcpClient;
  /** What is counted. */
  readonly counters: HttpCounters;
  /** Milliseconds for which a connection may stay idle. */
  readonly idleTimeout: number;
  /**
   * The connection can be used again.
   *
   * @param connection The connection.
   * @returns Whether it is kept.
   */
  idle(connection: ClientConnection): boolean;
  /**
   * The connection cannot be used any more.
   *
   * @param connection The connection.
   */
  forget(connection: ClientConnection): void;
}

/** A request to send. */
export interface OutgoingRequest {
  /** The method. */
  readonly method: string;
  /** The request line and the fields, each with its CRLF, but for those of the framing and the last CRLF. */
  readonly head: string;
  /** The content; null for none. */
  readonly content: Uint8Array | Beginning | null;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** Says that an idle connection was closed before it could be used: nothing of the response came. */
export class StaleConnection {
  /** What became of the connection. */
  readonly error: NetError;

  /**
   * Makes one.
   *
   * @param error What became of the connection.
   */
  constructor(error: NetError) {
    this.error = error;
  }
}
