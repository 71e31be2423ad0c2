/**
 * The command `size`: what each part of an app weighs, what was pruned away, and what brings each part in.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { bundle, type Bundled, stop } from "./bundle/bundler.ts";
import { absent, type BundlePart, partsOf } from "./bundle/parts.ts";
import { treemap } from "./bundle/treemap.ts";
import { type Untouched, untouched } from "./bundle/untouched.ts";
import { readArguments, UsageError } from "./command.ts";
import { style } from "./style.ts";

const HELP = `Usage: bonsai size APP [options]

Bundles and minifies an app as it would ship, and prints what each protocol, plugin and driver costs, and who imports it.
A protocol that is listed and never touched is named. 1 kB is 1000 bytes. The gzip column is each part's share of the
whole, for parts are compressed together.

  --modules    prints the modules of each part too
  --pruned     prints the parts of bonsai that are not in it, and the import that would bring each in
  --html FILE  writes a treemap
  --json       prints all of it as JSON
  --help       prints this

Examples:
  bonsai size main.ts
  bonsai size main.ts --html size.html`;

/** The options. */
export const options = {
  modules: { type: "boolean" },
  pruned: { type: "boolean" },
  html: { type: "string" },
  json: { type: "boolean" },
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
  if (file === undefined) throw new UsageError("say which app, such as: size main.ts");
  const folder = dirname(resolve(file));
  try {
    const bundled = await bundle({ entry: { file: resolve(file) }, folder });
    const parts = partsOf(bundled, folder);
    const pruned = absent(parts);
    const hints = untouched(parts, folder);
    const { size, gzipped, missing } = bundled;
    const { modules = false, pruned: all = false } = values;
    if (values.json) console.log(JSON.stringify({ size, gzipped, parts, pruned, untouched: hints, missing }, null, 2));
    else console.log(report(bundled, parts, hints, { modules, pruned: all }));
    if (values.html !== undefined) {
      const title = `${basename(file)}: ${kilo(size)} kB, ${kilo(gzipped)} kB gzipped`;
      write(values.html, treemap(title, parts));
    }
  } finally {
    await stop();
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${(error as Error).message}`);
  }
}

function report(
  { size, gzipped, missing }: Bundled,
  parts: readonly BundlePart[],
  hints: readonly Untouched[],
  show: { readonly modules: boolean; readonly pruned: boolean },
): string {
  const { bold, dim } = style();
  const kept = parts.filter(({ size }) => size > 0);
  const pruned = absent(parts);
  const width = Math.max(5, ...kept.map(({ name }) => name.length));
  const row = (name: string, size: number, gzipped: number): string =>
    `${name.padEnd(width)}  ${kilo(size).padStart(7)}  ${kilo(gzipped).padStart(7)}`;
  const lines = [dim(`${"".padEnd(width)}   min kB  gzip kB`)];
  for (const { name, size, gzipped, chain, modules } of kept) {
    lines.push(`${row(name, size, gzipped)}  ${dim(chain.length > 1 ? chain.join(" → ") : "")}`.trimEnd());
    if (!show.modules) continue;
    for (const module of modules) {
      if (module.size > 0) {
        lines.push(dim(`${"".padEnd(width)}  ${kilo(module.size).padStart(7)}           ${module.path}`));
      }
    }
  }
  lines.push(bold(row("total", size, gzipped)));
  if (missing.length > 0) lines.push("", `Not found, and so not weighed: ${missing.join(", ")}`);
  if (hints.length > 0) lines.push("");
  for (const { name, gives, size, by } of hints) {
    lines.push(`${by} lists ${name} (${kilo(size)} kB), and nothing in the app touches net.${gives}: leave it out?`);
  }
  lines.push("");
  if (show.pruned) {
    lines.push("Not in it, and what would bring it in:");
    const most = Math.max(...pruned.map(({ name }) => name.length));
    for (const { name, by } of pruned) lines.push(`  ${name.padEnd(most)}  ${dim(by)}`);
  } else lines.push(`Not in it: ${pruned.map(({ name }) => name).join(", ")}`);
  return lines.join("\n");
}

function kilo(bytes: number): string {
  return (bytes / 1000).toFixed(2);
}
