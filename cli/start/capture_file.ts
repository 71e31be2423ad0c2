/**
 * A capture in a file.
 *
 * @module
 */

import { closeSync, openSync, writeSync } from "node:fs";
import type { Plugin } from "../../core/driver.ts";
import { capture, type CaptureOptions } from "../../plugins/capture.ts";

/** A pcapng file that a stack's packets go to. */
export class CaptureFile {
  /** What to list among the stack's plugins. */
  readonly plugin: Plugin;
  readonly #file: number;

  /**
   * Makes the file; what it held is gone.
   *
   * @param path Where.
   * @param filter Chooses packets; all are written without it.
   * @throws {Error} When it cannot be written.
   */
  constructor(path: string, filter?: CaptureOptions["filter"]) {
    const cannot = (error: unknown): string => `Cannot write ${path}: ${(error as Error).message}`;
    try {
      this.#file = openSync(path, "w");
    } catch (error) {
      throw new Error(cannot(error));
    }
    this.plugin = capture((bytes) => this.#write(bytes), {
      ...(filter && { filter }),
      onError: (error) => console.error(`${cannot(error)}; it ends here`),
    });
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  /** Closes the file; the stack is closed before. */
  close(): void {
    closeSync(this.#file);
  }
}
