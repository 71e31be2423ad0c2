/**
 * Tables in Markdown, as `deno fmt` lays them out.
 *
 * @module
 */

import type { Result } from "./rounds.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Lays out a table.
 *
 * @param rows Its rows, the head first; the first column is text, the others are numbers.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":").join(" | ")} |`;
  const [head = [], ...body] = rows.map(line);
  return [head, rule, ...body].join("\n");
}

/** The table of a scenario. */
export function resultTable({ rate, cost }: Scenario, results: readonly Result[]): string {
  const [rateName, units] = rate;
  const [costName, perSecond] = cost;
  const latency = results.some(({ p99 }) => p99 !== undefined);
  const ours = results.filter(({ against }) => against === undefined).length;
  return table([
    [
      "",
      rateName,
      "least to most",
      ...(latency ? ["p99 ms"] : []),
      `${costName} (user + system)`,
      ...(ours < results.length ? ["our rate ÷ its", "our CPU ÷ its"] : []),
    ],
    ...results.map(({ name, rate: [middle, least, most], user, system, p99, ratio, costRatio }) => [
      name,
      digits(middle / units),
      `${digits(least / units)} to ${digits(most / units)}`,
      ...(latency ? [p99 === undefined ? "" : digits(p99)] : []),
      `${digits((user + system) * perSecond)} (${digits(user * perSecond)} + ${digits(system * perSecond)})`,
      ...(ours < results.length ? [ratio, costRatio].map((n) => n === undefined ? "" : n.toFixed(2)) : []),
    ]),
  ]);
}

/** Three digits that count; all of a large number. */
function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(value))));
}
