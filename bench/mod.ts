/**
 * Benchmarks: `deno task bench [--only NAME] [--rounds N] [--seconds N] [--json]`.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { httpMemory } from "./http_memory.ts";
import { httpTap } from "./http_tap.ts";
import { captures } from "./inspect.ts";
import { type Effort, measure, type Result } from "./rounds.ts";
import { binary, NAMES } from "./runtimes.ts";
import type { Inventory, Scenario } from "./scenario.ts";
import { sizes } from "./sizes.ts";
import { resultTable, table } from "./table.ts";
import { tapBulk } from "./tap_bulk.ts";
import { tapUnwanted } from "./tap_unwanted.ts";
import { tcpMemory } from "./tcp_memory.ts";
import { udpMemory } from "./udp_memory.ts";
import { udpSensor } from "./udp_sensor.ts";

const ALL: readonly (Scenario | Inventory)[] = [
  tcpMemory,
  udpMemory,
  httpMemory,
  ...httpTap,
  ...tapBulk,
  udpSensor,
  tapUnwanted,
  ...captures,
  sizes,
];

const HELP = `Usage: deno task bench [options]

Measures bonsai and its peers in turn, and prints a table of medians for each scenario.

  --only NAME[,NAME]  only these scenarios: ${ALL.map(({ name }) => name).join(", ")}
  --rounds N          rounds in which each contender has its turn; 5 when left out
  --seconds N         seconds that each measures in a round; 2 when left out
  --json              prints one line of JSON for each scenario instead of tables`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const effort = { rounds: count("--rounds", values.rounds), seconds: count("--seconds", values.seconds) };
  const only = values.only?.flatMap((names) => names.split(","));
  const unknown = only?.find((name) => !ALL.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new RangeError(`there is no scenario "${unknown}"`);
  const say = values.json ? () => {} : (text: string) => console.log(text);
  say(`${machine()}; ${effort.rounds} rounds of ${effort.seconds} s, medians\n`);
  for (const scenario of ALL) {
    if (only && !only.includes(scenario.name)) continue;
    say(`## ${scenario.name}: ${scenario.title}\n`);
    const line = "list" in scenario ? await listed(scenario, say) : await measured(scenario, effort, say);
    if (values.json) console.log(JSON.stringify({ scenario: scenario.name, ...line }));
  }
}

async function listed(inventory: Inventory, say: (text: string) => void): Promise<{ rows: string[][] }> {
  const rows = await inventory.list();
  say(`${table(rows)}\n`);
  return { rows };
}

async function measured(
  scenario: Scenario,
  effort: Effort,
  say: (text: string) => void,
): Promise<{ results: Result[]; absent: readonly string[] }> {
  for (const condition of scenario.conditions) say(`- ${condition}`);
  const arena = scenario.open();
  for (const sentence of arena.absent) say(`- ${sentence}`);
  say("");
  try {
    const results = await measure(arena, effort, progress);
    if (results.length > 0) say(`${resultTable(scenario, results)}\n`);
    return { results, absent: arena.absent };
  } finally {
    progress("");
    arena.close?.();
  }
}

/** Shows what goes on, where somebody watches. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000)) throw new RangeError(`${option} must be a number of at most 1000, not "${text}"`);
  return value;
}

/** The machine in general terms. */
function machine(): string {
  const runtimes = (["deno", "bun", "node"] as const).flatMap((runtime) => {
    const found = binary(runtime);
    return found ? [`${NAMES[runtime]} ${found.version}`] : [];
  });
  let kernel = process.platform as string;
  try {
    kernel = `Linux ${readFileSync("/proc/sys/kernel/osrelease", "utf8").trim().split("-")[0]}`;
  } catch {
    // Elsewhere the platform's name must do.
  }
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${kernel}; ${runtimes.join(", ")}`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exit(2);
}
