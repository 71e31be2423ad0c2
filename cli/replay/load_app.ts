/**
 * Loads the user's app out of a module.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServeApp, ServeHandler } from "../../protocols/http.ts";
import { UsageError } from "../command.ts";

/** What a module of an app may export. */
interface AppModule {
  readonly default?: unknown;
  readonly fetch?: unknown;
  readonly app?: unknown;
}

/**
 * Loads an app.
 *
 * @param path The module: its default export, `app` or `fetch` is the app, such as one of Hono, or its handler.
 * @returns The app or its handler.
 * @throws {UsageError} When there is no such file, or no app in it.
 */
export async function loadApp(path: string): Promise<ServeApp | ServeHandler> {
  const file = resolve(path);
  if (!existsSync(file)) throw new UsageError(`there is no file ${path}`);
  const module = await import(pathToFileURL(file).href) as AppModule;
  for (const candidate of [module.default, module.app, module.fetch]) {
    if (typeof candidate === "function") return candidate as ServeHandler;
    if (typeof (candidate as ServeApp | null | undefined)?.fetch === "function") return candidate as ServeApp;
  }
  throw new UsageError(`${path} exports no app: its default export must be a handler, or have a fetch() as Hono's has`);
}
