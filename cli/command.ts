/**
 * What the commands have in common: arguments, exit statuses, signals.
 *
 * @module
 */

import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** A mistake in the arguments: the command ends with status 2. */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name: string = "UsageError";
}

/** The options of a command, as `parseArgs` of `node:util` takes them. */
export type CommandOptions = NonNullable<ParseArgsConfig["options"]>;

/** What `parseArgs` makes of options. */
export type CommandValues<O extends CommandOptions> = ReturnType<
  typeof parseArgs<{ options: O; strict: true }>
>["values"];

/**
 * Reads the arguments of a command that takes options only.
 *
 * @param args The arguments.
 * @param options The options.
 * @returns Their values.
 * @throws {UsageError} When an argument is unknown or lacks its value.
 */
export function readOptions<O extends CommandOptions>(args: readonly string[], options: O): CommandValues<O> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // The first sentence says it all; the rest explains how to pass arguments that begin with a dash.
    throw new UsageError((error as Error).message.split(/[.\n]\s/)[0]!);
  }
}

/**
 * Runs a command: prints its error in one line, and sets the exit status of the process to 0 when all went well, 1 when
 * something failed, 2 when the arguments were wrong.
 *
 * @param name The command, such as `"services"`.
 * @param command What it does with its arguments.
 */
export async function runCommand(name: string, command: (args: readonly string[]) => Promise<void>): Promise<void> {
  try {
    await command(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const usage = error instanceof UsageError;
    console.error(`${name}: ${error.message}${usage ? `; see ${name} --help` : ""}`);
    process.exitCode = usage ? 2 : 1;
  }
}

/** The signals that end a command in good order. */
const ENDING = ["SIGINT", "SIGTERM"] as const;

/**
 * Waits until the command is told to end, by Ctrl-C or SIGTERM. A second signal ends the process at once.
 *
 * @param signal Ends the wait too.
 */
export function untilInterrupted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      for (const name of ENDING) process.off(name, end);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    for (const name of ENDING) process.on(name, end);
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
  });
}
