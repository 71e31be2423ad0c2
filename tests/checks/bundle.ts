/**
 * What apps of the tree would ship.
 *
 * @module
 */

import { bundle as bundleEntry, STDIN } from "../../cli/bundle/bundler.ts";
import { ROOT } from "./tree.ts";

export { stop } from "../../cli/bundle/bundler.ts";

/** A bundle, and what went into it. */
export interface Bundle {
  /** Bytes, minified. */
  readonly minified: number;
  /** Bytes, minified and gzipped. */
  readonly gzipped: number;
  /** The modules that left at least a byte in it, as paths from the root of the tree, the heaviest first. */
  readonly modules: readonly string[];
}

/** Bundles a text that stands in the root of the tree. */
export async function bundle(text: string): Promise<Bundle> {
  const { size, gzipped, modules } = await bundleEntry({ entry: { text }, folder: ROOT });
  return {
    minified: size,
    gzipped,
    modules: [...modules].filter(([path, bytes]) => bytes > 0 && path !== STDIN).map(([path]) => path),
  };
}

/** Bundles a file of the tree. */
export function bundleFile(path: string): Promise<Bundle> {
  return bundle(`import ${JSON.stringify("./" + path)};`);
}
