// A new user in an empty folder: each template, from `new` to a passing test and an answered request. Deno finds the tree
// through `links`; Bun finds it in node_modules.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { TEMPLATES } from "../../cli/new/templates.ts";
import { templateFaults } from "../checks/templates.ts";
import { read, ROOT } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { bonsai, DENO, environment, run, Running } from "./run.ts";

const NAMES = Object.keys(TEMPLATES);
/** Ports in the place of those that the templates have, so that nothing else is disturbed. */
const FIRST = DENO ? 28_300 : 28_400;

/** Runs with an empty folder, which is gone afterwards. */
async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-new-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes an app, and lets it find the tree as if it were published. */
function make(parent: string, template: string): string {
  const made = bonsai(["new", "thing", "--template", template], { cwd: parent });
  assertEquals([made.status, made.stderr], [0, ""]);
  const app = join(parent, "thing");
  movePorts(app, NAMES.indexOf(template) * 10);
  if (DENO) {
    const path = join(app, "deno.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...config, links: [ROOT, join(ROOT, "tests/std_assert")], lock: false }));
  } else install(app);
  return app;
}

function movePorts(app: string, offset: number): void {
  const ports: Record<string, number> = {
    "8080": FIRST + offset,
    "7007": FIRST + offset,
    "27_101": FIRST + offset + 1,
    "27_102": FIRST + offset + 2,
    "7001": FIRST + offset + 3,
    "7002": FIRST + offset + 4,
  };
  for (const name of ["main.ts", "deno.json", "mod_test.ts"]) {
    const path = join(app, name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/\b(8080|7007|27_101|27_102|7001|7002)\b/g, (port) => String(ports[port])));
  }
}

/** What `bun install` brings, from the tree. */
function install(app: string): void {
  const config = JSON.parse(read("deno.json"));
  const target = join(app, "node_modules", config.name);
  mkdirSync(target, { recursive: true });
  const { name, version, exports } = config;
  writeFileSync(join(target, "package.json"), JSON.stringify({ name, version, type: "module", exports }));
  for (const entry of config.publish.include) {
    if (existsSync(join(ROOT, entry))) symlinkSync(join(ROOT, entry), join(target, entry));
  }
  symlinkSync(join(ROOT, "node_modules/hono"), join(app, "node_modules/hono"));
}

function task(name: string): string[] {
  return DENO ? ["task", "--quiet", name] : ["run", "--silent", name];
}

/** Ends an app as Ctrl-C does. The signal goes to what runs its task too, which may end by it or with the app. */
async function interrupt(app: Running): Promise<void> {
  const status = await app.interrupt();
  assert(status === 0 || status === null || status === 130, `it ended with status ${status}`);
}

/** Sees an app do what it is for. */
const PROBES: Readonly<Record<string, (app: Running) => Promise<void>>> = {
  async "hono-app"(app) {
    await app.until("Open http");
    const url = /http:\S+/.exec(app.output)![0];
    assertEquals(await (await fetch(url)).text(), "Hello from thing\n");
    assertEquals(await (await fetch(`${url}hello/you`)).json(), { hello: "you" });
    await interrupt(app);
  },
  async "tcp-echo"(app) {
    await app.until("Say something");
    const [, host, port] = /nc (\S+) (\d+)/.exec(app.output)!;
    assertEquals(await exchange(host!, Number(port), "anybody there?"), "anybody there?");
    await interrupt(app);
  },
  async "udp-sensor"(app) {
    await app.until(/heard 21.5 °C\n.*heard 21.[46] °C\n/s);
    await interrupt(app);
  },
  async "replay-test"(app) {
    await app.until("Open http");
    assertEquals(await (await fetch(/http:\S+/.exec(app.output)![0])).text(), "hello\n");
    await interrupt(app);
  },
  async protocol(app) {
    assertEquals([await app.ended(), app.output.endsWith("Simplicity is prerequisite for reliability.\n")], [0, true]);
  },
  async driver(app) {
    assertEquals([await app.ended(), app.output.endsWith("Hello through the tunnel\n")], [0, true]);
  },
};

