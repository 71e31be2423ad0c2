/**
 * Makes the site of the documentation: `deno task site FOLDER`. The guides of this tree become pages, the files that they
 * link to too, and what each command says of itself; `deno doc` describes the public modules. Every link is checked.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { SUBCOMMANDS } from "../../cli/commands.ts";
import config from "../../deno.json" with { type: "json" };
import { brokenLinks } from "./links.ts";
import { Guides } from "./markdown.ts";
import { escapeHtml, frame, STYLE } from "./page.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The guides, in the order of the menu; those of docs/ that it does not name come last. */
const FIRST = [
  "README.md",
  "docs/writing_a_protocol.md",
  "docs/writing_a_driver.md",
  "docs/writing_a_plugin.md",
  "docs/inspect.md",
  "docs/from_a_bug_report.md",
  "docs/configuration.md",
  "docs/architecture.md",
];
const LAST = ["CONTRIBUTING.md", "CHANGELOG.md"];

function guides(): string[] {
  const named = [...FIRST, ...LAST];
  const others = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  return [...FIRST, ...others.filter((path) => !named.includes(path)).sort(), ...LAST];
}

/**
 * Makes the site.
 *
 * @param target The folder that it goes to; what it held is removed.
 * @returns What is wrong with its links.
 * @throws {Error} When `deno doc` fails.
 */
export function buildSite(target: string): string[] {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  };
  const site = new Guides(guides().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") })));
  for (const { path, title, html } of site.pages()) write(path, frame(path, title, html, site.menu));
  for (const path of site.images) cpSync(join(ROOT, path), join(target, path));
  for (const path of site.sources) {
    const isFolder = statSync(join(ROOT, path)).isDirectory();
    const text = isFolder ? readdirSync(join(ROOT, path)).sort().join("\n") : readFileSync(join(ROOT, path), "utf8");
    const page = site.sourcePage(path);
    write(page, frame(page, path, site.source(path, text), site.menu));
  }
  write("commands.html", frame("commands.html", "The command line", commands(), site.menu));
  write("style.css", STYLE);
  describe(join(target, "api"));
  return brokenLinks(target);
}

/** What each command says of itself. */
function commands(): string {
  const parts = Object.keys(SUBCOMMANDS).map((name) =>
    `<h2 id="${name}">${name}</h2>\n<pre><code>${escapeHtml(help(name))}</code></pre>\n`
  );
  return `<h1>The command line</h1>\n<pre><code>${escapeHtml(help())}</code></pre>\n${parts.join("")}`;
}

function help(...command: string[]): string {
  const args = [...("Deno" in globalThis ? ["run", "-A"] : []), join(ROOT, "cli/mod.ts"), ...command, "--help"];
  const env = { ...process.env, NO_COLOR: "1" };
  return spawnSync(process.execPath, args, { encoding: "utf8", env }).stdout;
}

/** Lets `deno doc` describe the public modules. */
function describe(target: string): void {
  const modules = Object.values(config.exports);
  const { status, stderr } = spawnSync(
    "Deno" in globalThis ? process.execPath : "deno",
    ["doc", "--html", `--name=${config.name}`, `--output=${target}`, ...modules],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`deno doc failed: ${stderr}`);
}

if (import.meta.main) {
  const target = resolve(process.argv[2] ?? "site");
  const faults = buildSite(target);
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? `Open ${join(target, "index.html")}` : `${faults.length} links are broken`);
  if (faults.length > 0) process.exitCode = 1;
}
