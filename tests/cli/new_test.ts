// A new user in an empty folder: each template, from `new` to a passing test, an answered request and a bundle. Deno finds
// the tree through `links`, and Bun through paths: `new` writes both where it is run from a clone.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { project } from "../../cli/new/project.ts";
import { TEMPLATES } from "../../cli/new/templates.ts";
import { templateFaults } from "../checks/templates.ts";
import { ROOT } from "../checks/tree.ts";
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

/** Makes an app as a user does, on ports of its own. */
function make(parent: string, template: string): string {
  const made = bonsai(["new", "thing", "--template", template], { cwd: parent });
  assertEquals([made.status, made.stderr], [0, ""]);
  const app = join(parent, "thing");
  movePorts(app, NAMES.indexOf(template) * 10);
  if (!DENO && template === "hono-app") {
    // What `bun install` brings.
    mkdirSync(join(app, "node_modules"));
    symlinkSync(join(ROOT, "node_modules/hono"), join(app, "node_modules/hono"));
  }
  return app;
}

function movePorts(app: string, offset: number): void {
  for (const name of ["main.ts", "deno.json", "mod_test.ts"]) {
    const path = join(app, name);
    if (existsSync(path)) writeFileSync(path, moveIn(readFileSync(path, "utf8"), offset));
  }
}

function moveIn(text: string, offset: number): string {
  const ports: Record<string, number> = {
    "8080": FIRST + offset,
    "7007": FIRST + offset,
    "27_101": FIRST + offset + 1,
    "27_102": FIRST + offset + 2,
    "7001": FIRST + offset + 3,
    "7002": FIRST + offset + 4,
  };
  return text.replace(/\b(8080|7007|27_101|27_102|7001|7002)\b/g, (port) => String(ports[port]));
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
  test(`new ${template}: ${DENO ? "checked, " : ""}tested, run, answered and bundled, as a new user would`, async () => {
    await inFolder(async (folder) => {
      const app = make(folder, template);
      if (DENO) {
        for (const command of [["check"], ["lint"], ["fmt", "--check"]]) {
          const checked = run(process.execPath, command, { cwd: app });
          assertEquals(checked.status, 0, checked.stderr);
        }
        if (TEMPLATES[template]!.published) {
          const published = run(process.execPath, ["publish", "--dry-run", "--allow-dirty"], { cwd: app });
          assertEquals(published.status, 0, published.stderr);
        }
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
      // The bundle stands alone, and needs no right that the app does not.
      const alone = join(folder, "alone");
      mkdirSync(alone);
      const target = DENO ? "deno" : "bun";
      const made = bonsai(["bundle", "main.ts", "--target", target, "--out", join(alone, "main.js")], { cwd: app });
      assertEquals(made.status, 0, made.stderr);
      const { allow = "" } = TEMPLATES[template]!.tasks.start!;
      const rights = DENO ? ["run", "--no-config", ...allow.split(" ").filter((right) => right !== "")] : [];
      const moved = rights.map((right) => moveIn(right, NAMES.indexOf(template) * 10));
      const bundled = new Running(process.execPath, [...moved, "main.js"], { cwd: alone });
      try {
        await PROBES[template]!(bundled);
      } finally {
        bundled.kill();
      }
    });
  });
}

test("the README of an app that uses a clone says nothing of JSR, and how Bun gets the rest", async () => {
  await inFolder((folder) => {
    for (const template of NAMES) {
      const readme = readFileSync(join(make(folder, template), "README.md"), "utf8");
      assert(!readme.includes("jsr"), readme);
      assertEquals(readme.includes("get the packages first: `bun install`"), template === "hono-app");
      rmSync(join(folder, "thing"), { recursive: true });
    }
    const published = project("hono-app", "thing")["README.md"]!;
    assertStringIncludes(published, "get the packages first: `bunx jsr add @bonsai/net`");
  });
});

test("replay-test records a file, and tests what it holds", async () => {
  await inFolder((folder) => {
    const app = make(folder, "replay-test");
    assertEquals(run(process.execPath, task("record"), { cwd: app }).status, 0);
    // A file of one runtime does for the other: what only one of them says by itself, the app says.
    assertStringIncludes(readFileSync(join(app, "bug.pcapng"), "latin1"), "\r\ncontent-type: text/plain\r\n");
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
