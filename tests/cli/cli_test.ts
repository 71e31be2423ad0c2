import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { SUBCOMMANDS } from "../../cli/commands.ts";
import { didYouMean, nearest } from "../../cli/suggest.ts";
import { read } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { bonsai, environment, Running, runtimeArgs } from "./run.ts";

test("without arguments it prints its help and ends with status 2; --help ends with 0", () => {
  const bare = bonsai([]);
  const asked = bonsai(["--help"]);
  assertEquals([bare.status, bare.stdout], [2, ""]);
  assertEquals([asked.status, asked.stderr], [0, ""]);
  assertEquals(bare.stderr, asked.stdout);
  for (const name of Object.keys(SUBCOMMANDS)) assertStringIncludes(asked.stdout, `  ${name} `);
  assertEquals(bonsai(["--version"]).stdout, `${JSON.parse(read("deno.json")).version}\n`);
});

for (const name of Object.keys(SUBCOMMANDS)) {
  test(`${name} --help has an example; an unknown option ends with status 2`, () => {
    const help = bonsai([name, "--help"]);
    assertEquals([help.status, help.stderr], [0, ""]);
    assert(/^Usage: /.test(help.stdout), help.stdout);
    assertStringIncludes(help.stdout, "Example");
    assertEquals(bonsai(["help", name]).stdout, help.stdout);
    const wrong = bonsai([name, "--hepl"]);
    assertEquals(wrong.status, 2, wrong.stderr);
    assertStringIncludes(wrong.stderr, "--hepl");
    assertEquals(wrong.stderr.trim().split("\n").length, 1, wrong.stderr);
  });
}

test("a word that is nearly right brings a question", () => {
  const cases: [args: string[], error: string][] = [
    [["sreve"], 'bonsai: there is no command "sreve"; did you mean serve?; see bonsai --help\n'],
    [["xyz"], 'bonsai: there is no command "xyz"; see bonsai --help\n'],
    [["--versoin"], "bonsai: there is no option --versoin; did you mean --version?; see bonsai --help\n"],
  ];
  for (const [args, error] of cases) assertEquals([bonsai(args).status, bonsai(args).stderr], [2, error]);
});

test("the nearest word is the one with the fewest letters wrong", () => {
  const words = ["serve", "size", "start", "services", "new"];
  assertEquals(nearest("srve", words), "serve");
  assertEquals(nearest("szie", words), "size");
  assertEquals(nearest("serv", words), "serve");
  assertEquals(nearest("enw", words), "new");
  assertEquals(nearest("quite-another", words), undefined);
  assertEquals(didYouMean("x", words), "");
});

test("only a terminal gets colours, and none with NO_COLOR", () => {
  const coloured = bonsai(["--help"], { env: { ...environment({ FORCE_COLOR: "1" }), NO_COLOR: "" } });
  assertStringIncludes(coloured.stdout, "\x1b[1mbonsai\x1b[22m");
  assert(!bonsai(["--help"], { env: environment({ FORCE_COLOR: "1" }) }).stdout.includes("\x1b"));
});

test("serve serves an app of the user's until Ctrl-C", async () => {
  const port = "Deno" in globalThis ? 28_501 : 28_502;
  const app = join(import.meta.dirname!, "../../examples/templates/replay-test/app.ts");
  assertEquals(bonsai(["serve", app]).status, 1, "it exports no default");
  const own = join(import.meta.dirname!, "default_app.ts");
  const serving = new Running(process.execPath, [...runtimeArgs("cli/mod.ts"), "serve", own, "--port", String(port)]);
  try {
    await serving.until("Ctrl-C ends it");
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/some/path`)).text(), "GET /some/path");
    assertEquals(await serving.interrupt(), 0);
  } finally {
    serving.kill();
  }
});

/** A terminal, which tmux makes: types, and waits for what shows. */
async function inTerminal(
  command: string,
  body: (type: (...keys: string[]) => void, shows: (text: string | RegExp) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-tmux-"));
  const tmux = (...args: string[]): string =>
    spawnSync("tmux", ["-S", join(folder, "socket"), ...args], { encoding: "utf8", cwd: folder, env: environment() })
      .stdout;
  tmux("new-session", "-d", "-x", "120", "-y", "40", `${command}; echo "status $?"; sleep 60`);
  try {
    await body(
      (...keys) => tmux("send-keys", ...keys),
      async (text) => {
        let screen = "";
        for (let i = 0; i < 200; i++) {
          screen = tmux("capture-pane", "-p");
          if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`The terminal does not show ${text}, but:\n${screen}`);
      },
    );
  } finally {
    tmux("kill-server");
    rmSync(folder, { recursive: true, force: true });
  }
}

const COMMAND = [process.execPath, ...runtimeArgs("cli/mod.ts")].map((part) => `'${part}'`).join(" ");

testWith(
  ["tmux"],
  "new asks on a terminal for what was left out",
  () =>
    inTerminal(`${COMMAND} new`, async (type, shows) => {
      await shows("Which template? [1-6]");
      type("2", "Enter");
      await shows("What is it called? [tcp-echo]");
      type("my-echo", "Enter");
      await shows("Made my-echo from tcp-echo");
      await shows("status 0");
    }),
);

testWith(
  ["tmux"],
  "Ctrl-C at a question ends with status 130, and makes nothing",
  () =>
    inTerminal(`${COMMAND} new; echo "ended $?, made $(ls | grep -vc socket)"`, async (type, shows) => {
      await shows("Which template?");
      type("C-c");
      await shows("ended 130, made 0");
    }),
);

testWith(
  ["tmux"],
  "Ctrl-C ends what serves, with status 0",
  () =>
    inTerminal(`${COMMAND} start --port 0`, async (type, shows) => {
      await shows("Ctrl-C ends it");
      type("C-c");
      await shows("status 0");
    }),
);
