// The tables of docs/http.md name only tests that exist.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assert } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

test("what docs/http.md says of RFC 9110 and RFC 9112 has tests", () => {
  const rows = readFileSync(new URL("docs/http.md", ROOT), "utf8")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter((cells) => /^\d+(\.\d+)*$/.test(cells[1] ?? ""));
  assert(rows.length > 60);
  const all = readdirSync(new URL("tests/http/", ROOT))
    .map((name) => readFileSync(new URL(`tests/http/${name}`, ROOT), "utf8"))
    .join("\n");
  for (const [, section, , name] of rows) {
    const found = ['"', "`", ": ", "fetch refuses ", "fetch: "].some((before) => all.includes(before + name));
    assert(found, `${section}: no test is named "${name}"`);
  }
});
