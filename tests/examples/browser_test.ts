// The page of examples/browser/, bundled without polyfills, in headless Chromium: from files, so that no server could answer.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../checks/tree.ts";
import { bonsai } from "../cli/run.ts";
import { testWith } from "../needs.ts";

testWith(["chromium"], "two stacks and a Hono app run in a page", () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-browser-"));
  try {
    const page = ["bundle", join(ROOT, "examples/browser/page.ts"), "--target", "browser"];
    const made = bonsai([...page, "--out", join(folder, "page.js")]);
    assertEquals([made.status, made.stderr.includes("was not found")], [0, false], made.stderr);
    copyFileSync(join(ROOT, "examples/browser/index.html"), join(folder, "index.html"));
    const { stdout, stderr } = spawnSync("chromium", [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...[`--user-data-dir=${join(folder, "profile")}`, "--enable-logging=stderr", "--virtual-time-budget=5000"],
      ...["--dump-dom", `file://${join(folder, "index.html")}`],
    ], { encoding: "utf8", timeout: 60_000 });
    assertEquals(stderr.split("\n").filter((line) => line.includes("CONSOLE")), []);
    assertStringIncludes(stdout, '<pre id="answer">200 {"hello":"browser"}</pre>');
    for (const line of [/ARP, Request who-has 10\.0\.0\.2/, /Flags \[S\]/, /Flags \[P\.\]/]) {
      assert(line.test(stdout), `${line} in ${stdout}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
