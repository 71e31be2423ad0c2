import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { testWith } from "../needs.ts";
import { bundle, stop } from "./bundle.ts";
import { exportFaults } from "./exports.ts";
import { importFaults, importsOf, moduleFaults } from "./imports.ts";
import { compare, misfitFaults, reports } from "./misfits.ts";
import { pureFaults } from "./pure.ts";
import { addedFaults, addedSizes, sizeFaults, sizes } from "./sizes.ts";
import { ROOT } from "./tree.ts";

test("every public module is exported", () => assertEquals(exportFaults(), []));

test("imports run one way, and only drivers know the host", () => assertEquals(importFaults(), []));

test("every module is pruned when nothing of it is used", async () => assertEquals(await pureFaults(), []));

test("apps keep to their budgets", async () => assertEquals(sizeFaults(await sizes()), []));

test("protocols that come to a host keep to theirs", async () => assertEquals(addedFaults(await addedSizes()), []));

testWith(["deno"], "misfits are refused in the words that users read", () => assertEquals(misfitFaults(), []));

// Each check below is shown a fault, for a check that finds nothing may be one that sees nothing.

test("the check of imports sees each kind of fault", () => {
  const cases: [path: string, text: string, faults: number][] = [
    ["core/a.ts", 'import { b } from "./b.ts";', 0],
    ["core/a.ts", 'import type { Udp } from "../protocols/udp.ts";', 1],
    ["core/a.ts", 'export * from "../mod.ts";', 1],
    ["core/a.ts", 'import "node:fs";', 1],
    ["protocols/udp.ts", 'import type { Ip } from "./ipv4.ts";', 0],
    ["protocols/udp.ts", 'import { type Ip, type Mask } from "./ipv4.ts";', 0],
    ["protocols/udp.ts", 'import { type Ip, ipv4 } from "./ipv4.ts";', 1],
    ["protocols/udp.ts", 'import {\n  type Ip,\n  ipv4,\n} from "./ipv4.ts";', 1],
    ["protocols/udp.ts", 'const { ipv4 } = await import("./ipv4.ts");', 1],
    ["protocols/udp.ts", 'import { ports } from "./udp/ports.ts";', 0],
    ["protocols/udp/ports.ts", 'import { udp } from "../udp.ts";', 0],
    ["protocols/udp.ts", 'import type { State } from "./tcp/state.ts";', 1],
    ["protocols/http.ts", 'import { Hono } from "hono";', 1],
    ["protocols/http.ts", 'import { stack } from "@bonsai/net";', 1],
    ["drivers/tap.ts", 'import { readFileSync } from "node:fs";\nDeno.dlopen("x", {});', 0],
    ["drivers/tap.ts", 'import { memory } from "./memory.ts";', 1],
    ["plugins/trace.ts", 'import { memory } from "../drivers/memory.ts";', 1],
    ["plugins/trace.ts", 'import { format } from "./trace/format.ts";', 0],
    ["mod.ts", 'export * from "./cli/mod.ts";', 1],
    ["core/a.ts", "const now = Deno.hrtime();", 1],
    ["core/a.ts", "if (globalThis.process?.env) process.exit(1);", 1],
    ["core/a.ts", '/** Like `Deno.Conn`. */\nconst text = "*/*"; // Bun\npacket.process(1);', 0],
    ["core/a.ts", "const at = Date.now();", 1],
    ["core/clock.ts", "const at = performance.now();", 0],
    ["protocols/tcp.ts", "const isn = Math.random();", 1],
  ];
  for (const [path, text, faults] of cases) assertEquals(moduleFaults(path, text).length, faults, `${path}: ${text}`);
  assertEquals(importsOf('import {\n  a,\n} from "./a.ts";\nimport b from "./b.ts";').map((one) => one.line), [1, 4]);
});

test("the check of bundles sees what stays and from where", async () => {
  assertEquals((await bundle("export {};")).minified, 0);
  const held = await bundle('import { parseIpv4 } from "./core/ipv4_address.ts"; console.log(parseIpv4("1.2.3.4"));');
  assert(held.minified > 100);
  assert(held.modules.includes("core/ipv4_address.ts"));
  await stop();
});

test("the check of sizes sees what is too heavy and what is not left out", () => {
  const app = {
    path: "a.ts",
    budget: 4000,
    limit: 4000,
    without: ["tcp"],
    minified: 9000,
    gzipped: 4000,
    modules: ["protocols/udp.ts"],
  };
  assertEquals(sizeFaults([app]).length, 0);
  assertEquals(sizeFaults([]).length, 1);
  assertEquals(sizeFaults([{ ...app, gzipped: 4001 }]).length, 1);
  assertEquals(sizeFaults([{ ...app, limit: NaN }]).length, 1);
  assertEquals(
    sizeFaults([{ ...app, modules: ["protocols/tcp.ts"] }, { ...app, modules: ["protocols/tcp/x.ts"] }]).length,
    2,
  );
  const added = { name: "dns", minified: 7000, gzipped: 2500, budget: 2500, limit: 2500 };
  assertEquals([addedFaults([added]), addedFaults([{ ...added, gzipped: 2501 }]).length], [[], 1]);
});

test("the check of misfits sees an error too few, too many, elsewhere and in other words", () => {
  const report = (line: number, words: string) =>
    reports(`TS2322 [ERROR]: ${words}\nudp()\n~~~\n    at file://${ROOT}/tests/errors/a.ts:${line}:3\n`);
  const file = { "tests/errors/a.ts": "// error: it needs ip\nstack(\n  udp(),\n);\n\nudp();\n" };
  assertEquals(compare(file, report(3, "it needs ip")), []);
  assertEquals(compare(file, []).length, 1);
  assertEquals(compare(file, report(3, "something else")).length, 2);
  assertEquals(compare(file, report(6, "it needs ip")).length, 2);
  assertEquals(compare(file, [...report(3, "it needs ip"), ...report(6, "more")]).length, 1);
  assertEquals(compare({ "tests/errors/a.ts": "udp();\n" }, []).length, 1);
});
