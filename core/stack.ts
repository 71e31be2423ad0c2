/**
 * Composition: protocols over a driver become a stack.
 *
 * @module
 */

import type { Driver, Medium } from "./driver.ts";
import { EventLoop } from "./event_loop.ts";
import { ipGround, wireGround } from "./ground.ts";
import type { Loop, LoopOptions } from "./loop.ts";
import { type AnyProtocol, type Checked, type Given, type Ground, HINTS } from "./protocol.ts";

/** How to make a stack. */
export interface StackOptions<M extends Medium, Ps extends readonly AnyProtocol[]> extends LoopOptions {
  /** Where packets enter and leave. */
  readonly driver: Driver<M>;
  /** The protocols, from the wire up. */
  readonly protocols: [...Ps] extends Checked<Ground<M>, Ps> ? [...Ps] : Checked<Ground<M>, Ps>;
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
  const loop = new EventLoop(options);
  const have: Record<string, unknown> = options.driver.medium === "ethernet" ? wireGround(loop) : ipGround(loop);
  for (const protocol of options.protocols as readonly AnyProtocol[]) {
    for (const [need, how] of Object.entries(protocol.needs)) {
      if (how === "required" && !(need in have)) {
        const hint = HINTS[need as keyof typeof HINTS] ?? "list the protocol that gives it before it";
        throw new TypeError(`${protocol.name}() needs "${need}": ${hint}`);
      }
    }
    Object.assign(have, protocol.start(loop, have as never));
  }
  loop.wake();
  return Object.assign(loop, have) as unknown as Stack<Given<Ground<M>, Ps>>;
}
