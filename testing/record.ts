/**
 * Records the packets of a test, and leaves them behind when it fails.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Plugin } from "../core/driver.ts";
import { capture, PcapngWriter } from "../plugins/capture.ts";

/** Where recordings go. */
export interface RecordOptions {
  /** The folder; that of the environment variable `BONSAI_CAPTURES`, or else `test-captures`, when left out. */
  readonly folder?: string;
  /** Whether a test that passes leaves its packets too; only one that fails does when left out. */
  readonly always?: boolean;
}

/** Records the packets of any number of stacks; made by {@linkcode tape}. */
export class Tape {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  readonly #writer: PcapngWriter = new PcapngWriter((bytes) => this.#pieces.push(bytes.slice()));

  /** What to list among the plugins of a stack; each stack is an interface of the file. */
  get plugin(): Plugin {
    return capture(this.#writer);
  }

  /**
   * The same, under a name of its own.
   *
   * @param name The name of the interface.
   */
  named(name: string): Plugin {
    return capture(this.#writer, { name });
  }

  /** What was recorded so far, as a pcapng file. */
  pcapng(): Uint8Array<ArrayBuffer> {
    this.#writer.flush();
    const file = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      file.set(piece, at);
      at += piece.length;
    }
    return file;
  }

  /**
   * Writes what was recorded so far.
   *
   * @param name What the file is called after.
   * @param options Where it goes.
   * @returns Its path.
   */
  save(name: string, options: RecordOptions = {}): string {
    return saveCapture(name, this.pcapng(), options);
  }
}

/**
 * Makes a recorder.
 *
 * @returns It; list its `plugin` in each stack.
 */
export function tape(): Tape {
  return new Tape();
}

/**
 * Writes a file of a test into the folder for such files.
 *
 * @param name What it is called after; `.pcapng` is added where it is missing.
 * @param bytes What it holds.
 * @param options The folder.
 * @returns Its path.
 */
export function saveCapture(name: string, bytes: Uint8Array, options: RecordOptions = {}): string {
  const folder = options.folder ?? process.env.BONSAI_CAPTURES ?? "test-captures";
  mkdirSync(folder, { recursive: true });
  const file = name.replace(/\.pcapng$/, "").replace(/[^\w.-]+/g, "_").slice(0, 100);
  const path = join(folder, `${file}.pcapng`);
  writeFileSync(path, bytes);
  return path;
}

/**
 * Makes the body of a test that leaves its packets behind when it fails; the message of the failure names the file.
 *
 * ```ts ignore
 * import { test } from "node:test";
 * import { stack } from "@bonsai/net";
 * import { record } from "@bonsai/net/testing";
 *
 * const name = "the server answers";
 * test(name, record(name, async ({ plugin }) => {
 *   const net = stack({ driver, plugins: [plugin], protocols: [] });
 * }));
 * ```
 *
 * @param name The name of the test.
 * @param body The test.
 * @param options Where the file goes.
 * @returns The body for the runner.
 */
export function record(
  name: string,
  body: (tape: Tape) => void | Promise<void>,
  options: RecordOptions = {},
): () => Promise<void> {
  return async () => {
    const recorder = new Tape();
    try {
      await body(recorder);
    } catch (error) {
      const path = recorder.save(name, options);
      if (error instanceof Error) error.message += `\nThe packets of this run are in ${path}`;
      throw error;
    }
    if (options.always) recorder.save(name, options);
  };
}
