/**
 * The command `bundle`: an app and its stack as one file.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { bundle, stop, type Target } from "./bundle/bundler.ts";
import { readArguments, UsageError } from "./command.ts";

const TARGETS: readonly Target[] = ["deno", "bun", "browser", "node"];

const HELP = `Usage: bonsai bundle APP --target ${TARGETS.join("|")} [--out FILE]

Bundles an app and its stack into one file: what the app does not list is not in it.

  --target TARGET  where it is to run; deno when left out
  --out FILE       where to write it; standard output when left out
  --readable       does not minify
  --help           prints this

Examples:
  bonsai bundle main.ts --out app.js
  bonsai bundle page.ts --target browser --out page.js`;

/** The options. */
export const options = {
  target: { type: "string", short: "t", choices: TARGETS },
  out: { type: "string", short: "o" },
  readable: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  const [file] = positionals;
  if (file === undefined) throw new UsageError("say which app, such as: bundle main.ts");
  const { target = "deno" } = values;
  try {
    const { code, size, gzipped, missing } = await bundle({
      entry: { file: resolve(file) },
      folder: dirname(resolve(file)),
      target,
      minify: !values.readable,
    });
    for (const name of missing) console.error(`${name} was not found, and stays an import`);
    if (values.out === undefined) return console.log(new TextDecoder().decode(code));
    try {
      writeFileSync(values.out, code);
    } catch (error) {
      throw new Error(`Cannot write ${values.out}: ${(error as Error).message}`);
    }
    console.error(
      `${values.out}: ${(size / 1000).toFixed(1)} kB, ${(gzipped / 1000).toFixed(1)} kB gzipped, for ${target}`,
    );
  } finally {
    await stop();
  }
}
