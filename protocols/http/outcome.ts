/**
 * How an exchange ends, as its handler learns of it.
 *
 * @module
 */

import { type Deferred, deferred } from "../../core/deferred.ts";
import type { ServerConnection } from "./server_connection.ts";
import type { HttpNetAddr, ServeHandlerInfo } from "./settings.ts";

/** How an exchange ends. Most handlers never ask, so that nothing is made before one does. */
export class Outcome {
  #aborted: AbortController | null = null;
  #completed: Deferred<void> | null = null;
  #done: boolean = false;
  #failure: { readonly error: unknown } | null = null;

  /** Aborts when there will be no whole response. */
  get signal(): AbortSignal {
    if (!this.#aborted) {
      this.#aborted = new AbortController();
      if (this.#failure) this.#aborted.abort(this.#failure.error);
    }
    return this.#aborted.signal;
  }

  /** Settles once the response was sent or failed. */
  get completed(): Promise<void> {
    if (!this.#completed) {
      this.#completed = deferred();
      // Whoever only looks at it need not handle it.
      this.#completed.promise.catch(() => {});
      if (this.#done) this.#completed.resolve();
      if (this.#failure) this.#completed.reject(this.#failure.error);
    }
    return this.#completed.promise;
  }

  /** Whether there will be no whole response. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** The response was sent. */
  complete(): void {
    this.#done = true;
    this.#completed?.resolve();
  }

  /**
   * There will be no whole response.
   *
   * @param error Why.
   */
  fail(error: unknown): void {
    if (this.#done || this.#failure) return;
    this.#failure = { error };
    this.#completed?.reject(error);
    this.#aborted?.abort(error);
  }
}

/** What handlers learn besides the request. */
export class HandlerInfo implements ServeHandlerInfo {
  readonly #connection: ServerConnection;
  readonly #outcome: Outcome;

  /**
   * Shows an exchange.
   *
   * @param connection Its connection.
   * @param outcome How it ends.
   */
  constructor(connection: ServerConnection, outcome: Outcome) {
    this.#connection = connection;
    this.#outcome = outcome;
  }

  /** Who sent the request. */
  get remoteAddr(): HttpNetAddr {
    return this.#connection.remoteAddr;
  }

  /** Settles once the response was sent or failed. */
  get completed(): Promise<void> {
    return this.#outcome.completed;
  }
}
