/**
 * A module that is imported only for its side effects leaves no byte in a bundle: what an app does not use is pruned.
 *
 * @module
 */

import { bundleFile, stop } from "./bundle.ts";
import { conclude, sources } from "./tree.ts";

/** The modules that leave something. */
export async function pureFaults(): Promise<string[]> {
  const faults: string[] = [];
  for (const path of ["mod.ts", ...["core", "protocols", "drivers", "plugins"].flatMap(sources)]) {
    const { minified, modules } = await bundleFile(path);
    if (minified > 0) {
      faults.push(`${path} has side effects: ${minified} bytes remain, from ${modules.join(", ") || "its imports"}`);
    }
  }
  await stop();
  return faults;
}

if (import.meta.main) conclude("pure", await pureFaults());
