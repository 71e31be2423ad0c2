import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildSite } from "../../docs/site/build.ts";
import { brokenLinks } from "../../docs/site/links.ts";
import { testWith } from "../needs.ts";

function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-site-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

testWith(
  ["deno"],
  "the site holds the guides and the public modules, and every link leads somewhere",
  () =>
    inFolder((folder) => {
      assertEquals(buildSite(folder), []);
      const page = (path: string) => readFileSync(join(folder, path), "utf8");
      assertStringIncludes(page("index.html"), '<a href="docs/architecture.html">How bonsai works</a>');
      assertStringIncludes(page("docs/writing_a_protocol.html"), '<code class="language-ts">');
      assertStringIncludes(page("docs/writing_a_protocol.html"), "../source/examples/templates/protocol/mod.ts.html");
      assertStringIncludes(page("api/protocols/tcp/~/tcp.html"), "TcpOptions");
      assertStringIncludes(page("commands.html"), "Usage: bonsai serve APP [options]");
      assert(page("source/mod.ts.html").includes("@module"));
    }),
);

test("links that lead nowhere are named", () =>
  inFolder((folder) => {
    mkdirSync(join(folder, "a"));
    writeFileSync(
      join(folder, "index.html"),
      '<h1 id="top"></h1><a href="a/b.html#x"></a><a href="https://jsr.io"></a>',
    );
    writeFileSync(
      join(folder, "a/b.html"),
      '<a href="../index.html#top"></a><a href="c.html"></a><img src="../d&#x2F;e.png">',
    );
    assertEquals(brokenLinks(folder), [
      "index.html: there is no #x in a/b.html",
      "a/b.html: there is no c.html",
      "a/b.html: there is no ../d/e.png",
    ]);
  }));
