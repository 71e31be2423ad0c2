/**
 * deno.json exports every public module, and nothing else; and the command line knows what stands there. With `--write`
 * it makes both so.
 *
 * @module
 */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, publicModules, read, ROOT } from "./tree.ts";

const INFO = "cli/package_info.ts";

/** What deno.json must export. */
function wanted(): Record<string, string> {
  const list: Record<string, string> = { ".": "./mod.ts" };
  for (const name of ["cli", "host", "testing"]) {
    if (existsSync(join(ROOT, name, "mod.ts"))) list[`./${name}`] = `./${name}/mod.ts`;
  }
  for (const path of publicModules()) list[`./${path.slice(0, -".ts".length)}`] = `./${path}`;
  return list;
}

/** The module that tells the command line of the package: the published forms do not all hold deno.json. */
function wantedInfo(): string {
  const { name, version, exports, imports } = JSON.parse(read("deno.json"));
  return `/**
 * The package, as deno.json describes it. \`deno task exports\` makes this module.
 *
 * @module
 */

// deno-fmt-ignore-file

/** What stands in deno.json. */
export interface PackageInfo {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The path of each module that it exports, by its name. */
  readonly exports: Readonly<Record<string, string>>;
  /** What it imports, by the name in its modules. */
  readonly imports: Readonly<Record<string, string>>;
}

/** What stands in deno.json. */
export const PACKAGE: PackageInfo = ${JSON.stringify({ name, version, exports, imports }, null, 2)};
`;
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
    ...(read(INFO) === wantedInfo() ? [] : [`${INFO} is not what deno.json holds: run deno task exports`]),
  ];
}

if (import.meta.main) {
  if (process.argv.includes("--write")) {
    const config = JSON.parse(read("deno.json"));
    config.exports = wanted();
    writeFileSync(join(ROOT, "deno.json"), JSON.stringify(config, null, 2) + "\n");
    writeFileSync(join(ROOT, INFO), wantedInfo());
  }
  conclude("exports", exportFaults());
}
