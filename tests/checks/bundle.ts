/**
 * What apps would ship: bundles made by esbuild, as a web app's or a firmware's build makes them.
 *
 * @module
 */

import { build, stop } from "esbuild";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { ROOT } from "./tree.ts";

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
export async function bundle(contents: string): Promise<Bundle> {
  const result = await build({
    stdin: { contents, resolveDir: ROOT, loader: "ts" },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "esnext",
    logLevel: "silent",
    plugins: [{
      // The host's modules are not ours to bundle, and importing one does nothing by itself.
      name: "host",
      setup: (context) => context.onResolve({ filter: /^(node|bun):/ }, () => ({ external: true, sideEffects: false })),
    }],
  });
  const bytes = Buffer.from(result.outputFiles[0]?.contents ?? []);
  const output = Object.values(result.metafile.outputs)[0];
  return {
    minified: bytes.length,
    gzipped: gzipSync(bytes, { level: 9 }).length,
    modules: Object.entries(output?.inputs ?? {})
      .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path !== "<stdin>")
      .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
      .map(([path]) => path),
  };
}

/** Bundles a file of the tree. */
export function bundleFile(path: string): Promise<Bundle> {
  return bundle(`import ${JSON.stringify("./" + path)};`);
}

/** Ends esbuild's process, which would keep ours alive. */
export { stop };
