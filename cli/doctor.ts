/**
 * The command `doctor`: what this machine can do, and the command that enables the rest.
 *
 * @module
 */

import { readOptions } from "./command.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { readFacts } from "./doctor/facts.ts";
import { style } from "./style.ts";

const HELP = `Usage: bonsai doctor [--json]

Tells what this machine and this process can do for a stack, and the exact command that enables the rest. It changes
nothing, and ends with status 0: a machine that can do less is not wrong.

  --json   prints the findings as JSON
  --help   prints this

Example: bonsai doctor`;

/** The options. */
export const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const values = readOptions(args, options);
  if (values.help) return console.log(HELP);
  const findings = diagnose(await readFacts());
  if (values.json) return console.log(JSON.stringify(findings, null, 2));
  const { bold, green, yellow } = style();
  const width = Math.max(...findings.map(({ name }) => name.length));
  for (const { name, ok, text, fix } of findings) {
    console.log(`${ok ? green("✓") : yellow("–")} ${name.padEnd(width)}  ${text}`);
    if (fix) console.log(`  ${" ".repeat(width)}  ${bold(fix)}`);
  }
}
