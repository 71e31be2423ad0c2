/**
 * The asynchronous part of a driver that has no descriptor to wait on: one promise and one timer of the host.
 *
 * @module
 */

/** The longest time that every host's `setTimeout` takes, in milliseconds; more would fire at once. */
const LONGEST = 0x7fffffff;

/** Somebody who sleeps until woken, for a time at most. */
export class Sleeper {
  readonly #background: boolean;
  #resolve: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Makes one who is awake.
   *
   * @param background Whether the process may end during the sleep, where the host permits.
   */
  constructor(background: boolean) {
    this.#background = background;
  }

  /** Whether a sleep is under way. */
  get asleep(): boolean {
    return this.#resolve !== null;
  }

  /**
   * Sleeps; a sleep that is under way already ends.
   *
   * @param ms Milliseconds at most, 0 to infinity.
   */
  sleep(ms: number): Promise<void> {
    this.wake();
    if (!(ms > 0)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (ms === Infinity) return;
      this.#timer = setTimeout(() => this.wake(), Math.min(ms, LONGEST));
      // Only some hosts give an object that can be unreferenced.
      if (this.#background) (this.#timer as { unref?: () => void }).unref?.();
    });
  }

  /** Ends a sleep that is under way. */
  wake(): void {
    const resolve = this.#resolve;
    if (!resolve) return;
    this.#resolve = null;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    resolve();
  }
}
