/**
 * deno.json exports every public module, and nothing else. With `--write` it makes the list so.
 *
 * @module
 */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, publicModules, read, ROOT } from "./tree.ts";

/** What deno.json must export. */
function wanted(): Record<string, string> {
  const list: Record<string, string> = { ".": "./mod.ts" };
  for (const name of ["cli", "host", "testing"]) {
    if (existsSync(join(ROOT, name, "mod.ts"))) list[`./${name}`] = `./${name}/mod.ts`;
  }
  for (const path of publicModules()) list[`./${path.slice(0, -".ts".length)}`] = `./${path}`;
  return list;
}

/** What the exports lack or have too much. */
export function exportFaults(): string[] {
  const have: Record<string, string> = JSON.parse(read("deno.json")).exports;
  const want = wanted();
  return [
    ...Object.keys(want).filter((name) => have[name] !== want[name])
      .map((name) => `deno.json does not export "${name}" as "${want[name]}": run deno task exports`),
    ...Object.keys(have).filter((name) => !(name in want))
      .map((name) => `deno.json exports "${name}", which is no public module: run deno task exports`),
  ];
}

if (import.meta.main) {
  if (process.argv.includes("--write")) {
    const config = JSON.parse(read("deno.json"));
    config.exports = wanted();
    writeFileSync(join(ROOT, "deno.json"), JSON.stringify(config, null, 2) + "\n");
  }
  conclude("exports", exportFaults());
}
