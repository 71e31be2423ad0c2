/**
 * Bonsai's own modules, for esbuild: those beside this one, be they on the disk or at JSR.
 *
 * @module
 */

import type { Plugin } from "esbuild";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

/** The folder of the package. */
export const PACKAGE: URL = new URL("../../", import.meta.url);

const EXPORTS: Readonly<Record<string, string>> = config.exports;
const SPECIFIER = new RegExp(`^(?:jsr:/?)?${config.name}(?:@[^/]*)?(/.*)?$`);
const REMOTE = "bonsai";

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
        const target = EXPORTS[name];
        if (!target) return { errors: [{ text: `${config.name} does not export "${name}"` }] };
        const url = new URL(target, PACKAGE);
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
