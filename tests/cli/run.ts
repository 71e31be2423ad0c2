/**
 * Runs the command line, and apps, as a user would: each in a process of its own.
 *
 * @module
 */

import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "../checks/tree.ts";

/** Whether this is Deno; it is Bun otherwise. */
export const DENO: boolean = "Deno" in globalThis;

/** What a process did. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a process: this runtime comes first on its path, and nothing is coloured. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  const { FORCE_COLOR: _, ...rest } = process.env;
  return { ...rest, PATH: `${dirname(process.execPath)}:${rest.PATH}`, NO_COLOR: "1", ...more } as Record<
    string,
    string
  >;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: SpawnOptions = {}): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], {
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 64 << 20,
    env: environment(),
    ...options,
  });
  if (error) throw error;
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

/** The arguments that make this runtime run a file of the tree. */
export function runtimeArgs(path: string): string[] {
  return DENO ? ["run", "-A", "--quiet", join(ROOT, path)] : [join(ROOT, path)];
}

/** Runs the command line to its end. */
export function bonsai(args: readonly string[], options: SpawnOptions = {}): Outcome {
  return run(process.execPath, [...runtimeArgs("cli/mod.ts"), ...args], options);
}

/** A process under way. */
export class Running {
  /** What it printed so far. */
  output: string = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #heard: () => void = () => {};

  constructor(program: string, args: readonly string[], options: SpawnOptions = {}) {
    const child = spawn(program, [...args], {
      env: environment(),
      ...options,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const hear = (data: Uint8Array): void => {
      this.output += new TextDecoder().decode(data);
      this.#heard();
    };
    child.stdout!.on("data", hear);
    child.stderr!.on("data", hear);
    this.#ended = new Promise((resolve) => {
      child.on("close", (status) => {
        resolve(status);
        this.#heard();
      });
    });
  }

  /** Waits until it has printed something. */
  async until(text: string | RegExp, ms: number = 20_000): Promise<void> {
    const timer = setTimeout(() => this.kill(), ms);
    try {
      while (!(typeof text === "string" ? this.output.includes(text) : text.test(this.output))) {
        if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          throw new Error(`It ended before it printed ${text}, and printed:\n${this.output}`);
        }
        await new Promise<void>((resolve) => this.#heard = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for its end; gives its status. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends it as Ctrl-C does, and whatever it started; gives its status. */
  interrupt(): Promise<number | null> {
    this.#signal("SIGINT");
    return this.#ended;
  }

  /** Ends it at once, whatever it does, and whatever it started. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: "SIGINT" | "SIGKILL"): void {
    try {
      // It leads a group of its own, as a job of a shell does.
      process.kill(-this.#child.pid!, signal);
    } catch {
      // It is gone already.
    }
  }
}
