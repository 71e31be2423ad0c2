/**
 * One request and its response.
 *
 * @module
 */

import { type Deferred, deferred } from "../../core/deferred.ts";
import type { HttpNetAddr, ServeHandlerInfo } from "./settings.ts";
import type { IncomingContent } from "./incoming_content.ts";
import type { RequestHead } from "./request_head.ts";

/** What an exchange knows of its connection. */
export interface ExchangeConnection {
  /** The client. */
  readonly remoteAddr: HttpNetAddr;
  /** Our end, as the authority of a URI. */
  readonly authority: string;
}

/** One request and its response. */
export class Exchange {
  /** The connection. */
  readonly connection: ExchangeConnection;
  /** The request's head. */
  readonly head: RequestHead;
  /** The request's content; null when it has none. */
  readonly content: IncomingContent | null;
  #aborted: AbortController | null = null;
  #completed: Deferred<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #done: boolean = false;

  /**
   * Begins an exchange.
   *
   * @param connection The connection.
   * @param head The request's head.
   * @param content The request's content.
   */
  constructor(connection: ExchangeConnection, head: RequestHead, content: IncomingContent | null) {
    this.connection = connection;
    this.head = head;
    this.content = content;
  }

  /** Aborts when the client goes away before it has its response. */
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

  /** Whether it was decided already that there will be no whole response, for the client is to blame. */
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

/** What handlers learn of an exchange. */
export class HandlerInfo implements ServeHandlerInfo {
  readonly #exchange: Exchange;

  /**
   * Shows an exchange.
   *
   * @param exchange The exchange.
   */
  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Who sent the request. */
  get remoteAddr(): HttpNetAddr {
    return this.#exchange.connection.remoteAddr;
  }

  /** Settles once the response was sent or failed. */
  get completed(): Promise<void> {
    return this.#exchange.completed;
  }
}
