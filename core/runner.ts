/**
 * Who turns a stack in the host's time: at once while there is work, and asleep in the driver while there is none.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Driver } from "./driver.ts";
import type { LoopCounters } from "./loop.ts";
import { yieldToHost } from "./yield_to_host.ts";

/** What a runner turns. */
export interface Turned {
  /** The time's source. */
  readonly clock: Clock;
  /** Where it sleeps. */
  readonly driver: Driver;
  /** Whether the stack was closed. */
  readonly closed: boolean;
  /** The time of the latest turn. */
  readonly turnedAt: number;
  /** Does one turn; returns when the next one is due. */
  poll(): number;
}

/** Turns a stack. */
export interface Runner {
  /** Turns it until it closes or the signal aborts. */
  run(signal?: AbortSignal): Promise<void>;
  /** Sees to it that it turns soon. */
  wake(): void;
}

/**
 * Makes a runner, which stands still at first.
 *
 * It turns while there is work and for a while after it, for to fall asleep and wake up costs more than a short wait: on a
 * machine in a cloud 0.1 ms. How long that while is follows what sleeping turned out to be: one that was over so soon that
 * spinning would have spared it restores the whole of it; a longer one halves it, so that a packet now and then costs no
 * more than its own turn.
 *
 * @param loop What it turns.
 * @param counters What the loop counts.
 * @param longest Milliseconds for which it turns at most after the last work.
 * @param automatic Whether it begins by itself when it is woken.
 * @returns The runner.
 */
export function makeRunner(loop: Turned, counters: LoopCounters, longest: number, automatic: boolean): Runner {
  // Closures and not a class: this is in every app, and local names are the shortest.
  const { driver } = loop;
  let spin = longest;
  let busyUntil = 0;
  let running: Promise<void> | null = null;
  let end: () => void;
  let stopping = false;
  let woken = false;

  const turn = (): void => {
    if (loop.closed || stopping) {
      running = null;
      stopping = false;
      end();
      // Of who runs by itself a signal ends only the wait.
      if (automatic && !loop.closed) void run();
      return;
    }
    const before = counters.received;
    woken = false;
    const next = loop.poll();
    const now = loop.turnedAt;
    if (next <= now || woken || counters.received !== before) busyUntil = now + spin;
    else if (now >= busyUntil) {
      counters.sleeps++;
      return void driver.wait(next - now).then(() => {
        // Half of a short sleep is waking up.
        spin = loop.clock.now() - now < 2 * longest ? longest : spin / 2;
        turn();
      });
    }
    yieldToHost(turn);
  };

  const run = (signal?: AbortSignal): Promise<void> => {
    const stop = (): void => {
      stopping = true;
      driver.wake();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    running ??= new Promise((resolve) => {
      end = resolve;
      yieldToHost(turn);
    });
    return running.finally(() => signal?.removeEventListener("abort", stop));
  };

  return {
    run,
    wake() {
      woken = true;
      driver.wake();
      if (automatic && !running) void run();
    },
  };
}
