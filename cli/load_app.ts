/**
 * Loads the user's app out of a module.
 *
 * @module
 */

import { isAbsolute } from "node:path";
import type { ServeApp, ServeHandler } from "../protocols/http.ts";
import { importFrom } from "./config/compose.ts";

/** What an app is looked for under, among what a module exports. */
const NAMES = ["default", "app", "fetch"] as const;

/**
 * Loads an app.
 *
 * @param specifier The module: its default export, `app` or `fetch` is the app, such as one of Hono, or its handler.
 * @param folder Where paths begin.
 * @returns The app or its handler.
 * @throws {Error} When the module cannot be imported, or there is no app in it.
 */
export async function loadApp(specifier: string, folder: string): Promise<ServeApp | ServeHandler> {
  const isPlain = !/^[\w@]+:|^\./.test(specifier) && !isAbsolute(specifier);
  const module = await importFrom(isPlain ? `./${specifier}` : specifier, folder);
  for (const name of NAMES) {
    const candidate = module[name];
    if (typeof candidate === "function") return candidate as ServeHandler;
    if (typeof (candidate as ServeApp | null | undefined)?.fetch === "function") return candidate as ServeApp;
  }
  throw new Error(`${specifier} exports no app: its default export must be a handler, or have a fetch() as Hono's has`);
}
