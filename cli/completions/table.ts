/**
 * What is completed.
 *
 * @module
 */

import type { CommandOption, CommandOptions } from "../command.ts";

/** An option. */
export interface CompletedOption extends CommandOption {
  /** Its name, without dashes. */
  readonly name: string;
}

/** A command. */
export interface CompletedCommand {
  /** Its name. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What it takes beside options. */
  readonly takes: "file" | readonly string[];
  /** Its options. */
  readonly options: readonly CompletedOption[];
}

/** Lists options with their names. */
export function listOptions(options: CommandOptions): CompletedOption[] {
  return Object.entries(options).map(([name, option]) => ({ name, ...option }));
}

/** How an option is written: the long way, and the short one where there is one. */
export function spellings({ name, short }: CompletedOption): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}
