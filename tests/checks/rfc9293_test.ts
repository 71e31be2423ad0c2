// The table of docs/rfc9293.md names every MUST once, and only tests that exist.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

function sources(folder: string): string {
  return readdirSync(new URL(folder, ROOT))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(folder + name, ROOT), "utf8"))
    .join("\n");
}

test("every MUST of RFC 9293 has a test, or a reason", () => {
  const rows = readFileSync(new URL("docs/rfc9293.md", ROOT), "utf8")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter((cells) => /^\d+$/.test(cells[1] ?? ""));
  assertEquals(rows.map((cells) => Number(cells[1])), Array.from({ length: 69 }, (_, i) => i + 1));
  const all = ["tests/tcp/", "tests/protocols/", "tests/conformance/"].map(sources).join("\n");
  for (const [, must, , , name] of rows) {
    if (name!.startsWith("refused: ")) continue;
    assert(all.includes(`"${name}"`), `MUST-${must}: no test is named "${name}"`);
  }
});
