// The tarball of `deno pack`, installed from a local file as somebody would who uses Node or Bun.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SUBCOMMANDS } from "../../cli/commands.ts";
import { read, ROOT } from "../checks/tree.ts";
import { run } from "../cli/run.ts";
import { testWith } from "../needs.ts";
import { app, must, tarball } from "./tarball.ts";

const NPM = ["install", "--silent", "--no-audit", "--no-fund"];
const HELLO = "Hello from a TCP/IP stack in TypeScript\n\n";

testWith(
  ["deno", "npm", "node"],
  "the tarball runs in Node 20: a stack, the host's sockets and the command line",
  () => {
    const folder = app("in-node", {
      "hello.mjs": read("examples/hello.ts"),
      "host.mjs": `import { host } from "@bonsai/net/host";
const net = host();
const where = { hostname: "127.0.0.1", port: 28_600 };
net.http.serve(() => new Response("by the host\\n"), { ...where, onListen: async () => {
  console.log(await (await net.http.fetch("http://127.0.0.1:28600/")).text());
  net.close();
} });`,
    });
    must("npm", [...NPM, tarball()], folder);
    assertEquals(must("node", ["hello.mjs"], folder).stdout, HELLO);
    assertEquals(must("node", ["host.mjs"], folder).stdout, "by the host\n\n");
    const bonsai = (...args: string[]) => must("node", ["node_modules/@bonsai/net/cli/mod.js", ...args], folder).stdout;
    assertEquals(bonsai("--version"), `${JSON.parse(read("deno.json")).version}\n`);
    assertStringIncludes(bonsai("new", "thing", "--template", "tcp-echo"), "Made thing from tcp-echo");
    assertEquals(
      bonsai("check", "--schema"),
      `${JSON.stringify(JSON.parse(read("cli/bonsai.schema.json")), null, 2)}\n`,
    );
    for (const name of Object.keys(SUBCOMMANDS)) assertStringIncludes(bonsai(name, "--help"), "Usage: ");
    const { missing, parts } = JSON.parse(bonsai("size", "hello.mjs", "--json"));
    assertEquals(missing, []);
    assert(parts.some(({ name }: { name: string }) => name === "protocols/tcp"), JSON.stringify(parts));
  },
);

testWith(["deno", "npm"], "the tarball runs in Bun", () => {
  const folder = app("in-bun", { "hello.ts": read("examples/hello.ts") });
  const bun = ["-y", "bun@1.4"];
  must("npx", [...bun, "add", "--silent", tarball()], folder);
  assertEquals(must("npx", [...bun, "hello.ts"], folder).stdout, HELLO);
  const version = must("npx", [...bun, "node_modules/@bonsai/net/cli/mod.js", "--version"], folder).stdout;
  assertEquals(version, `${JSON.parse(read("deno.json")).version}\n`);
});

testWith(["deno", "npm"], "publint and arethetypeswrong find nothing wrong with the tarball", () => {
  const folder = dirname(tarball());
  assertStringIncludes(must("npx", ["-y", "publint@0.3", "run", tarball(), "--strict"], folder).stdout, "All good!");
  const types = ["-y", "@arethetypeswrong/cli@0.18", tarball(), "--profile", "esm-only", "--format", "json"];
  const { analysis } = JSON.parse(must("npx", types, folder).stdout);
  const entries = Object.keys(JSON.parse(read("deno.json")).exports);
  assertEquals(Object.keys(analysis.entrypoints).sort(), entries.sort());
});

/** A protocol of somebody else's, as `bonsai new --template protocol` makes it. */
const QUOTE = read("examples/templates/protocol/mod.ts");

const COMPOSED = `import { type Driver, stack } from "@bonsai/net";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { udp } from "@bonsai/net/protocols/udp";
import { quote } from "./quote.ts";

export async function asks(driver: Driver<"ip">): Promise<string> {
  const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp(), quote()] });
  return await net.quote.ask("10.0.0.1");
}

export function misfits(driver: Driver<"ip">): void {
  stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), quote()] });
}
`;

testWith(
  ["deno", "npm"],
  "a protocol of somebody else's, compiled against the tarball, composes with the types and errors of our own",
  () => {
    const folder = app("types", {
      "quote.ts": QUOTE,
      "hello.ts": read("examples/hello.ts"),
      "composed.ts": COMPOSED,
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "es2022",
          module: "nodenext",
          lib: ["es2022", "dom", "esnext.disposable"],
          types: [],
          allowImportingTsExtensions: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
        },
        include: ["*.ts"],
      }),
    });
    must("npm", [...NPM, tarball(), "typescript@5.9"], folder);
    const { stdout } = run("npx", ["tsc", "--pretty", "false", "-p", "."], { cwd: folder });
    assertEquals(stdout.split("\n").filter((line) => line.startsWith(" ") === false && line !== ""), [
      `composed.ts(12,65): error TS2322: Type 'QuoteProtocol' is not assignable to type '"quote() needs \\"udp\\": list udp() before it"'.`,
    ]);
  },
);

testWith(["deno", "npm"], "what the tarball's types refer to is in it", () => {
  const folder = app("unpacked", {});
  must("tar", ["xzf", tarball()], folder);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const types = files.filter((path) => path.endsWith(".d.ts"));
  assert(types.length > 100, `${types.length} files`);
  for (const path of types) {
    const text = readFileSync(join(folder, path), "utf8").replace(/\/\*.*?\*\//gs, "");
    for (const [, from] of text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
      const target = resolve(folder, dirname(path), from!).slice(folder.length + 1).replace(/\.js$/, ".d.ts");
      assert(types.includes(target), `${path} refers to ${from}, which has no types`);
    }
    assert(!/\bDeno\.|"node:|\bBun\./.test(text), `${path} names a host`);
  }
});

testWith(["deno"], "deno publish finds nothing wrong", () => {
  must("deno", ["publish", "--dry-run", "--allow-dirty", "--quiet"], ROOT);
});
