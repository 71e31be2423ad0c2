/**
 * Bytes on their way out: what TCP does not take at once waits here.
 *
 * @module
 */

import type { TcpConnection } from "../tcp.ts";

/** Bytes on their way out. */
export class Outbox {
  /** Called whenever all was taken that had to wait. */
  onEmpty: (() => void) | null = null;
  readonly #connection: TcpConnection;
  readonly #onWait: () => void;
  readonly #queue: Uint8Array[] = [];

  /**
   * Makes an empty one.
   *
   * @param connection Where the bytes go.
   * @param onWait Called when the first bytes have to wait.
   */
  constructor(connection: TcpConnection, onWait: () => void) {
    this.#connection = connection;
    this.#onWait = onWait;
  }

  /** Whether all was taken. */
  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /**
   * Sends bytes, or keeps them until they can be sent.
   *
   * @param bytes The bytes.
   * @param lent Whether they may change once this returns, so that what is kept must be copied.
   */
  write(bytes: Uint8Array, lent: boolean = false): void {
    const taken = this.#queue.length === 0 ? this.#connection.write(bytes) : 0;
    if (taken === bytes.length) return;
    this.#queue.push(lent ? bytes.slice(taken) : bytes.subarray(taken));
    if (this.#queue.length === 1) this.#onWait();
  }

  /** There is room: sends what waits. */
  flush(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    while (queue.length > 0) {
      const first = queue[0]!;
      const taken = this.#connection.write(first);
      if (taken < first.length) {
        queue[0] = first.subarray(taken);
        return;
      }
      queue.shift();
    }
    const { onEmpty } = this;
    this.onEmpty = null;
    onEmpty?.();
  }

  /** Waits until all was taken; the wait ends too when the connection is lost. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.empty) resolve();
      else this.onEmpty = resolve;
    });
  }

  /** Drops what waits: the connection is lost. */
  clear(): void {
    this.#queue.length = 0;
    const { onEmpty } = this;
    this.onEmpty = null;
    onEmpty?.();
  }
}
