/**
 * Gives an app the real time that it needs: virtual time must not run away while it reads a file or computes a hash.
 *
 * @module
 */

import type { ReplayDriver } from "../drivers/replay.ts";
import type { ServeApp, ServeHandler } from "../protocols/http.ts";

/** Milliseconds between two looks. */
const SLICE = 1;

/** Watches what an app is working on. */
export class AppWatch {
  readonly #driver: ReplayDriver<"ip">;
  readonly #budget: number;
  /** The clients' ports, one for each request that the app works on. */
  readonly #pending: number[] = [];
  /** Milliseconds that were waited since the stack last sent something. */
  #waited: number = 0;
  #sent: number = 0;

  /**
   * Makes one.
   *
   * @param driver What plays.
   * @param budget Milliseconds for which it waits while nothing happens.
   */
  constructor(driver: ReplayDriver<"ip">, budget: number) {
    this.#driver = driver;
    this.#budget = budget;
  }

  /**
   * Makes an app that is watched.
   *
   * @param app The app, or its handler.
   */
  wrap(app: ServeApp | ServeHandler): ServeApp {
    const handle: ServeHandler = typeof app === "function" ? app : (request, info) => app.fetch(request, info);
    return {
      fetch: async (request, info) => {
        const { port } = info.remoteAddr;
        this.#pending.push(port);
        try {
          return await handle(request, info);
        } finally {
          this.#pending.splice(this.#pending.indexOf(port), 1);
        }
      },
    };
  }

  /**
   * Waits while the app works on an answer that its client waits for. An app whose client has more to say may wait for that
   * itself, as for the rest of an upload: then the time must move.
   */
  async settle(): Promise<void> {
    const { counters } = this.#driver;
    if (counters.sent !== this.#sent) this.#waited = 0;
    this.#sent = counters.sent;
    const busy = (): boolean => this.#pending.some((port) => this.#driver.done || this.#driver.waitsFor(port));
    while (busy() && this.#waited < this.#budget) {
      const since = performance.now();
      const pending = this.#pending.length;
      await new Promise((resolve) => setTimeout(resolve, SLICE));
      this.#waited += Math.max(SLICE, performance.now() - since);
      if (this.#pending.length !== pending) return;
    }
  }
}
