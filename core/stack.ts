/**
 * Composition: protocols over a driver become a stack.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import type { Driver, Medium, Plugin } from "./driver.ts";
import { ipGround, wireGround } from "./ground.ts";
import { EventLoop, type Loop } from "./loop.ts";
import { type AnyProtocol, type Checked, type Given, type Ground, hint } from "./protocol.ts";
import { hostRandom, type Random } from "./random.ts";

/** How to make a stack. */
export interface StackOptions<M extends Medium, Ps extends readonly AnyProtocol[]> {
  /** Where packets enter and leave. */
  readonly driver: Driver<M>;
  /** The protocols, from the wire up. */
  readonly protocols: [...Ps] extends Checked<Ground<M>, Ps> ? [...Ps] : Checked<Ground<M>, Ps>;
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

/** A running stack: what its protocols give, and the loop that turns it. */
export type Stack<Gives extends object> = Gives & Loop;

/**
 * Composes protocols over a driver.
 *
 * @typeParam M What the driver carries.
 * @typeParam Ps The protocols.
 * @param options The driver and the protocols.
 * @returns Everything that the protocols give, and the event loop.
 * @throws {TypeError} When a protocol lacks what it needs below, in a sentence that says what to list.
 */
export function stack<M extends Medium, Ps extends readonly AnyProtocol[]>(
  options: StackOptions<M, Ps>,
): Stack<Given<Ground<M>, Ps>> {
  const { driver, clock, plugins = [], random = hostRandom(), spin = 0.2 } = options;
  const loop = new EventLoop({ driver, plugins, clock: clock ?? systemClock, random, spin, automatic: !clock });
  const have: Record<string, unknown> = driver.medium === "ethernet" ? wireGround(loop) : ipGround(loop);
  for (const protocol of options.protocols as readonly AnyProtocol[]) {
    for (const [need, how] of Object.entries(protocol.needs)) {
      if (how === "required" && !(need in have)) {
        throw new TypeError(`${protocol.name}() needs "${need}": ${hint(need)}`);
      }
    }
    Object.assign(have, protocol.start(loop, have as never));
  }
  loop.wake();
  return Object.assign(loop, have) as unknown as Stack<Given<Ground<M>, Ps>>;
}
