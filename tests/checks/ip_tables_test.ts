// The tables of docs/ipv4.md and docs/ipv6.md name only tests that exist.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assert } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["ipv4", "ipv6", "protocols", "conformance", "tap", "tcp", "dhcp"];

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(`tests/${folder}/`, ROOT))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(`tests/${folder}/${name}`, ROOT), "utf8"))
).join("\n");

for (const page of ["ipv4", "ipv6"]) {
  test(`what docs/${page}.md says of the RFCs has tests, or a reason`, () => {
    const rows = readFileSync(new URL(`docs/${page}.md`, ROOT), "utf8")
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter((cells) => /^\d{3,4}$/.test(cells[1] ?? ""));
    assert(rows.length > 60, `${rows.length} rows`);
    for (const [, rfc, section, , name] of rows) {
      if (name!.startsWith("left out: ")) continue;
      assert(sources.includes(`"${name}"`), `RFC ${rfc}, ${section}: no test is named "${name}"`);
    }
  });
}
