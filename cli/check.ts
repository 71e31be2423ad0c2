/**
 * The command `check`: whether a configuration describes a stack.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { readArguments, UsageError } from "./command.ts";
import { tryConfig } from "./config/compose.ts";
import { type Config, readConfig } from "./config/config.ts";
import type { ConfigError } from "./config/errors.ts";
import { configSchema } from "./config/schema.ts";

const HELP = `Usage: bonsai check FILE

Tells whether a configuration describes a stack, and everything that is wrong with it, each with its path. Nothing is
opened, and no right is needed.

  --json     prints the errors as JSON
  --schema   prints the JSON Schema of such files, for editors
  --help     prints this

Status 1: something is wrong with the file.

Example of a file:
  {
    "$schema": "./bonsai.schema.json",
    "driver": { "tap": { "name": "tap0", "host": "10.0.0.1/24" } },
    "protocols": ["ethernet", "arp", { "ipv4": { "address": "10.0.0.2/24" } }, "tcp", "httpServer"],
    "app": "./app.ts",
    "serve": { "port": 80 }
  }

Examples:
  bonsai check bonsai.json
  bonsai check --schema > bonsai.schema.json`;

/** The options. */
export const options = {
  json: { type: "boolean" },
  schema: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads a configuration and tries it.
 *
 * @param file The path of the file.
 * @returns The configuration, and what is wrong with it.
 * @throws {Error} When the file cannot be read.
 */
export function checkFile(file: string): { readonly config: Config | null; readonly errors: readonly ConfigError[] } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${(error as Error).message}`);
  }
  const { config, errors } = readConfig(text);
  return { config, errors: config ? tryConfig(config) : errors };
}

/**
 * Writes an error in a line.
 *
 * @param file The file.
 * @param error The error.
 */
export function errorLine(file: string, { path, message }: ConfigError): string {
  return `${file}: ${path ? `${path}: ` : ""}${message}`;
}

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
// deno-lint-ignore require-await -- commands are promises
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  if (values.schema) return console.log(JSON.stringify(configSchema(), null, 2));
  const [file] = positionals;
  if (file === undefined) throw new UsageError("say which file, such as: check bonsai.json");
  const { errors } = checkFile(file);
  if (values.json) console.log(JSON.stringify({ file, errors }, null, 2));
  else for (const error of errors) console.error(errorLine(file, error));
  if (errors.length > 0) throw new Error(`${file}: ${errors.length} ${errors.length === 1 ? "error" : "errors"}`);
  if (!values.json) console.log(`${file}: ok`);
}
