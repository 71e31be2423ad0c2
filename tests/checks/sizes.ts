/**
 * Compositions weigh no more than their budgets, and hold nothing of what they leave out.
 *
 * Each file of examples/sizes/ is one app. Its first lines say what it may weigh, minified and gzipped (1 kB is 1000
 * bytes), and which protocols must leave no byte in it:
 *
 *     // budget: 5 kB
 *     // without: tcp http
 *
 * An app that has not reached its budget yet says what it may weigh until then: `// budget: 12 kB, until then 22 kB`.
 * Drivers are weighed apart: as what an empty stack weighs more with them. So are protocols that come to a host with UDP.
 *
 * With `--write` it makes docs/sizes.md, and draws the sizes in README.md.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, bundle, bundleFile, stop } from "./bundle.ts";
import { conclude, read, ROOT, sources } from "./tree.ts";

/** An app, what it weighs and what it may weigh. */
interface Size extends Bundle {
  readonly path: string;
  /** Bytes. */
  readonly budget: number;
  /** Bytes that are no fault yet. */
  readonly limit: number;
  readonly without: readonly string[];
}

async function measure(path: string): Promise<Size> {
  const text = read(path);
  const [, goal, least = goal] = /^\/\/ budget: (\S+) kB(?:, until then (\S+) kB)?$/m.exec(text) ?? [];
  const budget = Number(goal) * 1000;
  const limit = Number(least) * 1000;
  const without = /^\/\/ without: (.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
  return { path, budget, limit, without, ...await bundleFile(path) };
}

/** The apps of examples/sizes/, from the lightest. */
export async function sizes(): Promise<Size[]> {
  const list: Size[] = [];
  for (const path of sources("examples/sizes")) list.push(await measure(path));
  await stop();
  return list.sort((a, b) => a.gzipped - b.gzipped);
}

/** What each driver adds to an empty stack. */
export async function driverSizes(): Promise<{ name: string; minified: number; gzipped: number }[]> {
  const app = (setup: string, driver: string): string =>
    `import { stack } from "./mod.ts"; ${setup} await stack({ driver: ${driver}, protocols: [] }).run();`;
  const empty = await bundle(app("", "driver"));
  const list = [];
  for (
    const [name, driver] of [["memory", 'memory("ip")[0]'], ["tap", 'tap("tap0")'], ["tun", 'tun("tun0")']] as const
  ) {
    const { minified, gzipped } = await bundle(app(`import { ${name} } from "./drivers/${name}.ts";`, driver));
    list.push({ name, minified: minified - empty.minified, gzipped: gzipped - empty.gzipped });
  }
  await stop();
  return list;
}

/** What is added to an app, and may be. */
export interface Added {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
  /** Bytes, gzipped. */
  readonly budget: number;
  /** Bytes, gzipped, that are no fault yet. */
  readonly limit: number;
}

/** Protocols that come to a host with UDP on Ethernet: how an app uses them, and kB that they may weigh, and weigh until then. */
const ADDED = [
  ["dhcp", "await net.dhcp.bound();", 1.5, 1.7],
  ["dns", 'await net.dns.lookup("example.com");', 2.5, 2.95],
] as const;

/** What each of them adds. */
export async function addedSizes(): Promise<Added[]> {
  const app = (names: readonly string[], use: string): string =>
    `import { stack } from "./mod.ts";
    ${names.map((name) => `import { ${name} } from "./protocols/${name}.ts";`).join("")}
    const net = stack({ driver, protocols: [${names.map((name) => `${name}()`).join(", ")}] });
    const socket = net.udp.bind({ port: 7 }, (data, address, port) => socket.send(data, address, port));
    ${use}`;
  const host = ["ethernet", "arp", "ipv4", "udp"];
  const without = await bundle(app(host, ""));
  const list: Added[] = [];
  for (const [name, use, budget, limit] of ADDED) {
    const { minified, gzipped } = await bundle(app([...host, name], use));
    list.push({
      name,
      minified: minified - without.minified,
      gzipped: gzipped - without.gzipped,
      budget: budget * 1000,
      limit: limit * 1000,
    });
  }
  await stop();
  return list;
}

/** What is added and too heavy. */
export function addedFaults(list: readonly Added[]): string[] {
  return list.filter(({ gzipped, limit }) => !(gzipped <= limit)).map(({ name, gzipped, limit }) =>
    `${name}() adds ${kilo(gzipped)} kB gzipped to a host, its budget is ${kilo(limit)} kB`
  );
}

/** What is too heavy, or holds what it leaves out. */
export function sizeFaults(list: readonly Size[]): string[] {
  const faults = list.length === 0 ? ["examples/sizes/ holds no app to weigh"] : [];
  for (const { path, limit, gzipped, modules, without } of list) {
    if (!(gzipped <= limit)) {
      faults.push(
        `${path} weighs ${kilo(gzipped)} kB gzipped, its budget is ${kilo(limit)} kB; most of it is ${
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

/** In kB; rounded up, so that what is over its budget is seen to be. */
function kilo(bytes: number): string {
  return (Math.ceil(bytes / 10) / 100).toFixed(2);
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

/** Draws what apps weigh, a block for each kB. */
function drawing(list: readonly Size[]): string {
  const names = list.map(({ path }) => path.slice("examples/sizes/".length, -".ts".length));
  const width = Math.max(...names.map((name) => name.length));
  return list.map(({ gzipped }, i) =>
    `    ${names[i]!.padEnd(width)}  ${(gzipped / 1000).toFixed(1).padStart(4)} kB  ${
      "█".repeat(Math.round(gzipped / 1000))
    }`
  ).join("\n");
}

if (import.meta.main) {
  const list = await sizes();
  const text = table([
    ["app", "min kB", "min+gzip kB", "budget kB", "over it kB"],
    ...list.map(({ path, minified, gzipped, budget }) => [
      `[${path.slice("examples/sizes/".length, -".ts".length)}](../${path})`,
      kilo(minified),
      kilo(gzipped),
      String(budget / 1000),
      gzipped > budget ? kilo(gzipped - budget) : "",
    ]),
  ]);
  const drivers = table([
    ["driver", "min kB", "min+gzip kB"],
    ...(await driverSizes()).map(({ name, minified, gzipped }) => [
      `[${name}](../drivers/${name}.ts)`,
      kilo(minified),
      kilo(gzipped),
    ]),
  ]);
  const added = await addedSizes();
  const protocols = table([
    ["protocol", "min kB", "min+gzip kB", "budget kB", "over it kB"],
    ...added.map(({ name, minified, gzipped, budget }) => [
      `[${name}](../protocols/${name}.ts)`,
      kilo(minified),
      kilo(gzipped),
      String(budget / 1000),
      gzipped > budget ? kilo(gzipped - budget) : "",
    ]),
  ]);
  console.log(`${text}\n\n${protocols}\n\n${drivers}`);
  if (process.argv.includes("--write")) {
    const page = `# What apps weigh

Each app is bundled and minified by esbuild; 1 kB is 1000 bytes. \`deno task sizes\` makes this page.

${text}

These come to a host with UDP on Ethernet:

${protocols}

The apps are weighed without a driver, which depends on where they run. With one an app weighs so much more, or a little
less, for they share code:

${drivers}
`;
    writeFileSync(join(ROOT, "docs/sizes.md"), page);
    const readme = read("README.md").replace(
      /(<!-- sizes[^>]*-->\n).*?(<!-- \/sizes -->)/s,
      (_, begin: string, end: string) => `${begin}\n${drawing(list)}\n\n${end}`,
    );
    writeFileSync(join(ROOT, "README.md"), readme);
  }
  conclude("sizes", [...sizeFaults(list), ...addedFaults(added)]);
}
