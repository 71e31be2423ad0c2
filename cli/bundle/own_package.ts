/**
 * Bonsai's own modules, for esbuild: those beside this one, be they on the disk or at JSR.
 *
 * @module
 */

import type { Plugin } from "esbuild";
import { fileURLToPath } from "node:url";
import { PACKAGE_FOLDER } from "../package_folder.ts";
import { PACKAGE } from "../package_info.ts";

const SPECIFIER = new RegExp(`^(?:jsr:/?)?${PACKAGE.name}(?:@[^/]*)?(/.*)?$`);
const REMOTE = "bonsai";
/** The package for npm holds JavaScript. */
const EXTENSION = import.meta.url.endsWith(".js") ? ".js" : ".ts";

/**
 * Makes the plugin that finds them.
 *
 * @returns The plugin.
 */
export function ownPackage(): Plugin {
  return {
    name: REMOTE,
    setup(context) {
      context.onResolve({ filter: SPECIFIER }, ({ path }) => {
        const name = `.${SPECIFIER.exec(path)?.[1] ?? ""}`;
        const target = PACKAGE.exports[name];
        if (!target) return { errors: [{ text: `${PACKAGE.name} does not export "${name}"` }] };
        const url = new URL(target.replace(/\.ts$/, EXTENSION), PACKAGE_FOLDER);
        return url.protocol === "file:" ? { path: fileURLToPath(url) } : { path: url.href, namespace: REMOTE };
      });
      context.onResolve({ filter: /^\./, namespace: REMOTE }, ({ path, importer }) => ({
        path: new URL(path, importer).href,
        namespace: REMOTE,
      }));
      context.onLoad({ filter: /.*/, namespace: REMOTE }, async ({ path }) => {
        const response = await fetch(path);
        if (!response.ok) throw new Error(`${path} answers ${response.status}`);
        return { contents: await response.text(), loader: path.endsWith(".json") ? "json" : "ts" };
      });
    },
  };
}
