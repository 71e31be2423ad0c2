/**
 * A terminal, which tmux makes: types, and waits for what shows.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, runtimeArgs } from "./run.ts";

/** The command line of this tree, as a shell takes it. */
export const COMMAND: string = [process.execPath, ...runtimeArgs("cli/mod.ts")].map((part) => `'${part}'`).join(" ");

/** A terminal that runs a command. */
export interface Terminal {
  /** The empty folder in which the command runs. */
  readonly folder: string;
  /** Types keys, as tmux names them. */
  type(...keys: string[]): void;
  /** Waits until it shows something; gives all that it shows then. */
  shows(text: string | RegExp): Promise<string>;
}

/** Runs a command in a terminal, and prints its status after it. */
export async function inTerminal(command: string, body: (terminal: Terminal) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "bonsai-tmux-"));
  const folder = mkdtempSync(join(tmpdir(), "bonsai-terminal-"));
  const tmux = (...args: string[]): string =>
    spawnSync("tmux", ["-S", join(home, "socket"), "-f", "/dev/null", ...args], {
      encoding: "utf8",
      cwd: folder,
      env: environment({ SHELL: "/bin/sh", HOME: home, TERM: "screen" }),
    }).stdout;
  tmux("new-session", "-d", "-x", "120", "-y", "40", `trap : INT; ${command}; echo "status $?"; sleep 60`);
  try {
    await body({
      folder,
      type: (...keys) => tmux("send-keys", ...keys),
      async shows(text) {
        let screen = "";
        for (let i = 0; i < 300; i++) {
          screen = tmux("capture-pane", "-p");
          if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`The terminal does not show ${text}, but:\n${screen}`);
      },
    });
  } finally {
    tmux("kill-server");
    for (const path of [home, folder]) rmSync(path, { recursive: true, force: true });
  }
}
