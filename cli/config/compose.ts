/**
 * From a configuration to a stack.
 *
 * @module
 */

import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Driver, Plugin } from "../../core/driver.ts";
import type { Loop } from "../../core/loop.ts";
import type { AnyProtocol } from "../../core/protocol.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { MEDIA } from "./catalogue.ts";
import type { Config, Named } from "./config.ts";
import type { ConfigError } from "./errors.ts";

/** What `stack()` is here: the list is known only now, so that it is checked only now. */
const compose = stack as unknown as (options: {
  readonly driver: Driver;
  readonly plugins?: readonly Plugin[];
  readonly protocols: readonly AnyProtocol[];
}) => Loop & Record<string, unknown>;

/**
 * Tries a configuration on a wire in memory: whether each protocol takes its options, and finds what it needs below it.
 * Parts of others are not imported.
 *
 * @param config The configuration.
 * @returns What is wrong.
 */
export function tryConfig({ driver, protocols, plugins }: Config): ConfigError[] {
  const errors: ConfigError[] = [];
  for (const { part, options, path, name } of plugins) {
    // A capture makes its file: not for a try.
    if (part && name !== "capture") attempt(() => part.make(options), path, errors);
  }
  const medium = MEDIA[driver.name];
  const made: AnyProtocol[] = [];
  for (const { part, options, path, name } of protocols) {
    // What somebody else's part gives is not known; what comes after may need it.
    if (!part || !medium) break;
    const protocol = attempt(() => part.make(options), path, errors);
    if (!protocol) break;
    if (made.some((other) => other.name === protocol.name)) {
      errors.push({ path, message: `${name} is listed twice` });
      break;
    }
    made.push(protocol);
    const loop = attempt(() => compose({ driver: memory(medium)[0], protocols: made }), path, errors);
    if (!loop) break;
    loop.close();
  }
  return errors;
}

function attempt<T>(act: () => T, path: string, errors: ConfigError[]): T | null {
  try {
    return act();
  } catch (error) {
    errors.push({ path, message: (error as Error).message });
    return null;
  }
}

/**
 * Opens what a configuration describes.
 *
 * @param config The configuration.
 * @param folder Where its paths begin.
 * @param onLost Hears that the device is gone.
 * @returns The stack.
 */
export async function openConfig(
  config: Config,
  folder: string,
  onLost: (error: Error) => void,
): Promise<Loop & Record<string, unknown>> {
  const protocols = await Promise.all(config.protocols.map((part) => make(part, folder)));
  const plugins = await Promise.all(config.plugins.map((part) => make(part, folder)));
  const { driver } = config;
  const opened = await make({ ...driver, ...(driver.part && { options: { ...driver.options, onLost } }) }, folder);
  try {
    return compose({ driver: opened, plugins, protocols });
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function make<T>({ part, name, options, path }: Named<T>, folder: string): Promise<T> {
  if (part) return part.make(options);
  const at = name.lastIndexOf("#");
  const exported = name.slice(at + 1);
  const module = await importFrom(name.slice(0, at), folder);
  const factory = module[exported];
  if (typeof factory !== "function") throw new Error(`${path}: the module exports no function "${exported}"`);
  return factory(options) as T;
}

/**
 * Imports a module by its specifier.
 *
 * @param specifier A path, or what the runtime resolves: `jsr:…`, `npm:…`, a URL.
 * @param folder Where paths begin.
 */
export async function importFrom(specifier: string, folder: string): Promise<Record<string, unknown>> {
  const isPath = specifier.startsWith(".") || isAbsolute(specifier);
  const target = isPath ? pathToFileURL(resolve(folder, specifier)).href : specifier;
  try {
    return await import(target);
  } catch (error) {
    throw new Error(`Cannot import ${specifier}: ${inOneLine((error as Error).message)}`);
  }
}

/** What Deno says of a module in several lines, with colours, is a sentence and the place. */
function inOneLine(message: string): string {
  const [sentence, ...more] = stripVTControlCharacters(message).trimEnd().split("\n");
  const place = more.join("\n").match(/\bat (\S+:\d+:\d+)$/)?.[1];
  return sentence!.replace(/\.$/, "") + (place ? ` at ${place}` : "");
}
