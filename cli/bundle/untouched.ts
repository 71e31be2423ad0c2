/**
 * Protocols that an app lists and never touches: they could be left out.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BundlePart } from "./parts.ts";

/** Protocols that do something only when they are asked to: what the app asks, and the protocols that ask for it too. */
export const ASKED: Readonly<Record<string, { readonly gives: string; readonly by: readonly string[] }>> = {
  udp: { gives: "udp", by: ["dhcp", "dhcp_server", "dhcpv6", "dns", "dns_server", "mdns"] },
  udp_template: { gives: "datagram", by: [] },
  tcp: { gives: "tcp", by: ["dns", "dns_server", "http", "http_client", "http_server"] },
  tcp_client: { gives: "tcp", by: ["dns", "http_client"] },
  http: { gives: "http", by: [] },
  http_client: { gives: "http", by: [] },
  http_server: { gives: "http", by: [] },
};

/** A protocol that is listed and not used. */
export interface Untouched {
  /** Its part, such as `protocols/udp`. */
  readonly name: string;
  /** What the stack calls what it gives, such as `udp`. */
  readonly gives: string;
  /** Bytes, minified. */
  readonly size: number;
  /** The module that lists it. */
  readonly by: string;
}

/**
 * Finds the protocols that an app lists and never touches. It goes by words: what is named anywhere in the app's own code
 * counts as touched, so that a hint may be missing, and is seldom wrong.
 *
 * @param parts The parts of the app's bundle.
 * @param folder The folder that the paths of its modules start from.
 * @returns The protocols, the heaviest first.
 */
export function untouched(parts: readonly BundlePart[], folder: string): Untouched[] {
  const present = new Set(parts.filter(({ size }) => size > 0).map(({ name }) => name));
  const modules = parts.find(({ name }) => name === "app")?.modules ?? [];
  const texts = modules.map(({ path }) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
  const found: Untouched[] = [];
  for (const { name, size } of parts) {
    const module = name.replace("protocols/", "");
    const asked = name === module || size === 0 ? undefined : ASKED[module];
    if (!asked || asked.by.some((other) => present.has(`protocols/${other}`))) continue;
    const lists = texts.flatMap(({ path, text }) => factoriesOf(text, module).map((factory) => ({ path, factory })));
    const [first] = lists;
    // Who is not listed by the app itself is listed by somebody who uses it.
    if (!first) continue;
    const word = new RegExp(String.raw`(?<![\w$])${asked.gives}(?![\w$])(?!\s*\()`);
    if (texts.some(({ text }) => word.test(bare(text)))) continue;
    found.push({ name, gives: asked.gives, size, by: first.path });
  }
  return found;
}

/** What a module calls the factories of a protocol that it imports. */
function factoriesOf(text: string, module: string): string[] {
  const statement = new RegExp(
    String.raw`import\s*\{([^}]*)\}\s*from\s*["'][^"']*/protocols/${module}(?:\.ts)?["']`,
    "g",
  );
  return [...text.matchAll(statement)].flatMap(([, names]) => names!.split(","))
    .map((name) => name.trim().split(/\s+as\s+/).pop()!)
    .filter((name) => name !== "" && !name.startsWith("type ") && new RegExp(`\\b${name}\\s*\\(`).test(text));
}

/** Code without comments, imports and the insides of strings; what stands in brackets after a dot stays, `net["udp"]` too. */
function bare(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/(^|[^:"'`])\/\/.*/g, "$1")
    .replace(/^\s*(?:import|export)\b[^;"']*\bfrom\s*["'][^"']*["']/gm, " ")
    .replace(/(\[\s*)?(["'])(?:\\.|(?!\2)[^\\\n])*\2/g, (whole, bracket) => bracket === undefined ? " " : whole);
}
