/**
 * Completions for fish.
 *
 * @module
 */

import type { CompletedCommand } from "./table.ts";

/**
 * Writes them.
 *
 * @param commands What is completed.
 * @returns A file for fish's folder of completions, which can be sourced too.
 */
export function fishCompletions(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  const lines = [
    "# Completions of bonsai for fish: put this file into ~/.config/fish/completions/, or source it.",
    "complete -c bonsai -f",
    "complete -c bonsai -n __fish_use_subcommand -l help",
    "complete -c bonsai -n __fish_use_subcommand -l version",
    `complete -c bonsai -n '__fish_seen_subcommand_from help' -a '${names.join(" ")}'`,
  ];
  for (const { name, summary, options, takes } of commands) {
    const inside = `complete -c bonsai -n '__fish_seen_subcommand_from ${name}'`;
    lines.push(`complete -c bonsai -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`);
    if (takes === "file") lines.push(`${inside} -F`);
    else if (takes.length > 0) lines.push(`${inside} -a '${takes.join(" ")}'`);
    for (const { name, short, type, choices } of options) {
      const value = type === "boolean" ? "" : choices ? ` -x -a '${choices.join(" ")}'` : " -r -F";
      lines.push(`${inside} -l ${name}${short === undefined ? "" : ` -s ${short}`}${value}`);
    }
  }
  return lines.join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
