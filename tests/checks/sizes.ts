/**
 * Compositions weigh no more than their budgets, and hold nothing of what they leave out.
 *
 * Each file of examples/sizes/ is one app. Its first lines say what it may weigh, minified and gzipped (1 kB is 1000
 * bytes), and which protocols must leave no byte in it:
 *
 *     // budget: 5 kB
 *     // without: tcp http
 *
 * With `--write` it makes docs/sizes.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, bundleFile, stop } from "./bundle.ts";
import { conclude, read, ROOT, sources } from "./tree.ts";

/** An app, what it weighs and what it may weigh. */
interface Size extends Bundle {
  readonly path: string;
  /** Bytes. */
  readonly budget: number;
  readonly without: readonly string[];
}

async function measure(path: string): Promise<Size> {
  const text = read(path);
  const budget = Number(/^\/\/ budget: (\S+) kB$/m.exec(text)?.[1]) * 1000;
  const without = /^\/\/ without: (.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
  return { path, budget, without, ...await bundleFile(path) };
}

/** The apps of examples/sizes/, from the lightest. */
export async function sizes(): Promise<Size[]> {
  const list: Size[] = [];
  for (const path of sources("examples/sizes")) list.push(await measure(path));
  await stop();
  return list.sort((a, b) => a.gzipped - b.gzipped);
}

/** What is too heavy, or holds what it leaves out. */
export function sizeFaults(list: readonly Size[]): string[] {
  const faults = list.length === 0 ? ["examples/sizes/ holds no app to weigh"] : [];
  for (const { path, budget, gzipped, modules, without } of list) {
    if (!(gzipped <= budget)) {
      faults.push(
        `${path} weighs ${kilo(gzipped)} kB gzipped, its budget is ${kilo(budget)} kB; most of it is ${
          modules.slice(0, 5).join(", ")
        }`,
      );
    }
    for (const name of without) {
      const held = modules.filter((module) =>
        module.startsWith(`protocols/${name}.`) || module.startsWith(`protocols/${name}/`)
      );
      if (held.length > 0) faults.push(`${path} is to be without ${name}, and holds ${held.join(", ")}`);
    }
  }
  return faults;
}

function kilo(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

/** A table in Markdown, as `deno fmt` lays it out. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":").join(" | ")} |`;
  const [head = [], ...body] = rows.map(line);
  return [head, rule, ...body].join("\n");
}

if (import.meta.main) {
  const list = await sizes();
  const text = table([
    ["app", "min kB", "min+gzip kB", "budget kB"],
    ...list.map(({ path, minified, gzipped, budget }) => [
      `[${path.slice("examples/sizes/".length, -".ts".length)}](../${path})`,
      kilo(minified),
      kilo(gzipped),
      String(budget / 1000),
    ]),
  ]);
  console.log(text);
  if (process.argv.includes("--write")) {
    const page = `# What apps weigh

Each app is bundled and minified by esbuild; 1 kB is 1000 bytes. \`deno task sizes\` makes this page.

${text}
`;
    writeFileSync(join(ROOT, "docs/sizes.md"), page);
  }
  conclude("sizes", sizeFaults(list));
}