function exchange(host: string, port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = "";
    const socket = connect(port, host, () => socket.end(text));
    socket.on("data", (data) => got += data);
    socket.on("end", () => resolve(got));
    socket.on("error", reject);
  });
}

for (const template of NAMES) {
  test(`new ${template}: ${DENO ? "type-checked, " : ""}tested, run and answered, as a new user would`, async () => {
    await inFolder(async (folder) => {
      const app = make(folder, template);
      if (DENO) {
        const checked = run(process.execPath, ["check"], { cwd: app });
        assertEquals(checked.status, 0, checked.stderr);
      }
      const tested = run(process.execPath, task("test"), { cwd: app });
      assertEquals(tested.status, 0, tested.stdout + tested.stderr);
      assert(!/\b0 pass(ed)?\b/.test(tested.stdout + tested.stderr), "no test ran");
      const started = new Running(process.execPath, task("start"), { cwd: app });
      try {
        await PROBES[template]!(started);
      } finally {
        started.kill();
      }
    });
  });
}

test("replay-test records a file, and tests what it holds", async () => {
  await inFolder((folder) => {
    const app = make(folder, "replay-test");
    assertEquals(run(process.execPath, task("record"), { cwd: app }).status, 0);
    assert(existsSync(join(app, "bug.pcapng")));
    assertEquals(run(process.execPath, task("test"), { cwd: app }).status, 0);
    const path = join(app, "app.ts");
    writeFileSync(path, readFileSync(path, "utf8").replace("hello", "goodbye"));
    const broken = run(process.execPath, task("test"), { cwd: app });
    assertEquals(broken.status, 1);
    assertStringIncludes(broken.stdout + broken.stderr, "The replay is not as recorded");
  });
});

testWith(["tun", "netns", "curl"], "hono-app answers the kernel through a TUN device", async () => {
  await inFolder((folder) => {
    const app = make(folder, "hono-app");
    const script = `"$0" ${task("start:tun").join(" ")} & app=$!
for i in $(seq 100); do curl -fsS -m 1 http://10.0.0.2/ 2>/dev/null && break; sleep 0.1; done
kill -INT $app; wait $app`;
    const { stdout } = run("unshare", ["-n", "sh", "-c", script, process.execPath], { cwd: app, env: environment() });
    assertStringIncludes(stdout, "Hello from thing");
  });
});

test("what the templates hold is what stands in examples/templates/", () => assertEquals(templateFaults(), []));

test("new overwrites nothing unasked, and says what it lacks", async () => {
  await inFolder((folder) => {
    const cwd = join(folder, "mine");
    mkdirSync(cwd);
    writeFileSync(join(cwd, "main.ts"), "mine");
    const taken = bonsai(["new", ".", "-t", "tcp-echo"], { cwd });
    assertEquals(taken.status, 1, taken.stderr);
    assertStringIncludes(taken.stderr, "main.ts exists; --force overwrites it");
    assertEquals(readFileSync(join(cwd, "main.ts"), "utf8"), "mine");
    assert(!existsSync(join(cwd, "deno.json")));
    const cases: [args: string[], message: string][] = [
      [["a", "-t", "tcp-ehco"], 'there is no template "tcp-ehco"; did you mean tcp-echo?'],
      [["a", "-t", "zzz"], `there is no template "zzz" (there is ${NAMES.join(", ")})`],
      [["a"], "say which template, such as --template hono-app"],
      [["-t", "driver"], "say where, such as: new hello --template hono-app"],
      [["a", "b", "-t", "driver"], '"b" is one argument too many'],
      [["Ä", "-t", "driver"], '"Ä" cannot name a package'],
      [["a", "--tempalte", "driver"], "Unknown option '--tempalte'; did you mean --template?"],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = bonsai(["new", ...args], { cwd });
      assertEquals([status, stderr.startsWith(`bonsai new: ${message}`)], [2, true], stderr);
    }
    const made = bonsai(["new", "a", "-t", "driver", "--json"], { cwd });
    assertEquals(JSON.parse(made.stdout).template, "driver");
    assertEquals(JSON.parse(bonsai(["new", "--list", "--json"], { cwd }).stdout).length, NAMES.length);
  });
});
