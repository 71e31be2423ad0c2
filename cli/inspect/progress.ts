/**
 * Tells how far a long file is read, where somebody watches.
 *
 * @module
 */

import process from "node:process";

/** Milliseconds before the first word and between two. */
const PAUSE = 500;

/** A line on standard error that is overwritten. */
export class Progress {
  readonly #shown: boolean;
  #next: number;
  #written: boolean = false;

  /**
   * Begins.
   *
   * @param wanted Whether to tell anything.
   */
  constructor(wanted: boolean) {
    this.#shown = wanted && process.stderr.isTTY === true && process.stdout.isTTY !== true;
    this.#next = performance.now() + PAUSE;
  }

  /**
   * Tells how far it is.
   *
   * @param read Bytes that are read.
   * @param size Bytes of the file; 0 when that is not known.
   */
  tell(read: number, size: number): void {
    if (!this.#shown || performance.now() < this.#next) return;
    this.#next = performance.now() + PAUSE;
    this.#written = true;
    const share = size > 0 ? ` of ${megabytes(size)}, ${Math.floor(100 * read / size)} %` : "";
    process.stderr.write(`\r\x1b[Kinspect: ${megabytes(read)}${share}`);
  }

  /** Wipes the line. */
  end(): void {
    if (this.#written) process.stderr.write("\r\x1b[K");
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
