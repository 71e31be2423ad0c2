/**
 * What the connections of a stack share.
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";
import type { TcpOptions } from "../tcp.ts";
import type { BufferPool } from "./buffers.ts";
import type { TcpCounters } from "./counters.ts";
import type { Demux } from "./demux.ts";
import type { TimeWaits } from "./time_wait.ts";

/** What the connections of a stack share: its options, and how to reach the layer. */
export interface TcpShared extends Required<TcpOptions> {
  /** The core. */
  readonly core: Core;
  /** What is counted. */
  readonly counters: TcpCounters;
  /** Storage of the buffers. */
  readonly buffers: BufferPool;
  /** The shift of our windows. */
  readonly windowShift: number;
  /** Added to the clock for timestamps, so that they do not tell how long the host runs. */
  readonly timestampOffset: number;
  /** Every connection, and what is left of those in TIME-WAIT. */
  readonly demux: Demux;
  /** Those in TIME-WAIT. */
  readonly timeWaits: TimeWaits;
}

/**
 * Our clock as timestamps show it.
 *
 * @param shared What the connections share.
 * @returns Milliseconds modulo 2^32, as an int32.
 */
export function tsNow({ core, timestampOffset }: TcpShared): number {
  return Math.floor(core.now()) + timestampOffset | 0;
}
