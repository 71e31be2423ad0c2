// The page of examples/browser/, bundled without polyfills, in headless Chromium.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, stop } from "../../cli/bundle/bundler.ts";
import { read, ROOT } from "../checks/tree.ts";
import { testWith } from "../needs.ts";

testWith(["chromium"], "two stacks and a Hono app run in a page", async () => {
  const { code, missing } = await bundle({
    entry: { file: join(ROOT, "examples/browser/page.ts") },
    folder: ROOT,
    target: "browser",
  });
  await stop();
  assertEquals(missing, []);
  const script = new TextDecoder().decode(code).replaceAll("</script", "<\\/script");
  // A page of its own: no server is there that could answer.
  const page = read("examples/browser/index.html").replace(
    '<script type="module" src="page.js"></script>',
    () => `<script type="module">${script}</script>`,
  );
  const folder = mkdtempSync(join(tmpdir(), "bonsai-browser-"));
  try {
    writeFileSync(join(folder, "page.html"), page);
    const { stdout, stderr } = spawnSync("chromium", [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...[`--user-data-dir=${join(folder, "profile")}`, "--enable-logging=stderr", "--virtual-time-budget=5000"],
      ...["--dump-dom", `file://${join(folder, "page.html")}`],
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
