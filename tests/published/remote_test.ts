// The command line out of modules that come over HTTP, as they do from JSR, which resolves the names of packages as the import
// map does here.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE } from "../../cli/package_info.ts";
import { ROOT } from "../checks/tree.ts";
import { Running } from "../cli/run.ts";
import { testWith } from "../needs.ts";

/** Serves the tree on a port of 127.0.0.1. */
function serveTree(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(ROOT, new URL(request.url!, "http://tree").pathname);
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": path.endsWith(".ts") ? "application/typescript" : "text/plain" });
    response.end(readFileSync(path));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

testWith(["deno"], "the command line runs from a URL, and weighs an app of the package that it came from", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-remote-"));
  const server = await serveTree();
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const packages = Object.entries(PACKAGE.imports).filter(([, target]) => target.startsWith("npm:"));
    const imports = packages.flatMap(([name, target]) => [
      [name, target],
      [`${name}/`, `${target.replace("npm:", "npm:/")}/`],
    ]);
    writeFileSync(join(folder, "map.json"), JSON.stringify({ imports: Object.fromEntries(imports) }));
    const bonsai = async (...args: string[]): Promise<string> => {
      const map = ["--no-lock", "--import-map", "map.json"];
      const all = ["run", "-A", "--quiet", ...map, `${origin}/cli/mod.ts`, ...args];
      const running = new Running(Deno.execPath(), all, { cwd: folder });
      assertEquals(await running.ended(), 0, running.output);
      return running.output;
    };
    assertEquals(await bonsai("--version"), `${PACKAGE.version}\n`);
    assertStringIncludes(await bonsai("new", "thing", "--template", "tcp-echo"), "Made thing from tcp-echo");
    const { imports: found, links } = JSON.parse(readFileSync(join(folder, "thing/deno.json"), "utf8"));
    assertEquals([found, links], [{ [PACKAGE.name]: `jsr:${PACKAGE.name}@^${PACKAGE.version}` }, undefined]);
    const { missing, parts } = JSON.parse(await bonsai("size", "thing/main.ts", "--json"));
    assertEquals(missing, []);
    assert(parts.some(({ name, size }: { name: string; size: number }) => name === "protocols/tcp" && size > 10_000));
    await bonsai("bundle", "thing/main.ts", "--out", "bundle.js");
    assertStringIncludes(readFileSync(join(folder, "bundle.js"), "utf8"), "127.0.0.1");
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
