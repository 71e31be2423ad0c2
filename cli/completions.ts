/**
 * The command `completions`: what makes a shell complete the command line, written from the table of commands.
 *
 * @module
 */

import { readArguments, UsageError } from "./command.ts";
import { SHELLS, SUBCOMMANDS } from "./commands.ts";
import { bashCompletions } from "./completions/bash.ts";
import { fishCompletions } from "./completions/fish.ts";
import { type CompletedCommand, listOptions } from "./completions/table.ts";
import { zshCompletions } from "./completions/zsh.ts";
import { didYouMean } from "./suggest.ts";

const HELP = `Usage: bonsai completions ${SHELLS.join("|")}

Prints what makes a shell complete the commands, their options and the words that those take. The command line must be
on the path under the name bonsai: deno install --global --allow-all --name bonsai jsr:@bonsai/net/cli

  --help   prints this

Examples:
  bonsai completions bash > ~/.local/share/bash-completion/completions/bonsai
  bonsai completions zsh > ~/.zfunc/_bonsai        (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  bonsai completions fish > ~/.config/fish/completions/bonsai.fish`;

/** The options. */
export const options = { help: { type: "boolean", short: "h" } } as const;

const WRITERS = { bash: bashCompletions, zsh: zshCompletions, fish: fishCompletions } as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals: [shell] } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  if (shell === undefined) throw new UsageError("say which shell, such as: completions bash");
  if (!Object.hasOwn(WRITERS, shell)) {
    const hint = didYouMean(shell, SHELLS) || ` (there is ${SHELLS.join(", ")})`;
    throw new UsageError(`there is nothing for the shell "${shell}"${hint}`);
  }
  const commands: CompletedCommand[] = await Promise.all(
    Object.entries(SUBCOMMANDS).map(async ([name, { summary, takes, load }]) => {
      const { options } = await load();
      return { name, summary, takes: takes ?? [], options: listOptions(options) };
    }),
  );
  console.log(WRITERS[shell as keyof typeof WRITERS](commands));
}
