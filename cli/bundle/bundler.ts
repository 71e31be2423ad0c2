/**
 * What apps would ship: bundles made by esbuild, as a web app's or a firmware's build makes them.
 *
 * @module
 */

import { build, type BuildFailure, type Metafile, type Plugin, stop } from "esbuild";
import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { denoPackages } from "./deno_packages.ts";
import { ownPackage } from "./own_package.ts";

/** Where a bundle is to run. */
export type Target = "deno" | "bun" | "browser" | "node";

/** What to bundle. */
export interface BundleRequest {
  /** The text, or the path of the app's module. */
  readonly entry: { readonly text: string } | { readonly file: string };
  /** The folder that paths start from. */
  readonly folder: string;
  /** Where it is to run; nowhere in particular when left out. */
  readonly target?: Target;
  /** Whether names and spaces are shortened; true when left out. */
  readonly minify?: boolean;
}

/** A bundle, and what went into it. */
export interface Bundled {
  /** Its code. */
  readonly code: Uint8Array;
  /** Bytes. */
  readonly size: number;
  /** Bytes, gzipped. */
  readonly gzipped: number;
  /** Bytes of each module that was read, as paths from the folder; 0 for those that left nothing. */
  readonly modules: ReadonlyMap<string, number>;
  /** Who imports each module, on the shortest way from the app. */
  readonly importers: ReadonlyMap<string, string>;
  /** Packages that were not found, and are imported at run time. */
  readonly missing: readonly string[];
}

/** The text's name among the modules. */
export const STDIN = "<stdin>";

/**
 * Bundles an app.
 *
 * @param request What, and for where.
 * @returns The bundle.
 * @throws {Error} When it cannot be: the first reason, in one sentence.
 */
export async function bundle(request: BundleRequest): Promise<Bundled> {
  const bundled = await attempt(request, []);
  if (bundled.missing.length === 0 || !("file" in request.entry)) return bundled;
  const packages = denoPackages(request.entry.file);
  if (packages === null) return bundled;
  try {
    return await attempt(request, [join(packages, "node_modules")]);
  } finally {
    rmSync(packages, { recursive: true });
  }
}

async function attempt(
  { entry, folder, target, minify = true }: BundleRequest,
  nodePaths: string[],
): Promise<Bundled> {
  const missing = new Set<string>();
  try {
    const { outputFiles, metafile } = await build({
      ...("text" in entry
        ? { stdin: { contents: entry.text, resolveDir: folder, loader: "ts" } }
        : { entryPoints: [entry.file] }),
      absWorkingDir: folder,
      bundle: true,
      nodePaths,
      // Links lead out of the folder that tells packages from the app.
      preserveSymlinks: nodePaths.length > 0,
      minify,
      write: false,
      metafile: true,
      outdir: "out",
      format: "esm",
      target: target === "node" ? "node22" : "esnext",
      platform: target === "browser" ? "browser" : target === "node" ? "node" : "neutral",
      mainFields: ["module", "main"],
      logLevel: "silent",
      plugins: [hostModules(target), ownPackage(), packages(missing)],
    });
    const code = outputFiles[0]?.contents ?? new Uint8Array(0);
    return {
      code,
      size: code.length,
      gzipped: gzipSync(Buffer.from(code), { level: 9 }).length,
      modules: modulesOf(metafile),
      importers: importersOf(metafile),
      missing: [...missing].sort(),
    };
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? [];
    if (!first) throw error;
    const { location } = first;
    throw new Error(`Cannot bundle${location ? ` ${location.file}:${location.line}` : ""}: ${first.text}`);
  }
}

/** Ends esbuild's process, which would keep ours alive. */
export { stop };

/** The host's modules are not ours to bundle, and importing one does nothing by itself. */
function hostModules(target?: Target): Plugin {
  return {
    name: "host",
    setup: (context) =>
      context.onResolve({ filter: /^(node|bun):/ }, ({ path, importer }) => {
        if (target !== "browser") return { external: true, sideEffects: false };
        return { errors: [{ text: `${importer} imports ${path}, which no browser has` }] };
      }),
  };
}

/** Packages as Deno names them are those of the same names; one that is not installed is left to the runtime. */
function packages(missing: Set<string>): Plugin {
  return {
    name: "packages",
    setup: (context) =>
      context.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...args }) => {
        if (pluginData === "asked" || args.kind === "entry-point") return undefined;
        const name = path.replace(/^(npm|jsr):\/?/, "").replace(/^(@?[^@]+)@[^/]+/, "$1");
        const { resolveDir, importer, kind, namespace } = args;
        const found = await context.resolve(name, { resolveDir, importer, kind, namespace, pluginData: "asked" });
        if (found.errors.length === 0) return found;
        missing.add(name);
        return { path, external: true };
      }),
  };
}

function modulesOf({ inputs, outputs }: Metafile): Map<string, number> {
  const output = Object.values(outputs)[0]?.inputs ?? {};
  const sizes = Object.keys(inputs).map((path): [string, number] => [path, output[path]?.bytesInOutput ?? 0]);
  return new Map(sizes.sort(([, a], [, b]) => b - a));
}

function importersOf({ inputs, outputs }: Metafile): Map<string, string> {
  const importers = new Map<string, string>();
  const found = new Set(Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []));
  // The nearest come first: the set grows while it is gone through.
  for (const importer of found) {
    for (const { path } of inputs[importer]?.imports ?? []) {
      if (found.has(path)) continue;
      found.add(path);
      importers.set(path, importer);
    }
  }
  return importers;
}
