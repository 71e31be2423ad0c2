/**
 * Time, passed in so that a test can own it.
 *
 * @module
 */

/** Where a stack reads the time. */
export interface Clock {
  /** Reads the time, in milliseconds from any origin; it never goes back. */
  now(): number;
  /** Where its 0 lies: milliseconds since 1970-01-01 UTC, for captures; 0 when left out, as in virtual time. */
  readonly origin?: number;
}

/** The host's monotonic clock. */
export const systemClock: Clock = {
  now: (): number => performance.now(),
  get origin(): number {
    return performance.timeOrigin;
  },
};

/** A clock that stands still until it is told to move: virtual time. */
export class ManualClock implements Clock {
  #now: number;

  /**
   * Makes a clock that stands still.
   *
   * @param now The time it shows first, in milliseconds.
   */
  constructor(now: number = 0) {
    this.#now = now;
  }

  /** Reads the time, in milliseconds. */
  now(): number {
    return this.#now;
  }

  /**
   * Moves the clock on.
   *
   * @param ms How far, in milliseconds; never back.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Cannot advance a clock by ${ms} ms: time never goes back`);
    this.#now += ms;
  }

  /**
   * Moves the clock on to a time.
   *
   * @param time The time, in milliseconds; one that has passed changes nothing.
   */
  advanceTo(time: number): void {
    if (time > this.#now) this.#now = time;
  }
}
