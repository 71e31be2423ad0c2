/**
 * The event loop of one stack, as the app sees it.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Driver, Plugin } from "./driver.ts";
import type { Core } from "./protocol.ts";
import type { Random } from "./random.ts";

/** The loop of a stack, as the app sees it. */
export interface Loop {
  /**
   * Does one turn.
   *
   * @returns When it must be called again if nothing comes in before, in the clock's milliseconds: now or earlier when
   * there is more to do, infinity when there is nothing.
   */
  poll(): number;
  /**
   * Turns the loop until the stack closes or the signal aborts. A stack that was given no clock runs by itself: for it,
   * this only waits for the end.
   *
   * @param signal Ends the run.
   */
  run(signal?: AbortSignal): Promise<void>;
  /**
   * Shows what every layer counted.
   *
   * @returns A copy of all counters, by layer and name.
   */
  counters(): Record<string, Record<string, number>>;
  /** Closes the stack: connections are reset, sockets closed, the driver let go. Calling it again does nothing. */
  close(): void;
  /** Whether the stack was closed. */
  readonly closed: boolean;
  /** Packets received so far: whether a turn took in something. */
  readonly packetsReceived: number;
  /** Packets taken from the pool and not given back: 0 while nothing is queued in a layer. */
  readonly packetsTaken: number;
  /** What the protocols stand on, for functions over the stack that need its time and its packets, such as `ping(net, …)`. */
  readonly core: Core;
}

/** How a loop is made. */
export interface LoopOptions {
  /** Where packets enter and leave. */
  readonly driver: Driver;
  /** What stands between the driver and the first protocol; the first listed is next to the driver. */
  readonly plugins?: readonly Plugin[];
  /**
   * The time. When left out it is the host's, and the stack runs by itself; whoever gives a clock turns the loop too, by
   * `poll()` or `run()`.
   */
  readonly clock?: Clock;
  /** Random 32 bits; the host's cryptographic ones when left out. */
  readonly random?: Random;
  /**
   * Milliseconds for which the loop spins at most after its last work before it sleeps, 0 to infinity; 0.2 when left out.
   * It spins for less where that did not pay: while packets are rare it sleeps at once.
   */
  readonly spin?: number;
}

/** What the loop counts. */
export class LoopCounters {
  /** Turns. */
  turns: number = 0;
  /** Packets received. */
  received: number = 0;
  /** Times it went to sleep in the driver. */
  sleeps: number = 0;
  /** Exceptions that came out of a layer, which is a bug: the packet was dropped and the loop went on. */
  faults: number = 0;
}
