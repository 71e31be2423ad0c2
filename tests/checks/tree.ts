/**
 * What the checks read: the files of the tree, and their text.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds deno.json. */
export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The .ts files below a folder of the tree, as paths from its root; none when there is no such folder. */
export function sources(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** The modules that apps import, beside mod.ts: those directly in protocols/, drivers/ and plugins/. */
export function publicModules(): string[] {
  return ["protocols", "drivers", "plugins"].flatMap(sources).filter((path) => path.split("/").length === 2);
}

/** The text of a file of the tree. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Ends a check that runs alone: prints what is wrong, and fails when anything is. */
export function conclude(name: string, faults: readonly string[]): never {
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? `${name}: ok` : `${name}: ${faults.length} wrong`);
  process.exit(faults.length === 0 ? 0 : 1);
}
