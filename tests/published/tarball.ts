/**
 * The package as npm gets it: a tarball of `deno pack`, and an app that has installed it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { ROOT } from "../checks/tree.ts";
import { type Outcome, run } from "../cli/run.ts";

let folder: string | undefined;

/** A folder that is gone when the tests end. */
function scratch(): string {
  return folder ??= mkdtempSync(join(tmpdir(), "bonsai-published-"));
}

after(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Runs a program, which must end well. */
export function must(program: string, args: readonly string[], cwd: string): Outcome {
  const outcome = run(program, args, { cwd, timeout: 180_000 });
  assertEquals(outcome.status, 0, `${program} ${args.join(" ")}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

let packed: string | undefined;

/** Packs the tree, once. */
export function tarball(): string {
  if (packed !== undefined) return packed;
  const file = join(scratch(), "bonsai.tgz");
  must("deno", ["pack", "--allow-dirty", "--quiet", "--output", file], ROOT);
  return packed = file;
}

/** Makes an app beside the tarball. */
export function app(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(scratch(), name);
  mkdirSync(path);
  const all = { "package.json": JSON.stringify({ name, private: true, type: "module" }), ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(path, name), text);
  return path;
}
