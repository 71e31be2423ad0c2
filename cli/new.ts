/**
 * The command `new`: makes an app from a template.
 *
 * @module
 */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import process from "node:process";
import { readArguments, UsageError } from "./command.ts";
import { ask, canAsk } from "./new/ask.ts";
import { installCommand, project } from "./new/project.ts";
import { TEMPLATES } from "./new/templates.ts";
import { cloneFolder } from "./package_folder.ts";
import { style } from "./style.ts";
import { didYouMean, nearest } from "./suggest.ts";

const NAMES = Object.keys(TEMPLATES);
const WIDTH = Math.max(...NAMES.map((name) => name.length));

const LIST = NAMES.map((name) => `  ${name.padEnd(WIDTH)}  ${TEMPLATES[name]!.summary}`).join("\n");

const HELP = `Usage: bonsai new NAME --template TEMPLATE

Makes an app in a new folder: its code, tests, README, and tasks for Deno and for Bun. Nothing is downloaded.

Templates:
${LIST}

  --template TEMPLATE  which one; asked for on a terminal when left out
  --force              overwrites files that are there already
  --list               prints the templates
  --json               prints what was made as JSON
  --help               prints this

Examples:
  bonsai new hello --template hono-app
  bonsai new apps/thermometer --template udp-sensor`;

/** The options. */
export const options = {
  template: { type: "string", short: "t", choices: NAMES },
  force: { type: "boolean" },
  list: { type: "boolean" },
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
  if (values.list) {
    const list = NAMES.map((name) => ({ name, summary: TEMPLATES[name]!.summary }));
    return console.log(values.json ? JSON.stringify(list, null, 2) : LIST);
  }
  const template = checkTemplate(values.template ?? await askTemplate());
  const folder = positionals[0] ?? await askName(template);
  const name = checkName(folder);
  const clone = cloneFolder();
  const files = project(template, name, clone && pathTo(clone, folder));
  const paths = Object.keys(files).sort();
  const taken = values.force ? undefined : paths.find((path) => existsSync(join(folder, path)));
  if (taken) throw new Error(`Cannot make ${folder}: ${join(folder, taken)} exists; --force overwrites it`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const path of paths) writeFileSync(join(folder, path), files[path]!);
  } catch (error) {
    throw new Error(`Cannot make ${folder}: ${(error as Error).message}`);
  }
  if (values.json) console.log(JSON.stringify({ template, folder: resolve(folder), files: paths }, null, 2));
  else console.log(report(folder, template, paths, clone));
}

function checkTemplate(template: string): string {
  if (NAMES.includes(template)) return template;
  const hint = nearest(template, NAMES) ? didYouMean(template, NAMES) : ` (there is ${NAMES.join(", ")})`;
  throw new UsageError(`there is no template "${template}"${hint}`);
}

function checkName(folder: string): string {
  const name = basename(resolve(folder));
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) return name;
  throw new UsageError(
    `"${name}" cannot name a package: it takes lower-case letters, digits, ".", "_" and "-", a letter or digit first`,
  );
}

async function askTemplate(): Promise<string> {
  if (!canAsk()) throw new UsageError("say which template, such as --template hono-app");
  console.error(NAMES.map((name, i) => `  ${i + 1}  ${name.padEnd(WIDTH)}  ${TEMPLATES[name]!.summary}`).join("\n"));
  const answer = await ask(`Which template? [1-${NAMES.length}] `);
  return NAMES[Number(answer) - 1] ?? answer;
}

async function askName(template: string): Promise<string> {
  if (!canAsk()) throw new UsageError("say where, such as: new hello --template hono-app");
  return await ask(`What is it called? [${template}] `) || template;
}

function pathTo(target: string, folder: string): string {
  const path = relative(resolve(folder), target).replaceAll(sep, "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** What was made, and what to do next. */
function report(folder: string, template: string, paths: readonly string[], clone?: string): string {
  const { bold, dim } = style();
  const { tasks } = TEMPLATES[template]!;
  const names = ["test", ...Object.keys(tasks).filter((name) => name !== "test")];
  const bun = process.versions.bun !== undefined;
  const run = names.map((name) => `  ${bold(bun ? `bun run ${name}` : `deno task ${name}`)}`);
  const install = installCommand(template, clone !== undefined);
  const here = relative(".", folder);
  return [
    `Made ${here || "an app here"} from ${template}: ${paths.length} files`,
    "",
    ...(here ? [`  ${bold(`cd ${here}`)}`] : []),
    ...(bun && install ? [`  ${bold(install)}`] : []),
    ...run,
    "",
    dim(bun ? "With Deno: deno task test" : `With Bun: ${install && `${install}, then `}bun run test`),
    ...(clone ? [dim(`It uses the clone in ${clone}: deno.json and tsconfig.json say so`)] : []),
  ].join("\n");
}
