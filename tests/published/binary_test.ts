// The binary of `deno task binary`. What runs it, denort, is downloaded when it is made: where that cannot be, another program
// stands in for it, and only what is embedded is looked at.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { read, ROOT } from "../checks/tree.ts";
import { environment, run } from "../cli/run.ts";
import { testWith } from "../needs.ts";

/** Makes the binary. */
function make(folder: string, denort?: string): { file: string; output: string } {
  const file = join(folder, "bonsai");
  const { binary } = JSON.parse(read("deno.json")).tasks;
  const args = (binary as string).replace("--output bonsai", `--output ${file}`).split(" ").slice(1);
  const env = environment(denort === undefined ? {} : { DENORT_BIN: denort });
  const { status, stdout, stderr } = run("deno", args, { cwd: ROOT, env, timeout: 120_000 });
  assertEquals(status, 0, stdout + stderr);
  return { file, output: stdout + stderr };
}

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-binary-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

testWith(
  ["deno"],
  "the binary embeds every command, and the modules that bundle and size read",
  () =>
    inFolder((folder) => {
      const { output } = make(folder, "/bin/true");
      for (
        const name of [
          "completions.ts",
          "new.ts",
          "core",
          "protocols",
          "drivers",
          "plugins",
          "host",
          "mod.ts",
          "node_modules",
        ]
      ) {
        assert(new RegExp(`[─┬] ${name.replace(".", "\\.")}`).test(output), `${name} is not in it:\n${output}`);
      }
    }),
);

const DENORT = process.env.DENORT_BIN;

testWith(
  ["deno", ...(DENORT === undefined ? ["DENORT_BIN, the path of denort"] : [])],
  "the binary makes an app, weighs it and tells its version",
  () =>
    inFolder((folder) => {
      const { file } = make(folder, DENORT);
      const bonsai = (...args: string[]) => {
        const { status, stdout, stderr } = run(file, args, { cwd: folder });
        assertEquals(status, 0, stderr);
        return stdout;
      };
      assertEquals(bonsai("--version"), `${JSON.parse(read("deno.json")).version}\n`);
      assertStringIncludes(bonsai("new", "thing", "--template", "tcp-echo"), "Made thing from tcp-echo");
      assertStringIncludes(bonsai("size", "thing/main.ts"), "protocols/tcp");
    }),
);
