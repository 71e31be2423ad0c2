/**
 * The parts of a bundle: each protocol, plugin and driver, the core, the app, and packages.
 *
 * @module
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bundled } from "./bundler.ts";
import { PACKAGE_FOLDER } from "../package_folder.ts";
import { PACKAGE } from "../package_info.ts";

/** A module of a part. */
export interface PartModule {
  /** Its path, from the folder of the app or of the package. */
  readonly path: string;
  /** Bytes in the bundle. */
  readonly size: number;
}

/** A part of a bundle. */
export interface BundlePart {
  /** Such as `protocols/tcp`, `core`, `app` or the name of a package. */
  readonly name: string;
  /** Whether it is one of bonsai's. */
  readonly own: boolean;
  /** Bytes, minified. */
  readonly size: number;
  /** Bytes, gzipped: its share of the whole, for parts are compressed together. */
  readonly gzipped: number;
  /** Its modules, the heaviest first. */
  readonly modules: readonly PartModule[];
  /** Who imports it: from the app's module on, to the first module of the part. */
  readonly chain: readonly string[];
}

/** Where a module belongs, and what it is called there. */
interface Place {
  readonly part: string;
  readonly own: boolean;
  readonly path: string;
}

/**
 * Sorts a bundle's modules.
 *
 * @param bundled The bundle.
 * @param folder The folder that its paths start from.
 * @returns The parts, the heaviest first; those that were pruned to nothing are last.
 */
export function partsOf(bundled: Bundled, folder: string): BundlePart[] {
  const places = new Map([...bundled.modules.keys()].map((path) => [path, placeOf(path, folder)]));
  const parts = new Map<string, { own: boolean; modules: PartModule[]; first: string }>();
  for (const [path, size] of bundled.modules) {
    const { part, own, path: short } = places.get(path)!;
    const known = parts.get(part);
    if (known) known.modules.push({ path: short, size });
    else parts.set(part, { own, modules: [{ path: short, size }], first: path });
  }
  const sum = [...bundled.modules.values()].reduce((sum, size) => sum + size, 0);
  const ratio = sum > 0 ? bundled.gzipped / sum : 0;
  return [...parts].map(([name, { own, modules, first }]) => {
    const size = modules.reduce((sum, module) => sum + module.size, 0);
    const chain = chainTo(first, bundled.importers, (path) => places.get(path)!.part === name)
      .map((path) => places.get(path)!.path);
    return { name, own, size, gzipped: Math.round(size * ratio), modules, chain };
  }).sort((a, b) => b.size - a.size);
}

/**
 * Names the parts of bonsai that a bundle has nothing of, and what would bring each in.
 *
 * @param parts The parts that the bundle has.
 * @returns Names and imports.
 */
export function absent(parts: readonly BundlePart[]): { readonly name: string; readonly by: string }[] {
  const present = new Set(parts.filter(({ size }) => size > 0).map(({ name }) => name));
  return Object.keys(PACKAGE.exports).map((name) => name.slice(2))
    .filter((name) => /^(protocols|drivers|plugins)\//.test(name) && !present.has(name))
    .map((name) => ({ name, by: `import { ${camel(name)} } from "${PACKAGE.name}/${name}"` }));
}

/** The name of a module's factory: dns_server.ts exports dnsServer(). */
function camel(name: string): string {
  if (name === "protocols/icmp_tools") return "ping";
  return name.split("/")[1]!.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function placeOf(path: string, folder: string): Place {
  const absolute = path.startsWith("bonsai:") ? path.slice("bonsai:".length) : null;
  const inside = absolute
    ? absolute.startsWith(PACKAGE_FOLDER.href) ? absolute.slice(PACKAGE_FOLDER.href.length) : null
    : PACKAGE_FOLDER.protocol === "file:"
    ? outside(relative(fileURLToPath(PACKAGE_FOLDER), `${folder}/${path}`))
    : null;
  const own = inside === null
    ? null
    : /^(core|host|testing|(?:protocols|drivers|plugins)\/[^/.]+|mod\.ts)/.exec(inside);
  if (own) return { part: own[1] === "mod.ts" ? "core" : own[1]!, own: true, path: inside! };
  const npm = /(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(path);
  return npm ? { part: npm[1]!, own: false, path: npm[2]! } : { part: "app", own: false, path };
}

function outside(path: string): string | null {
  return path.startsWith("..") ? null : path.replaceAll("\\", "/");
}

/** The way from the app to a module: other modules of its own part are left out. */
function chainTo(path: string, importers: ReadonlyMap<string, string>, inPart: (path: string) => boolean): string[] {
  const chain = [path];
  const seen = new Set(chain);
  for (let at = importers.get(path); at !== undefined && !seen.has(at); at = importers.get(at)) {
    seen.add(at);
    if (inPart(at) && inPart(chain[0]!)) chain[0] = at;
    else chain.unshift(at);
  }
  return chain;
}
