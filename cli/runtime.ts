/**
 * Which runtime this is.
 *
 * @module
 */

import process from "node:process";

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
