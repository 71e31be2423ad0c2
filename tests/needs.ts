/**
 * Tests that need more of their host than a runtime: a program, or root's rights.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";

/**
 * What a test may need: `"root"`, `"netns"` (root that may make network namespaces), `"tun"` (root that may open
 * /dev/net/tun), `"deno"` or `"bun"` (that runtime to run in), a variable of the environment (`"ASK_KERNEL=1"`), or the name of
 * a program.
 */
export type Need = "root" | "netns" | "tun" | "deno" | "bun" | string & Record<never, never>;

/** Whether the path has a program. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => readable(join(folder, name), constants.X_OK));
}

function readable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

let netns: boolean | undefined;

function has(need: Need): boolean {
  if (need === "root") return isRoot();
  if (need === "tun") return isRoot() && readable("/dev/net/tun", constants.R_OK | constants.W_OK);
  if (need === "netns") {
    return netns ??= isRoot() && hasProgram("ip") && spawnSync("unshare", ["-n", "true"]).status === 0;
  }
  if (need === "deno") return "Deno" in globalThis;
  if (need === "bun") return "Bun" in globalThis;
  if (need.includes("=")) return process.env[need.split("=")[0]!] === need.split("=")[1];
  return hasProgram(need);
}

/** What is missing, in the order asked for. */
export function lacking(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !has(need));
}

/**
 * A test that is skipped where something that it needs is missing. The reason stands in its name, for neither runner
 * prints the one that `node:test` takes.
 */
export function testWith(needs: readonly Need[], name: string, run: () => void | Promise<void>): void {
  const missing = lacking(needs);
  if (missing.length === 0) test(name, run);
  else test(`${name} (skipped: needs ${missing.join(", ")})`, { skip: true }, () => {});
}
