import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT, runtime } from "../tap/namespace.ts";

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("README: the example is examples/hello.ts, and says hello", () => {
  const example = text("examples/hello.ts");
  assertStringIncludes(text("README.md"), `\`\`\`ts\n${example}\`\`\``);
  const [program, ...args] = runtime();
  const { status, stdout, stderr } = spawnSync(program!, [...args, "examples/hello.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 30_000,
  });
  assertEquals([status, stdout, stderr], [0, "Hello from a TCP/IP stack in TypeScript\n\n", ""]);
});

test("README, architecture, CONTRIBUTING: what they link to is there", () => {
  for (const page of ["README.md", "docs/architecture.md", "CONTRIBUTING.md"]) {
    for (const [, target] of text(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      if (!existsSync(join(ROOT, dirname(page), target!))) {
        throw new Error(`${page} links to ${target}, which is not there`);
      }
    }
  }
});

test("README: the commands are tasks of deno.json", () => {
  const { tasks } = JSON.parse(text("deno.json"));
  for (const page of ["README.md", "docs/architecture.md", "CONTRIBUTING.md"]) {
    for (const [, task] of text(page).matchAll(/\btask ([a-z:]+)/g)) {
      if (!(task! in tasks)) throw new Error(`${page} names the task ${task}, which is not there`);
    }
  }
});
