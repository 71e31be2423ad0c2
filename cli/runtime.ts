/**
 * Which runtime this is.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A runtime. */
export interface Runtime {
  /** Its name. */
  readonly name: "Deno" | "Bun" | "Node";
  /** Its version, such as `"2.9.6"`. */
  readonly version: string;
}

/** Tells which runtime this is. Those that stand in for Node's modules have a version of Node too. */
export function runtime(): Runtime {
  const { deno, bun, node = "" } = process.versions;
  if (deno) return { name: "Deno", version: deno };
  return bun ? { name: "Bun", version: bun } : { name: "Node", version: node };
}

/** Whether this is a binary that `deno compile` made. */
export function isBinary(): boolean {
  return "Deno" in globalThis && Deno.build.standalone;
}

/**
 * Whether a module is the one that the user runs.
 *
 * @param meta The module's `import.meta`.
 */
export function isMain({ main, url }: { readonly main?: boolean; readonly url: string }): boolean {
  if (main !== undefined) return main;
  // Node before 24.2 does not tell.
  const [, program] = process.argv;
  return program !== undefined && url.startsWith("file:") && realpathSync(program) === fileURLToPath(url);
}
