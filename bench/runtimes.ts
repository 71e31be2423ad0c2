/**
 * The runtimes that this machine has, and programs that run in them.
 *
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { ROOT } from "../tests/tap/namespace.ts";
import { hasProgram } from "../tests/needs.ts";
import type { Arena, Contender, Sample } from "./scenario.ts";

/** A JavaScript runtime. */
export type Runtime = "deno" | "bun" | "node";

/** How each is written in tables. */
export const NAMES: Readonly<Record<Runtime, string>> = { deno: "Deno", bun: "Bun", node: "Node" };

/** Releases that npx may bring where the path has none. */
const PACKAGES: Readonly<Record<Runtime, string | null>> = { deno: "deno@2.9", bun: "bun@1.4", node: null };

/** A runtime of this machine. */
interface Binary {
  /** Where its own binary lies. */
  readonly path: string;
  /** Its release. */
  readonly version: string;
}

const found: Map<Runtime, Binary | null> = new Map();

/** Finds a runtime; null where there is none. */
export function binary(runtime: Runtime): Binary | null {
  let known = found.get(runtime);
  if (known === undefined) found.set(runtime, known = find(runtime));
  return known;
}

function find(runtime: Runtime): Binary | null {
  const release = PACKAGES[runtime];
  const program = hasProgram(runtime)
    ? [runtime]
    : release !== null && hasProgram("npx")
    ? ["npx", "-y", release]
    : null;
  if (!program) return null;
  // Deno and Bun tell a version of Node's too.
  const script = `console.log(JSON.stringify({ path: process.execPath, version: process.versions.${runtime} }))`;
  const [command = "", ...args] = [...program, runtime === "deno" ? "eval" : "-e", script];
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 120_000 });
  return status === 0 ? JSON.parse(stdout) : null;
}

/** The command that runs a module in a runtime. */
export function command(runtime: Runtime, module: string, ...args: string[]): string[] {
  const program = binary(runtime)!.path;
  return runtime === "deno"
    ? [program, "run", "-A", "--quiet", "--unstable-net", module, ...args]
    : [program, module, ...args];
}

/** A command that stays on one processor, where the machine can see to that. */
export function pinned(core: number, command: readonly string[]): string[] {
  return hasProgram("taskset") ? ["taskset", "-c", String(core), ...command] : [...command];
}

/** A sentence for a runtime that is missing. */
export function lacks(runtime: Runtime): string {
  return `${NAMES[runtime]} is not measured: it is neither on the path nor to be had through npx.`;
}

/** A program that takes part in one or more runtimes. */
export interface Part {
  /** Its name, in the table and for {@linkcode runProgram}. */
  readonly name: string;
  /** Where it runs. */
  readonly runtimes: readonly Runtime[];
  /** The part of ours that it is set against, in the same runtime; none for ours. */
  readonly against?: string;
}

/**
 * Contenders that each run in a process of their own, a new one every round, on processor 0.
 *
 * @param module The scenario's module, which is their program too.
 * @param parts The programs.
 */
export function inProcesses(module: string, parts: readonly Part[]): Arena {
  const contenders: Contender[] = [];
  const absent = new Set<string>();
  for (const { name, runtimes, against } of parts) {
    for (const runtime of runtimes) {
      if (!binary(runtime)) {
        absent.add(lacks(runtime));
        continue;
      }
      contenders.push({
        name: `${name}, ${NAMES[runtime]}`,
        ...(against === undefined ? {} : { against: `${against}, ${NAMES[runtime]}` }),
        measure: (seconds) => sample(pinned(0, command(runtime, module, name, String(seconds))), seconds),
      });
    }
  }
  return { contenders, absent: [...absent] };
}

/** Runs a program that prints its sample. */
function sample(command: readonly string[], seconds: number): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaint = "";
    child.stdout.on("data", (data) => output += data);
    child.stderr.on("data", (data) => complaint += data);
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + 30_000);
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      if (status === 0) resolve(JSON.parse(output));
      else reject(new Error(`${command.join(" ")} ended with ${status}: ${output}\n${complaint}`));
    });
  });
}
