/**
 * What the app knows of the network that serves it. Whoever composes the stack fills it in.
 *
 * @module
 */

import type { Loop } from "../../core/loop.ts";
import type { Medium } from "../../core/driver.ts";
import type { Recent } from "../../plugins/capture.ts";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import type { ConnectionLog } from "./log.ts";

/** A place that a request passes. */
export interface Hop {
  /** Its name. */
  readonly name: string;
  /** Its address, where it has one. */
  readonly address: string;
  /** What happens there. */
  readonly text: string;
  /** Whether it is a part of bonsai. */
  readonly ours: boolean;
}

/** What the app knows of the network. */
export interface Facts {
  /** The stack that serves. */
  readonly net: Pick<Loop, "counters">;
  /** The packets that passed last, of whatever kind. */
  readonly recent: Recent;
  /** What is kept of each connection. */
  readonly log: ConnectionLog;
  /** What they begin with. */
  readonly medium: Medium;
  /** What happened, in one sentence, such as `"Your request crossed two of them …"`. */
  readonly sentence: string;
  /** Such as `"Deno 2.9.6"`. */
  readonly runtime: string;
  /** The version of bonsai. */
  readonly version: string;
  /**
   * Names the places that a connection's bytes pass, from the visitor to the serving stack.
   *
   * @param remote The connection's other end.
   */
  hops(remote: TcpEndpoint): Hop[];
  /**
   * Tells the round-trip time that the other end of the connection measures, where that is known.
   *
   * @param remote The connection's other end.
   * @returns Milliseconds; null where it is not known.
   */
  roundTripTime(remote: TcpEndpoint): number | null;
}
