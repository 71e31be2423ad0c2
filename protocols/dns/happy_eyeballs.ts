/**
 * Happy Eyeballs (RFC 8305): of a host's several addresses, one that works, soon.
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import { ATTEMPT_DELAY } from "./codes.ts";

/** Waits for some milliseconds. */
export function delay(core: Core, ms: number): Promise<void> {
  return new Promise((resolve) => {
    core.timers.arm(new Timer(() => resolve()), core.now() + ms);
    core.wake();
  });
}

/**
 * Waits for a lookup, but no longer than somebody wants its result: a server that is silent takes its time.
 *
 * @typeParam T What it finds.
 * @param lookup The lookup, which goes on, for others may wait for it too.
 * @param signal Gives up.
 * @returns What it finds.
 * @throws The reason of the signal when that aborts first.
 */
export function unlessAborted<T>(lookup: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal!.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    lookup.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
  });
}

/**
 * Tries addresses one after the other, both families by turns: the next as soon as one failed, and beside it after 250 ms.
 * The first that succeeds ends the others.
 *
 * @typeParam T What a successful attempt gives; disposed of where another one was sooner.
 * @param core The stack's time.
 * @param addresses The addresses in text, the best first; at least one.
 * @param attempt Tries one; its signal aborts once another one has succeeded, or `signal` did, and so has the attempt to.
 * @param signal Gives up.
 * @returns What the first attempt that succeeded gave.
 * @throws What the attempt at the last address threw, when all failed.
 */
export function happyEyeballs<T>(
  core: Core,
  addresses: readonly string[],
  attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  // Both families have their turn, that of the best address first (RFC 8305, 4).
  const seen = [0, 0];
  const order = addresses.map((hostname) => ({ hostname, nth: seen[+hostname.includes(":")]!++ }))
    .sort((x, y) => x.nth - y.nth);
  const all: AbortController[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const attempts = order.map(({ hostname }) => {
    const own = new AbortController();
    const ended = AbortSignal.any([own.signal, signal ?? own.signal]);
    const before = turn;
    const trial = before.then(async () => {
      ended.throwIfAborted();
      const value = await attempt(hostname, ended);
      // Two may succeed in the same turn.
      if (ended.aborted) (value as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
      ended.throwIfAborted();
      for (const other of all) if (other !== own) other.abort();
      return value;
    });
    turn = Promise.race([trial.catch(() => {}), before.then(() => delay(core, ATTEMPT_DELAY))]);
    all.push(own);
    return trial;
  });
  return Promise.any(attempts).catch(({ errors }: AggregateError) => {
    throw errors.at(-1);
  });
}
