// The command line in a real terminal: questions, progress, completions and Ctrl-C.

import { assert, assertEquals } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testWith } from "../needs.ts";
import { bonsai } from "./run.ts";
import { COMMAND, inTerminal } from "./terminal.ts";

testWith(
  ["tmux"],
  "new asks on a terminal for what was left out",
  () =>
    inTerminal(`${COMMAND} new`, async ({ type, shows, folder }) => {
      await shows("Which template? [1-6]");
      type("2", "Enter");
      await shows("What is it called? [tcp-echo]");
      type("my-echo", "Enter");
      await shows("Made my-echo from tcp-echo");
      await shows("status 0");
      assert(readdirSync(join(folder, "my-echo")).includes("echo.ts"));
    }),
);

testWith(
  ["tmux"],
  "Ctrl-C at a question ends with status 130, and makes nothing",
  () =>
    inTerminal(`${COMMAND} new`, async ({ type, shows, folder }) => {
      await shows("Which template?");
      type("C-c");
      await shows("status 130");
      assertEquals(readdirSync(folder), []);
    }),
);

testWith(
  ["tmux"],
  "Ctrl-C ends what serves, with status 0",
  () =>
    inTerminal(`${COMMAND} start --port 0`, async ({ type, shows }) => {
      await shows("Ctrl-C ends it");
      type("C-c");
      await shows("status 0");
    }),
);

/** A classic pcap of many small UDP datagrams. */
function capture(packets: number): Uint8Array {
  const file = new Uint8Array(24 + packets * 58);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xa1b2c3d4);
  view.setUint32(4, 0x0002_0004);
  view.setUint32(16, 65_535);
  view.setUint32(20, 1);
  for (let at = 24; at < file.length; at += 58) {
    view.setUint32(at + 8, 42);
    view.setUint32(at + 12, 42);
    file.set([8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 7, 0, 7, 0, 8], at + 28);
  }
  return file;
}

testWith(
  ["tmux"],
  "inspect shows on a terminal how far it is, and nothing of it stays",
  () =>
    inTerminal(`cat > /dev/null; ${COMMAND} inspect long.pcap > out.txt`, async ({ type, shows, folder }) => {
      writeFileSync(join(folder, "long.pcap"), capture(1_500_000));
      type("C-d");
      await shows(/\d+ ?%/);
      const screen = await shows("status 0");
      assert(!screen.includes("%"), screen);
    }),
);

testWith(
  ["tmux"],
  "Ctrl-C ends what is under way, with status 130",
  () =>
    inTerminal(`cat > /dev/null; ${COMMAND} inspect long.pcap > out.txt`, async ({ type, shows, folder }) => {
      writeFileSync(join(folder, "long.pcap"), capture(4_000_000));
      type("C-d");
      await shows(/\d+ ?%/);
      type("C-c");
      await shows("status 130");
    }),
);

/** How each shell is started without anybody's settings, and takes the completions. */
const SHELLS = {
  bash: "PS1='> ' bash --norc --noprofile -i",
  zsh: "PS1='> ' zsh -f -i",
  fish: "fish --no-config -i",
} as const;

for (const [shell, start] of Object.entries(SHELLS)) {
  testWith(
    ["tmux", shell],
    `${shell} completes commands, options, words and files`,
    () =>
      inTerminal(start, async ({ type, shows, folder }) => {
        writeFileSync(join(folder, "complete"), bonsai(["completions", shell]).stdout);
        writeFileSync(join(folder, "unlikely-name.ts"), "");
        await shows(/[>#] *$/m);
        if (shell === "zsh") type("autoload -U compinit && compinit -D", "Enter");
        type(
          ". ./complete; echo ready$((1+1))".replace("$((1+1))", shell === "fish" ? "(math 1+1)" : "$((1+1))"),
          "Enter",
        );
        await shows("ready2");
        for (
          const [typed, completed] of [
            ["bonsai trac", "bonsai traceroute"],
            ["bonsai new x --templ", "bonsai new x --template"],
            ["bonsai new x --template udp", "bonsai new x --template udp-sensor"],
            ["bonsai bundle --target br", "bonsai bundle --target browser"],
            ["bonsai size unl", "bonsai size unlikely-name.ts"],
            ["bonsai completions f", "bonsai completions fish"],
          ] as const
        ) {
          type(typed, "Tab");
          await shows(completed);
          type("C-u");
        }
      }),
  );
}
