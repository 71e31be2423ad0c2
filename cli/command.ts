/**
 * What the commands have in common: arguments, exit statuses, signals.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { didYouMean } from "./suggest.ts";

/** A mistake in the arguments: the command ends with status 2. */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name: string = "UsageError";
}

/** Ctrl-C where the command had not done what it was asked for: it ends with status 130 and says nothing more. */
export class Interrupted extends Error {
  /** The name of the class. */
  override readonly name: string = "Interrupted";
}

/** An option of a command, as `parseArgs` of `node:util` takes it. */
export interface CommandOption {
  /** Whether it takes a value. */
  readonly type: "string" | "boolean";
  /** The letter that stands for it too. */
  readonly short?: string;
  /** The values that it takes; any when left out. */
  readonly choices?: readonly string[];
}

/** The options of a command, by name. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The values that were given to options. */
export type CommandValues<O extends CommandOptions> = {
  readonly [K in keyof O]?:
    | (O[K] extends { readonly type: "boolean" } ? boolean
      : O[K] extends { readonly choices: readonly (infer C)[] } ? C
      : string)
    | undefined;
};

/** A command: what its module exports. */
export interface Command {
  /** Its options. */
  readonly options: CommandOptions;
  /** What it does with its arguments. */
  run(args: readonly string[]): Promise<void>;
}

/**
 * Reads the arguments of a command that takes options only.
 *
 * @param args The arguments.
 * @param options The options.
 * @returns Their values.
 * @throws {UsageError} When an argument is unknown or lacks its value.
 */
export function readOptions<O extends CommandOptions>(args: readonly string[], options: O): CommandValues<O> {
  return read(args, options, false).values;
}

/** The arguments of a command: its options, and the rest in order. */
export interface CommandArguments<O extends CommandOptions> {
  /** The values of its options. */
  readonly values: CommandValues<O>;
  /** What is no option. */
  readonly positionals: readonly string[];
}

/**
 * Reads the arguments of a command that takes more than options.
 *
 * @param args The arguments.
 * @param options The options.
 * @param most How many others it takes at most.
 * @returns The values of the options, and the others.
 * @throws {UsageError} When an argument is unknown or lacks its value, or there are too many.
 */
export function readArguments<O extends CommandOptions>(
  args: readonly string[],
  options: O,
  most: number,
): CommandArguments<O> {
  const found = read(args, options, true);
  const { positionals } = found;
  if (positionals.length > most) throw new UsageError(`"${positionals[most]}" is one argument too many`);
  return found;
}

function read<O extends CommandOptions>(args: readonly string[], options: O, others: boolean): CommandArguments<O> {
  let found: CommandArguments<O>;
  try {
    found = parseArgs({ args: [...args], options, strict: true, allowPositionals: others }) as CommandArguments<O>;
  } catch (error) {
    // The first sentence says it all; the rest explains how to pass arguments that begin with a dash.
    const sentence = (error as Error).message.split(/[.\n]\s/)[0]!;
    const unknown = /^Unknown option '--([^']+)'/.exec(sentence)?.[1];
    throw new UsageError(
      sentence + (unknown ? didYouMean(`--${unknown}`, Object.keys(options).map((name) => `--${name}`)) : ""),
    );
  }
  for (const [name, { choices }] of Object.entries(options)) {
    const value: unknown = found.values[name];
    if (!choices || typeof value !== "string" || choices.includes(value)) continue;
    throw new UsageError(
      `there is no ${name} "${value}"${didYouMean(value, choices) || ` (there is ${choices.join(", ")})`}`,
    );
  }
  return found;
}

/**
 * Reads the number of a port.
 *
 * @param text What `--port` was given.
 * @throws {UsageError} When it is none.
 */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`--port takes a number from 0 to 65535, not ${JSON.stringify(text)}`);
}

/**
 * Runs a command: prints its error in one line, and sets the exit status of the process to 0 when all went well, 1 when
 * something failed, 2 when the arguments were wrong, 130 when it was interrupted.
 *
 * @param name The command, such as `"services"`.
 * @param command What it does with its arguments.
 * @param args Its arguments; those of the process when left out.
 */
export async function runCommand(
  name: string,
  command: (args: readonly string[]) => Promise<void>,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  try {
    await command(args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof Interrupted) {
      process.exitCode = 130;
      return;
    }
    const usage = error instanceof UsageError;
    const hint = `${error.message.endsWith("?") ? " See" : "; see"} ${name} --help`;
    console.error(`${name}: ${error.message}${usage ? hint : ""}`);
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
