/**
 * The packages of an app that has no node_modules: Deno keeps them in a cache of its own.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { isBinary, runtime } from "../runtime.ts";

/** What `deno info --json` tells of a package. */
interface CachedPackage {
  readonly name: string;
  readonly localPath?: string;
}

/**
 * Makes a folder whose node_modules links to them.
 *
 * @param file The app's module.
 * @returns The folder, which is the caller's to remove; null when Deno is not there, or has none of its packages.
 */
export function denoPackages(file: string): string | null {
  const program = runtime().name === "Deno" && !isBinary() ? process.execPath : "deno";
  let packages: CachedPackage[];
  try {
    const { stdout } = spawnSync(program, ["info", "--json", file], {
      cwd: dirname(file),
      encoding: "utf8",
      maxBuffer: 256 << 20,
    });
    packages = Object.values((JSON.parse(stdout) as { npmPackages?: Record<string, CachedPackage> }).npmPackages ?? {});
  } catch {
    return null;
  }
  const found = packages.filter(({ localPath }) => localPath !== undefined && existsSync(localPath));
  if (found.length === 0) return null;
  const folder = mkdtempSync(join(tmpdir(), "bonsai-packages-"));
  for (const { name, localPath } of found) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    // Of a package in two versions the first is taken.
    if (!existsSync(link)) symlinkSync(localPath!, link, "junction");
  }
  return folder;
}
