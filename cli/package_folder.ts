/**
 * Where this package lies: in a clone, in node_modules, or at JSR.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { isBinary } from "./runtime.ts";

/** The folder of the package. */
export const PACKAGE_FOLDER: URL = new URL("../", import.meta.url);

/** The folder of the clone that this is run from; undefined where it is run from what was published. */
export function cloneFolder(): string | undefined {
  if (PACKAGE_FOLDER.protocol !== "file:" || isBinary()) return undefined;
  const folder = resolve(fileURLToPath(PACKAGE_FOLDER));
  const isClone = existsSync(join(folder, "deno.json")) && !folder.split(sep).includes("node_modules");
  return isClone ? folder : undefined;
}
