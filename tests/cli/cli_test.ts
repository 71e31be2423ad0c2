import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { SUBCOMMANDS } from "../../cli/commands.ts";
import { didYouMean, nearest } from "../../cli/suggest.ts";
import { read } from "../checks/tree.ts";
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
  const none = bonsai(["serve", join(import.meta.dirname!, "../../examples/templates/tcp-echo/echo.ts")]);
  assertEquals([none.status, none.stderr.includes("echo.ts exports no app: ")], [1, true], none.stderr);
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
