/**
 * A stack described as data: `bonsai.json`.
 *
 * ```json
 * {
 *   "driver": { "tap": { "name": "tap0", "host": "10.0.0.1/24" } },
 *   "protocols": ["ethernet", "arp", { "ipv4": { "address": "10.0.0.2/24" } }, "tcp", "httpServer"],
 *   "app": "./app.ts",
 *   "serve": { "port": 80 }
 * }
 * ```
 *
 * A part is its name, or an object of its name and its options. A part of somebody else is named by its import specifier
 * and, after a `#`, what the module exports: `"jsr:@you/quote#quote"`.
 *
 * @module
 */

import type { Driver, Plugin } from "../../core/driver.ts";
import type { AnyProtocol } from "../../core/protocol.ts";
import { type Data, DRIVERS, type Part, PLUGINS, PROTOCOLS, SERVE } from "./catalogue.ts";
import { type ConfigError, join, show, unknown, validate } from "./errors.ts";

/** A part that a configuration names. */
export interface Named<T> {
  /** Where it stands. */
  readonly path: string;
  /** Its name, or its import specifier. */
  readonly name: string;
  /** Its options. */
  readonly options: Data;
  /** The part; null when it is somebody else's, to be imported. */
  readonly part: Part<T> | null;
}

/** A configuration that is right as far as data can tell. */
export interface Config {
  /** What carries packets. */
  readonly driver: Named<Driver>;
  /** The protocols, from the wire up. */
  readonly protocols: readonly Named<AnyProtocol>[];
  /** The plugins. */
  readonly plugins: readonly Named<Plugin>[];
  /** The module of the app. */
  readonly app: string | undefined;
  /** How it is served. */
  readonly serve: Data;
}

/** The schema of the whole; parts have their own, so that each error names one place. */
const WHOLE = {
  type: "object",
  additionalProperties: false,
  required: ["driver", "protocols"],
  properties: {
    $schema: { type: "string" },
    driver: {},
    protocols: { type: "array" },
    plugins: { type: "array" },
    app: { type: "string", examples: ["./app.ts"] },
    serve: {},
  },
} as const;

/** Somebody else's part: it looks like an import specifier. */
const FOREIGN = /[:/]/;

/**
 * Reads a configuration.
 *
 * @param text The file.
 * @returns The configuration, and what is wrong with it; it is null where that is anything.
 */
export function readConfig(text: string): { readonly config: Config | null; readonly errors: readonly ConfigError[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      config: null,
      errors: [{ path: "", message: `is no JSON: ${(error as Error).message.replaceAll(/\s+/g, " ")}` }],
    };
  }
  const errors = validate(WHOLE, value, "");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { config: null, errors };
  const given = value as Data;
  const driver = "driver" in given ? readPart(given.driver, "driver", DRIVERS, errors) : null;
  const protocols = readList(given.protocols, "protocols", PROTOCOLS, errors);
  const plugins = readList(given.plugins, "plugins", PLUGINS, errors);
  if (given.serve !== undefined) errors.push(...validate(SERVE, given.serve, "serve"));
  if (given.serve !== undefined && given.app === undefined) {
    errors.push({ path: "app", message: 'is required where "serve" is given' });
  }
  if (errors.length > 0 || !driver) return { config: null, errors };
  const { app, serve = {} } = given as { app?: string; serve?: Data };
  return { config: { driver, protocols, plugins, app, serve }, errors };
}

function readList<T>(
  list: unknown,
  path: string,
  known: Readonly<Record<string, Part<T>>>,
  errors: ConfigError[],
): Named<T>[] {
  if (!Array.isArray(list)) return [];
  return list.map((value, i) => readPart(value, `${path}[${i}]`, known, errors)).filter((part) => part !== null);
}

function readPart<T>(
  value: unknown,
  at: string,
  known: Readonly<Record<string, Part<T>>>,
  errors: ConfigError[],
): Named<T> | null {
  const refuse = (path: string, message: string): null => {
    errors.push({ path, message });
    return null;
  };
  if (typeof value !== "string" && (typeof value !== "object" || value === null || Array.isArray(value))) {
    return refuse(at, `must be a name, or an object of a name and its options, not ${show(value)}`);
  }
  const names = typeof value === "string" ? [value] : Object.keys(value);
  if (names.length !== 1) return refuse(at, `must name one part, not ${names.join(", ") || "none"}`);
  const name = names[0]!;
  const path = typeof value === "string" ? at : join(at, [name]);
  const options: unknown = typeof value === "string" ? {} : (value as Data)[name];
  if (FOREIGN.test(name)) {
    if (!/#[\w$]+$/.test(name)) {
      return refuse(path, "must end in # and what the module exports, such as ./mine.ts#mine");
    }
    if (typeof options !== "object" || options === null) return refuse(path, `must be an object, not ${show(options)}`);
    return { path, name, options: options as Data, part: null };
  }
  const part = Object.hasOwn(known, name) ? known[name]! : null;
  if (!part) return refuse(path, unknown(name, Object.keys(known)));
  const wrong = validate(part.schema, options, path);
  errors.push(...wrong);
  return wrong.length > 0 ? null : { path, name, options: options as Data, part };
}
