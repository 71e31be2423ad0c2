/**
 * Virtual time: several stacks on one clock that only moves when all of them are at rest.
 *
 * @module
 */

import type { ManualClock } from "./clock.ts";
import { yieldToHost } from "./yield_to_host.ts";

/** What {@linkcode simulate} turns: a stack, or anything else with turns of its own. */
export interface Turning {
  /**
   * Does one turn.
   *
   * @returns When it wants the next one, in the clock's milliseconds: now or earlier when there is more to do, infinity when
   * there is nothing.
   */
  poll(): number;
  /** Packets received so far. What leaves it out must tell by its `poll` alone whether there is more to do. */
  readonly packetsReceived?: number;
}

/** When {@linkcode simulate} ends. */
export interface SimulateOptions<T> {
  /**
   * What is waited for: a promise of the app, or a condition that is looked at whenever all stacks are at rest. When left out,
   * it ends when nothing is left to do.
   */
  readonly until?: PromiseLike<T> | (() => boolean);
  /**
   * Milliseconds of virtual time that may pass at most, more than 0; infinity when left out. Without `until` it ends there,
   * with `until` it throws.
   */
  readonly limit?: number;
  /**
   * Called before the clock moves, and awaited: for an app that waits for the host as well (files, WebCrypto), which virtual
   * time would otherwise outrun.
   */
  readonly settle?: () => PromiseLike<unknown>;
}

/** Turns at one virtual time before it is taken for a loop without end. */
const RESTLESS = 10_000_000;

/** Turns of the host's own loop that an app gets to come up with something before all is called idle. */
const PATIENCE = 256;

/**
 * Runs stacks in virtual time: turns them until none has work, lets the app's promises run, and only then moves the clock,
 * straight to the next deadline. An hour of timeouts takes milliseconds, and the same seeds give the same packets at the same
 * times.
 *
 * ```ts ignore
 * import { ManualClock, seededRandom, simulate, stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const clock = new ManualClock();
 * const [left, right] = memory("ip");
 * const a = stack({
 *   driver: left,
 *   clock,
 *   random: seededRandom(1),
 *   protocols: [ipv4({ address: "10.0.0.1/24" }), tcp()],
 * });
 * const b = stack({
 *   driver: right,
 *   clock,
 *   random: seededRandom(2),
 *   protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()],
 * });
 * b.tcp.listen({ port: 7 });
 * const conn = await simulate(clock, [a, b], {
 *   until: a.tcp.connect({ hostname: "10.0.0.2", port: 7 }),
 *   limit: 60_000,
 * });
 * ```
 *
 * @typeParam T What the promise gives.
 * @param clock The clock of all the stacks.
 * @param stacks The stacks, turned in this order.
 * @param options When it ends.
 * @returns What the promise gave.
 * @throws {Error} When all stacks are idle for good, or `limit` is over, and what is waited for did not come.
 */
export async function simulate<T = void>(
  clock: ManualClock,
  stacks: readonly Turning[],
  options: SimulateOptions<T> = {},
): Promise<T> {
  const { until, limit = Infinity, settle } = options;
  if (!(limit > 0)) throw new RangeError(`simulate(): option "limit" must be above 0, not ${limit}`);
  const end = clock.now() + limit;
  let outcome: { value: T } | { error: unknown } | null = null;
  if (until && typeof until !== "function") {
    until.then((value) => outcome = { value }, (error) => outcome = { error });
  }
  const reached = (): boolean => outcome !== null || (typeof until === "function" && until());
  const result = (): T => {
    if (outcome && "error" in outcome) throw outcome.error;
    return outcome?.value as T;
  };
  const round = new Round(clock, stacks);
  for (let idle = 0;;) {
    // The app acts between rests: what it started is carried out before the time moves.
    do {
      round.rest();
      if (reached()) return result();
      await new Promise<void>((resolve) => yieldToHost(resolve));
      if (settle) await settle();
    } while (round.work());
    if (reached()) return result();
    const next = round.next;
    if (next === Infinity && until && idle++ < PATIENCE) continue;
    if (next === Infinity) {
      if (!until) return result();
      throw new Error(`simulate(): at ${clock.now()} ms all is idle for good, but what is waited for did not come`);
    }
    if (next > end) {
      clock.advanceTo(end);
      if (!until) return result();
      throw new Error(`simulate(): ${limit} ms of virtual time are over, but what is waited for did not come`);
    }
    idle = 0;
    clock.advanceTo(next);
  }
}

/** Turns all stacks, and keeps what they say of it. */
class Round {
  /** When the first of them wants its next turn, in milliseconds. */
  next: number = Infinity;
  readonly #clock: ManualClock;
  readonly #stacks: readonly Turning[];

  constructor(clock: ManualClock, stacks: readonly Turning[]) {
    this.#clock = clock;
    this.#stacks = stacks;
  }

  /** Gives each of them one turn; says whether any received something or has more to do. */
  turn(): boolean {
    const now = this.#clock.now();
    let worked = false;
    this.next = Infinity;
    for (const stack of this.#stacks) {
      const before = stack.packetsReceived;
      const next = stack.poll();
      if (next <= now || stack.packetsReceived !== before) worked = true;
      if (next < this.next) this.next = next;
    }
    return worked;
  }

  /** Gives them turns; says whether there was work. Two turns, for what one sends its neighbour takes in later. */
  work(): boolean {
    return this.turn() || this.turn();
  }

  /** Gives them turns until there is no work. */
  rest(): void {
    for (let turns = 0; this.work();) {
      if (++turns > RESTLESS) {
        throw new Error(`simulate(): the stacks do not come to rest at ${this.#clock.now()} ms`);
      }
    }
  }
}
