/**
 * Imports run one way, and only what touches the outside names the host.
 *
 *     core ← protocols, drivers, plugins ← mod.ts ← cli, examples, bench, tests
 *
 * Protocols see each other as types only, so that importing one can never drag in another.
 *
 * @module
 */

import { posix } from "node:path";
import { conclude, read, sources } from "./tree.ts";

/** The folders whose modules apps put into their bundles. */
const LIBRARY = ["core", "protocols", "drivers", "plugins"];

/** What reads the host's clock, timers or randomness, and the only modules of the library, beside drivers, that may. */
const HOST_CALL = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|getRandomValues)\b/;
const HOST_CALLERS = ["core/clock.ts", "core/random.ts", "core/sleeper.ts"];

/** The host's own names. `process` counts where it is used as an object, for it is a common word too. */
const HOST_NAME = /(?<![.\w#$])(?:(Deno|Bun)\b|(process)\s*(?:\?\.|\.|\[))|\btypeof\s+(process)\b/;

/** One import of a module, as written. */
interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** The text with comments blanked, line for line. */
export function withoutComments(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g;
  return text.replace(token, (comment, string) => string ?? comment.replace(/[^\n]/g, " "));
}

/** The imports and re-exports in a module's text. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^(?:import|export)\b(\s+type\b)?([^;"'`=()]*?)\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']/gm;
  // A dynamic import is one of values; a type is imported by a statement.
  const dynamic = /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g;
  const line = (index: number) => text.slice(0, index).split("\n").length;
  for (const match of text.matchAll(statement)) {
    const names = /^\s*\{([^}]*)\}\s*$/.exec(match[2] ?? "")?.[1]?.split(",").map((name) => name.trim()).filter(
      Boolean,
    );
    const typeOnly = match[1] !== undefined || (names?.length ? names.every((name) => /^type\s/.test(name)) : false);
    found.push({ target: match[3] ?? match[4] ?? "", typeOnly, line: line(match.index) });
  }
  for (const match of text.matchAll(dynamic)) {
    found.push({ target: match[1] ?? "", typeOnly: false, line: line(match.index) });
  }
  return found;
}

/** Modules that share another's private folder. */
const KIN: Readonly<Record<string, string>> = {
  "drivers/af_packet": "drivers/tap",
  "drivers/tun": "drivers/tap",
  "protocols/dhcp_options": "protocols/dhcp",
  "protocols/dhcp_server": "protocols/dhcp",
  "protocols/dns_records": "protocols/dns",
  "protocols/dns_server": "protocols/dns",
  "protocols/http_server": "protocols/http",
  "protocols/mdns": "protocols/dns",
  "protocols/tcp_client": "protocols/tcp",
  "protocols/http_client": "protocols/http",
};

/** A module and its private folder share a name: "protocols/tcp" for protocols/tcp.ts and protocols/tcp/state.ts. */
function family(path: string): string {
  const own = path.split("/").slice(0, 2).join("/").replace(/\.ts$/, "");
  return KIN[own] ?? own;
}

/** Why a module of the library, or mod.ts, may not import another; undefined when it may. */
export function objection(path: string, { target, typeOnly }: Pick<Import, "target" | "typeOnly">): string | undefined {
  const zone = path.split("/")[0] ?? "";
  if (!target.startsWith(".")) {
    if (zone === "drivers" && /^(node|bun):/.test(target)) return undefined;
    return zone === "drivers"
      ? "a driver imports no package"
      : "only drivers and what is above mod.ts import packages or the host";
  }
  const to = posix.join(posix.dirname(path), target);
  const toZone = to.split("/")[0] ?? "";
  if (path === "mod.ts") {
    return LIBRARY.includes(toZone) ? undefined : "mod.ts imports core, protocols, drivers and plugins only";
  }
  if (toZone === "core") return undefined;
  if (zone === "core") return "core imports core only";
  if (family(path) === family(to)) return undefined;
  if (zone !== "protocols") return `${zone} import core and their own folder only`;
  if (toZone !== "protocols") return "protocols import core and protocols only";
  if (to.split("/").length > 2) return "a protocol's private folder is its own";
  return typeOnly ? undefined : "protocols import each other as types only";
}

/** What a module of the library does against the rules. */
export function moduleFaults(path: string, text: string): string[] {
  const code = withoutComments(text);
  const faults: string[] = [];
  for (const one of importsOf(code)) {
    const why = objection(path, one);
    if (why) faults.push(`${path}:${one.line} imports "${one.target}": ${why}`);
  }
  if (path.startsWith("drivers/")) return faults;
  code.split("\n").forEach((line, index) => {
    const name = HOST_NAME.exec(line)?.slice(1).find(Boolean);
    if (name) faults.push(`${path}:${index + 1} names ${name}: only drivers and what is above mod.ts know the host`);
    const call = HOST_CALL.exec(line)?.[1];
    if (call && !HOST_CALLERS.includes(path)) {
      faults.push(`${path}:${index + 1} uses ${call}: time and randomness are injected`);
    }
  });
  return faults;
}

/** What the tree does against the rules. */
export function importFaults(): string[] {
  return ["mod.ts", ...LIBRARY.flatMap(sources)].flatMap((path) => moduleFaults(path, read(path)));
}

if (import.meta.main) conclude("imports", importFaults());
