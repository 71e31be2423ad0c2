/**
 * The program `cli/start.ts`, run as its task runs it, by the runtime that runs the test.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { Program, ROOT } from "../tap/namespace.ts";

/** The command and its first arguments: in Deno those of `task start`, with the permissions that it grants. */
export function command(): string[] {
  const own = process.execPath;
  if (!("Deno" in globalThis)) return [own, "cli/start.ts"];
  const { tasks } = JSON.parse(readFileSync(`${ROOT}/deno.json`, "utf8"));
  const [, run, ...rest] = (tasks.start as string).split(" ");
  return [own, run!, "--quiet", ...rest];
}

/** Runs the program with arguments. */
export function run(...args: string[]): Program {
  const [program, ...first] = command();
  return new Program(
    spawn(program!, [...first, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    }),
  );
}

/** A program that serves. */
export interface Served {
  /** The program. */
  readonly program: Program;
  /** Where it serves, without a slash at the end. */
  readonly url: string;
  /** The same port. */
  readonly port: number;
}

/** Runs the program on a free port, waits until it serves, and ends it in good order after the test. */
export async function whileServing(args: readonly string[], test: (served: Served) => Promise<void>): Promise<void> {
  const program = run("--port", "0", ...args);
  try {
    const [, url, port] = await program.line(/^Open (http:\/\/127\.0\.0\.1:(\d+))\/$/);
    await test({ program, url: url!, port: Number(port) });
    const status = await program.stop("SIGINT");
    if (status !== 0) throw new Error(`It ended with ${status}: ${program.said()}`);
    if (program.stderr !== "") throw new Error(`It complained: ${program.stderr}`);
  } finally {
    await program.stop("SIGKILL");
  }
}
