/**
 * The command line: `deno run -A jsr:@bonsai/net/cli`, or `deno task cli` in the tree.
 *
 * ```sh
 * deno run -A jsr:@bonsai/net/cli new hello --template hono-app
 * deno run -A jsr:@bonsai/net/cli doctor
 * ```
 *
 * @module
 */

import process from "node:process";
import { runCommand, UsageError } from "./command.ts";
import { SUBCOMMANDS } from "./commands.ts";
import { PACKAGE } from "./package_info.ts";
import { isMain } from "./runtime.ts";
import { style } from "./style.ts";
import { didYouMean } from "./suggest.ts";

/** What `--help` prints. */
function help(): string {
  const { bold, dim } = style();
  const commands = Object.entries(SUBCOMMANDS);
  const width = Math.max(...commands.map(([name]) => name.length));
  return `${bold("bonsai")} ${PACKAGE.version}: a network stack that an app composes, and thereby prunes

Usage: bonsai COMMAND [arguments]

${commands.map(([name, { summary }]) => `  ${bold(name.padEnd(width))}  ${summary}`).join("\n")}

  --help, --version   prints this, or the version; every command has its own --help

Examples:
  bonsai new hello --template hono-app    ${dim("# an app with tests, for Deno and Bun")}
  bonsai doctor                           ${dim("# what this machine lets an app do")}
  bonsai serve app.ts --port 8080         ${dim("# any app with fetch(), over this stack")}

Exit status: 0 when all went well, 1 when something failed, 2 when the arguments are wrong, 130 after Ctrl-C.`;
}

/**
 * Runs the command line. The exit status of the process is set, not returned: a server goes on after this.
 *
 * @param args The arguments: the subcommand, and its own.
 */
export async function cli(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined) {
    console.error(help());
    process.exitCode = 2;
  } else if (name === "--help" || name === "-h" || name === "help") {
    if (rest.length > 0 && rest[0] !== "--help") return await cli([...rest, "--help"]);
    console.log(help());
  } else if (name === "--version" || name === "-V") {
    console.log(PACKAGE.version);
  } else {
    const command = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (command) {
      const { run } = await command.load();
      await runCommand(`bonsai ${name}`, run, rest);
    } else {
      const what = name.startsWith("-") ? `there is no option ${name}` : `there is no command "${name}"`;
      await runCommand("bonsai", () => {
        throw new UsageError(what + didYouMean(name, [...Object.keys(SUBCOMMANDS), "--help", "--version"]));
      });
    }
  }
}

if (isMain(import.meta)) await cli(process.argv.slice(2));
