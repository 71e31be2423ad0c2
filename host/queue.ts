/**
 * What has come and was not asked for yet, or was asked for and has not come.
 *
 * @module
 */

import { type Deferred, deferred } from "../core/deferred.ts";

/** A queue with an end. */
export class Queue<T> {
  readonly #items: T[] = [];
  readonly #waiters: Deferred<T | null>[] = [];
  readonly #most: number;
  #ended: boolean = false;
  #error: Error | null = null;

  /**
   * Makes an empty queue.
   *
   * @param most Items that wait at most; more are dropped.
   */
  constructor(most: number = Infinity) {
    this.#most = most;
  }

  /** Adds an item; false when it was dropped. */
  push(item: T): boolean {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(item);
    else if (this.#ended || this.#items.length >= this.#most) return false;
    else this.#items.push(item);
    return true;
  }

  /** Waits for an item; null after the end. */
  take(): Promise<T | null> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    const error = this.#error;
    this.#error = null;
    if (error) return Promise.reject(error);
    if (this.#ended) return Promise.resolve(null);
    const waiter = deferred<T | null>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** Ends it; gives what nobody has taken. */
  end(error: Error | null = null): T[] {
    this.#ended = true;
    const waiters = this.#waiters.splice(0);
    // Somebody hears of the error, once.
    if (error && waiters.length > 0) waiters.shift()!.reject(error);
    else this.#error = error;
    for (const waiter of waiters) waiter.resolve(null);
    return this.#items.splice(0);
  }
}
