// docs/from_a_bug_report.md: its code is that of bug_report/, and does what the page says.

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeReplay, replay } from "@bonsai/net/testing";
import app from "./bug_report/app.ts";
import before from "./bug_report/app_before.ts";

const file = new URL("bug_report/bug.pcap", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the code of the page about bug reports is that of the tests", () => {
  const blocks = text("../../docs/from_a_bug_report.md").matchAll(/^```ts ignore\n([\s\S]*?)^```$/gm);
  assertEquals(
    Array.from(blocks, (match) => match[1]),
    ["app_before", "average_test", "app"].map((name) => text(`bug_report/${name}.ts`)),
  );
});

test("the page about bug reports says what comes out", async () => {
  const page = text("../../docs/from_a_bug_report.md");
  // Bun's Response.json names a charset too.
  const options = { as: "10.0.0.5", ignore: ["date", "content-type"] };
  const outcomes = [before, app].map(async (app) => (await replay(file, { ...options, app })).reports);
  const lines = (await Promise.all(outcomes)).flat().map(describeReplay);
  assertEquals(lines.length, 2);
  for (const line of lines) assert(page.includes(`\n    ${line}\n`), line);
  const failing = await replay(file, { as: "10.0.0.5", app: before });
  assertEquals(failing.responses().map(({ status }) => status), [200, 200]);
});
