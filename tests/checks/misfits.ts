/**
 * Compositions that do not fit do not compile, and say why in the very sentence that stands beside them.
 *
 * In tests/errors/*.ts a line `// error: SENTENCE` says that the statement below it is refused with a message that holds
 * the sentence. Every error must be expected, and every expectation met.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { conclude, read, ROOT, sources } from "./tree.ts";

/** An error that the compiler reports. */
interface Report {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** The errors in what `deno check` prints. */
export function reports(output: string): Report[] {
  return output.split(/^(?=TS\d+ \[ERROR\])/m).filter((part) => part.startsWith("TS")).map((message) => {
    const [, url = "", line] = /^ {4}at (\S+):(\d+):\d+$/m.exec(message) ?? [];
    const path = decodeURIComponent(url.slice(pathToFileURL(ROOT + "/").href.length));
    return { path, line: Number(line), message };
  });
}

/** Compares what files expect with what was reported. */
export function compare(files: Readonly<Record<string, string>>, found: readonly Report[]): string[] {
  const faults: string[] = [];
  const met = new Set<Report>();
  for (const [path, text] of Object.entries(files)) {
    const lines = text.split("\n");
    let expected = 0;
    for (const [index, line] of lines.entries()) {
      const sentence = /^\s*\/\/ error: (.+)$/.exec(line)?.[1];
      if (!sentence) continue;
      expected++;
      // A statement reaches to the next blank line or comment; an error may point anywhere within.
      let end = index + 1;
      while (end < lines.length && /\S/.test(lines[end] ?? "") && !/^\s*\/\//.test(lines[end] ?? "")) end++;
      const report = found.find((one) =>
        one.path === path && one.line > index + 1 && one.line <= end && one.message.includes(sentence)
      );
      if (report) met.add(report);
      else faults.push(`${path}:${index + 1} expects an error below it that says: ${sentence}`);
    }
    if (expected === 0) faults.push(`${path} expects no error`);
  }
  for (const report of found) {
    if (!met.has(report)) {
      faults.push(`${report.path}:${report.line} is refused unexpectedly: ${report.message.trim()}`);
    }
  }
  return faults;
}

/** What compiles but must not, and what is refused otherwise than expected. */
export function misfitFaults(): string[] {
  const paths = sources("tests/errors");
  if (paths.length === 0) return ["tests/errors/ holds no misfit"];
  // deno.json excludes these files from every command; importing them from elsewhere is how to have them checked.
  const folder = mkdtempSync(join(tmpdir(), "misfits-"));
  const entry = join(folder, "all.ts");
  writeFileSync(
    entry,
    paths.map((path) => `import ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)};\n`).join(""),
  );
  const { stdout, stderr } = spawnSync(process.execPath, ["check", "--config", join(ROOT, "deno.json"), entry], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  rmSync(folder, { recursive: true });
  return compare(Object.fromEntries(paths.map((path) => [path, read(path)])), reports(stdout + stderr));
}

if (import.meta.main) conclude("misfits", misfitFaults());
