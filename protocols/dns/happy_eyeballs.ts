/**
 * Happy Eyeballs (RFC 8305): of a host's several addresses, one that works, soon.
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";

/** Milliseconds after which the next address is tried too (RFC 8305, 5). */
const ATTEMPT_DELAY = 250;

/**
 * Orders addresses so that both families have their turn, IPv6 first (RFC 8305, 4).
 *
 * @param addresses Addresses in text, the best of each family first.
 * @returns The same, alternating.
 */
export function interleave(addresses: readonly string[]): string[] {
  const [six, four] = [true, false].map((wanted) => addresses.filter((text) => text.includes(":") === wanted));
  return six!.length < four!.length
    ? four!.flatMap((text, i) => i < six!.length ? [six![i]!, text] : [text])
    : six!.flatMap((text, i) => i < four!.length ? [text, four![i]!] : [text]);
}

/**
 * Tries addresses one after the other: the next as soon as one failed, and beside it after 250 ms. The first that succeeds
 * ends the others.
 *
 * @typeParam T What a successful attempt gives; disposed of where another one was sooner.
 * @param core The stack's time.
 * @param addresses The addresses in text, the best first; at least one.
 * @param attempt Tries one; its signal aborts once another one has succeeded, or `signal` did.
 * @param signal Gives up.
 * @returns What the first attempt that succeeded gave.
 * @throws What the last attempt threw, when all failed.
 */
export function happyEyeballs<T>(
  core: Core,
  addresses: readonly string[],
  attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempts: AbortController[] = [];
    let failed = 0;
    const end = (winner?: AbortController): void => {
      timer.deadline = Infinity;
      signal?.removeEventListener("abort", abort);
      for (const other of attempts) if (other !== winner) other.abort(signal?.reason);
    };
    const abort = (): void => {
      end();
      reject(signal!.reason);
    };
    const next = (): void => {
      const hostname = addresses[attempts.length];
      if (hostname === undefined) return;
      const controller = new AbortController();
      attempts.push(controller);
      core.timers.arm(timer, core.now() + ATTEMPT_DELAY);
      core.wake();
      attempt(hostname, controller.signal).then((value) => {
        // Two may succeed in the same turn.
        if (controller.signal.aborted) return (value as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
        end(controller);
        resolve(value);
      }, (error) => {
        if (controller.signal.aborted) return;
        if (++failed < addresses.length) return next();
        end();
        reject(error);
      });
    };
    const timer = new Timer(next);
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener("abort", abort);
    next();
  });
}
