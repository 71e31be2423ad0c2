/**
 * A limit on how often something is done: a bucket of tokens that fills with time.
 *
 * @module
 */

import type { Core } from "./protocol.ts";

/** A bucket of tokens. */
export class TokenBucket {
  readonly #core: Core;
  readonly #burst: number;
  readonly #rate: number;
  #tokens: number;
  #filled: number = 0;

  /**
   * Makes a full bucket.
   *
   * @param core The core, for its time.
   * @param burst Tokens that it holds.
   * @param rate Tokens that it gets in a second.
   */
  constructor(core: Core, burst: number, rate: number) {
    this.#core = core;
    this.#burst = this.#tokens = burst;
    this.#rate = rate;
  }

  /**
   * Takes a token.
   *
   * @returns False when there is none.
   */
  take(): boolean {
    const now = this.#core.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filled) * this.#rate / 1000);
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
