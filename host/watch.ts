/**
 * What is open, so that it can be closed with the rest.
 *
 * @module
 */

/** Takes note of a connection; gives what to call once it is over. */
export type Watch = (conn: { abort(): void }) => () => void;

/** Everything that is open. */
export class Opened {
  readonly #all: Set<() => void> = new Set();

  /** Takes note of something that opened; gives what to call once it closed. */
  add(close: () => void): () => void {
    this.#all.add(close);
    return () => this.#all.delete(close);
  }

  /** Closes everything. */
  close(): void {
    for (const close of [...this.#all]) close();
    this.#all.clear();
  }
}
