import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { SUBCOMMANDS } from "../../cli/commands.ts";
import { didYouMean, nearest } from "../../cli/suggest.ts";
import { read, ROOT } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { bonsai, environment, run, Running, runtimeArgs } from "./run.ts";

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
    [["sreve"], 'bonsai: there is no command "sreve"; did you mean serve? See bonsai --help\n'],
    [["xyz"], 'bonsai: there is no command "xyz"; see bonsai --help\n'],
    [["--versoin"], "bonsai: there is no option --versoin; did you mean --version? See bonsai --help\n"],
  ];
  for (const [args, error] of cases) assertEquals([bonsai(args).status, bonsai(args).stderr], [2, error]);
});

test("what cannot be read or imported is named, in one line", () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-cli-"));
  try {
    writeFileSync(join(folder, "syntax.ts"), "export default (");
    writeFileSync(join(folder, "missing.ts"), 'import "./nowhere.ts";');
    writeFileSync(join(folder, "text.json"), "hello\nworld\n");
    const cases: [args: string[], error: RegExp][] = [
      [["inspect", "nowhere.pcap"], /^bonsai inspect: Cannot read nowhere\.pcap: ENOENT/],
      [["inspect", "."], /^bonsai inspect: Cannot read \.: it is a directory$/],
      [
        ["replay", join(ROOT, "tests/testing/bug_report/bug.pcap"), "--save", "no/x.pcapng"],
        /^bonsai replay: Cannot write no\/x\.pcapng: ENOENT/,
      ],
      [["serve", "syntax.ts"], /^bonsai serve: Cannot import \.\/syntax\.ts: [\w :]+(at file:\S+:1:\d+)?$/],
      [["serve", "missing.ts"], /^bonsai serve: Cannot import \.\/missing\.ts: .*nowhere\.ts.*missing\.ts\S*$/],
      [["check", "text.json"], /^text\.json: is no JSON: .+\nbonsai check: text\.json: 1 error$/],
    ];
    for (const [args, error] of cases) {
      const { status, stderr } = bonsai(args, { cwd: folder });
      assertEquals([status, error.test(stderr.trimEnd())], [1, true], stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an address or a number that does not fit is a mistake in the arguments, before any device is made", () => {
  const given = { ping: ["10.0.0.1"], start: [], capture: ["x.pcapng"] };
  const cases: [options: string, error: string][] = [
    ["--address 10.0.0.2/24 --gateway x", '--gateway: Cannot parse "x"'],
    ["--address 10.0.0.2/24 --gateway6 x", '--gateway6: Cannot parse "x"'],
    ["--address 224.0.0.1/24", "--address: 224.0.0.1/24 is no host's"],
    ["--address 0.0.0.0/0", "--address: 0.0.0.0/0 is no host's"],
    ["--address 10.0.0.0/24", "--address: 10.0.0.0/24 is no host's"],
    ["--address 10.0.0.255/24", "--address: 10.0.0.255/24 is no host's"],
    ["--address 10.0.0.2/24 --host 10.0.0.255/24", "--host: 10.0.0.255/24 is no host's"],
  ];
  for (const [command, args] of Object.entries(given)) {
    for (const [options, error] of cases) {
      const { status, stderr } = bonsai([command, ...args, "--driver", "tap", ...options.split(" ")]);
      assertEquals([status, stderr.startsWith(`bonsai ${command}: ${error}`)], [2, true], stderr);
    }
  }
  const dns = bonsai(["ping", "a.example", "--driver", "tap", "--address", "10.0.0.2/24", "--dns", "b.example"]);
  assertEquals([dns.status, dns.stderr.includes('--dns takes the address of a server, not "b.example"')], [2, true]);
});

testWith(["tun", "netns"], "a number out of its range ends ping and traceroute with status 2", () => {
  const link = ["--driver", "tap", "--name", "tap0", "--address", "10.0.0.2/24", "--host", "10.0.0.1/24"];
  for (const args of [["ping", "10.0.0.1", "--size", "70000"], ["traceroute", "10.0.0.1", "--max-hops", "999"]]) {
    const all = ["-n", process.execPath, ...runtimeArgs("cli/mod.ts"), ...args, ...link];
    const { status, stderr } = run("unshare", all, { env: environment() });
    assertEquals([status, stderr.includes("must be an integer")], [2, true], stderr);
  }
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
