import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { layout } from "../../cli/bundle/treemap.ts";
import { ASKED } from "../../cli/bundle/untouched.ts";
import { read, ROOT, sources } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { bonsai, run } from "./run.ts";

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-size-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const template = (path: string) => join(ROOT, "examples/templates", path);

interface Report {
  size: number;
  gzipped: number;
  parts: { name: string; size: number; gzipped: number; chain: string[] }[];
  pruned: { name: string; by: string }[];
  untouched: { name: string; gives: string; size: number; by: string }[];
  missing: string[];
}

function weigh(path: string): Report {
  const { status, stdout, stderr } = bonsai(["size", path, "--json"]);
  assertEquals([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

test("size weighs each part of an app, and tells who brings it in", () => {
  const { size, gzipped, parts, pruned, missing } = weigh(template("tcp-echo/main.ts"));
  assertEquals(missing, []);
  const part = (name: string) => parts.find((part) => part.name === name);
  assert(part("protocols/tcp")!.size > 20_000);
  assertEquals(part("protocols/tcp")!.chain, ["main.ts", "net.ts", "protocols/tcp.ts"]);
  assertEquals(part("app")!.chain, ["main.ts"]);
  const sum = parts.reduce((sum, { size }) => sum + size, 0);
  assert(sum <= size && sum > size * 0.95, `${sum} of ${size}`);
  assert(Math.abs(parts.reduce((sum, { gzipped }) => sum + gzipped, 0) - gzipped) < 20);
  const absent = pruned.map(({ name }) => name);
  assert(absent.includes("protocols/udp") && !absent.includes("protocols/tcp") && !absent.includes("drivers/tun"));
  assertEquals(
    pruned.find(({ name }) => name === "protocols/dns_server")!.by,
    'import { dnsServer } from "@bonsai/net/protocols/dns_server"',
  );
});

/** An app that lists all of the transports; `body` is what it does with them. */
function appWith(body: string, imports = ""): string {
  return `import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udp } from "@bonsai/net/protocols/udp";
${imports}
// A comment may name udp and http, and so may a string: "net.udp".
const [driver] = memory("ip");
const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp(), tcp(), LAST] });
console.log("udp and http:", "net.http");
${body}
`.replace(", LAST", imports === "" ? ", http()" : ", dns({ servers: [] }), http()");
}

test("size names the shortest way to a part, whatever is imported before", async () => {
  await inFolder((folder) => {
    const path = join(folder, "main.ts");
    writeFileSync(
      path,
      `import { packetFilter } from "@bonsai/net/testing";\nconsole.log(packetFilter);\n${appWith("")}`,
    );
    const { parts } = weigh(path);
    const chain = (name: string) => parts.find((part) => part.name === name)?.chain;
    assertEquals(chain("protocols/udp"), ["main.ts", "protocols/udp.ts"]);
    assertEquals(chain("protocols/http"), ["main.ts", "protocols/http.ts"]);
    assertEquals(chain("testing")?.slice(0, 2), ["main.ts", "testing/mod.ts"]);
  });
});

test("size names the protocols that an app lists and never touches", async () => {
  const dns = 'import { dns } from "@bonsai/net/protocols/dns";';
  await inFolder((folder) => {
    const path = join(folder, "main.ts");
    for (
      const [text, expected] of [
        [appWith(""), ["http", "udp"]],
        [appWith("net.http.serve(() => new Response());"), ["udp"]],
        [appWith('net["udp"].bind({ port: 7 }, () => {});'), ["http"]],
        [appWith("const { udp: datagrams, http: web } = net; console.log(datagrams, web);"), []],
        // What another protocol stands on is of use.
        [appWith("net.http.serve(() => new Response());", dns), []],
      ] as const
    ) {
      writeFileSync(path, text);
      const { untouched } = weigh(path);
      assertEquals(untouched.map(({ name }) => name).sort(), expected.map((name) => `protocols/${name}`), text);
      for (const { by, size } of untouched) assert(by === "main.ts" && size > 1000);
    }
    writeFileSync(path, appWith("net.http.serve(() => new Response());"));
    assertStringIncludes(
      bonsai(["size", path]).stdout,
      "kB), and nothing in the app touches net.udp: leave it out?",
    );
  });
});

test("size knows who stands on what, as the protocols say themselves", () => {
  for (const [gives, expected] of [["udp", 6], ["tcp", 5]] as const) {
    const by = sources("protocols").filter((path) =>
      /^protocols\/\w+\.ts$/.test(path) && !path.includes("kernel_filter")
    )
      .filter((path) => new RegExp(`needs: \\{[^}]*\\b${gives}: `).test(read(path)))
      .map((path) => path.slice("protocols/".length, -".ts".length));
    assertEquals(by.length, expected);
    assertEquals([...ASKED[gives]!.by], by);
  }
});

test("no template and no example lists what it never touches", () => {
  for (const path of ["tcp-echo/main.ts", "hono-app/main.ts", "udp-sensor/sensor.ts"]) {
    assertEquals(weigh(template(path)).untouched, []);
  }
});

test("size tells what it did not find", async () => {
  await inFolder((folder) => {
    const path = join(folder, "app.ts");
    writeFileSync(
      path,
      'import { x } from "npm:not-installed@^1";\nimport { stack } from "jsr:@bonsai/net@^0.1.0";\nx(stack);\n',
    );
    const { missing, parts } = weigh(path);
    assertEquals(missing, ["not-installed"]);
    assertEquals(parts.map(({ name }) => name), ["core", "app"]);
    writeFileSync(path, "import './nowhere.ts';\n");
    const bad = bonsai(["size", path]);
    assertEquals(bad.status, 1);
    assertStringIncludes(bad.stderr, 'bonsai size: Cannot bundle app.ts:1: Could not resolve "./nowhere.ts"');
  });
});

test("size draws a treemap, and prints a table", async () => {
  await inFolder((folder) => {
    const html = join(folder, "size.html");
    const { status, stdout } = bonsai([
      "size",
      template("udp-sensor/sensor.ts"),
      "--html",
      html,
      "--pruned",
      "--modules",
    ]);
    assertEquals(status, 0);
    assertStringIncludes(stdout, "protocols/udp_template");
    assertStringIncludes(stdout, 'import { tcp } from "@bonsai/net/protocols/tcp"');
    const page = readFileSync(html, "utf8");
    assertStringIncludes(page, "<b>protocols/static_arp</b>");
    assert(!page.includes("<script"));
  });
});

test("a treemap's boxes fill it, each in proportion", () => {
  const boxes = layout([50, 25, 15, 10], { x: 0, y: 0, width: 100, height: 50 });
  assertEquals(boxes.map(({ width, height }) => Math.round(width * height / 50)), [50, 25, 15, 10]);
});

test("bundle makes one file that runs where it is for", async () => {
  await inFolder((folder) => {
    const out = join(folder, "app.js");
    for (const target of ["deno", "bun"]) {
      const made = bonsai(["bundle", template("protocol/main.ts"), "--target", target, "--out", out]);
      assertEquals(made.status, 0, made.stderr);
      const ran = run(process.execPath, [...("Deno" in globalThis ? ["run"] : []), out], { cwd: folder });
      assertEquals(ran.stdout, "Simplicity is prerequisite for reliability.\n", ran.stderr);
    }
    const browser = bonsai(["bundle", template("hono-app/main.ts"), "--target", "browser"]);
    assertEquals(browser.status, 1);
    assertStringIncludes(browser.stderr, "imports node:process, which no browser has");
    const wrong = bonsai(["bundle", "x.ts", "--target", "browsers"]);
    assertEquals([wrong.status, wrong.stderr], [
      2,
      'bonsai bundle: there is no target "browsers"; did you mean browser? See bonsai bundle --help\n',
    ]);
  });
});

testWith(["node"], "bundle --target node makes what Node runs", async () => {
  await inFolder((folder) => {
    const out = join(folder, "app.mjs");
    assertEquals(bonsai(["bundle", template("protocol/main.ts"), "--target", "node", "--out", out]).status, 0);
    const { stdout, stderr } = run("node", [out]);
    assertEquals(stdout, "Simplicity is prerequisite for reliability.\n", stderr);
  });
});
