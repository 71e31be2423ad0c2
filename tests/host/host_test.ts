import { assertEquals, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build, stop } from "esbuild";
import { deferred } from "../../core/deferred.ts";
import { memory } from "../../drivers/memory.ts";
import { limitContent } from "../../host/content_limit.ts";
import { host } from "../../host/mod.ts";
import { type Driver, stack } from "../../mod.ts";
import { http } from "../../protocols/http.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import { ROOT } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { app } from "./app.ts";

// Each runtime has ports of its own, for both suites may run at once.
const FIRST = "Deno" in globalThis ? 28_100 : 28_200;
const ports = { tcp: FIRST, udp: FIRST + 1, http: FIRST + 2 };

test("an app runs on the host's sockets", async () => {
  using net = host();
  await app(net, net, "127.0.0.1", ports);
});

test("the same app runs on two stacks", async () => {
  const compose = (driver: Driver<"ip">, address: string) =>
    stack({ driver, protocols: [ipv4({ address }), udp(), tcp(), http()] });
  const [left, right] = memory("ip");
  const server = compose(left, "10.0.0.1/24");
  const client = compose(right, "10.0.0.2/24");
  await app(server, client, "10.0.0.1", ports);
  server.close();
  client.close();
});

testWith(["node"], "the same app runs on Node's sockets", async () => {
  const outfile = join(tmpdir(), `bonsai-host-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `import { host } from "./host/mod.ts";
import { app } from "./tests/host/app.ts";
const net = host();
await app(net, net, "127.0.0.1", { tcp: ${FIRST + 10}, udp: ${FIRST + 11}, http: ${FIRST + 12} });
let heard;
const left = new Promise((resolve) => heard = resolve);
const port = ${FIRST + 12};
net.http.serve(({ url, signal }) => {
  signal.addEventListener("abort", () => heard());
  const { pathname } = new URL(url);
  return pathname === "/leave" ? new Promise(() => {}) : new Response(pathname);
}, { port, hostname: "127.0.0.1" });
const url = "http://127.0.0.1:" + port;
const path = await (await fetch(url + "//a/b")).text();
if (path !== "//a/b") throw new Error(path);
await fetch(url + "/leave", { signal: AbortSignal.timeout(100) }).catch(() => {});
await left;
net.close();
console.log("ok");`,
      resolveDir: ROOT,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile,
    alias: { "@std/assert": join(ROOT, "tests/std_assert/mod.ts") },
    logLevel: "silent",
  });
  await stop();
  try {
    const { stdout, stderr } = spawnSync("node", [outfile], { encoding: "utf8", timeout: 20_000 });
    assertEquals([stdout, stderr.replace(/^Error: broken, as asked\n( .*\n)*/, "")], ["ok\n", ""]);
  } finally {
    rmSync(outfile);
  }
});

test("content that is limited comes with the signal of its request", async () => {
  const { promise: limited, resolve: see } = deferred<Request>();
  const handler = limitContent((request) => {
    see(request);
    return new Response();
  }, 10);
  const controller = new AbortController();
  const init = { method: "POST", body: "abc", signal: controller.signal };
  await handler(new Request("http://a/", init), null as never);
  controller.abort();
  assertEquals((await limited).signal.aborted, true);
});

test("what was shut down can be closed", async () => {
  const net = host();
  const serving = net.http.serve(() => new Response(), { port: ports.http + 4, hostname: "127.0.0.1" });
  await serving.shutdown();
  net.close();
});

test("closing the host's net closes what is open, and a port in use is an error", async () => {
  const net = host();
  const conn = net.tcp.listen({ port: ports.tcp + 3, hostname: "127.0.0.1" });
  const accepting = conn.accept().then(() => "accepted", (error) => error.code);
  const serving = net.http.serve(() => new Response(), { port: ports.http + 3, hostname: "127.0.0.1" });
  assertThrows(() => net.http.serve(() => new Response(), { port: ports.http + 3, hostname: "127.0.0.1" }), Error);
  assertThrows(() => net.http.serve({} as never), TypeError, "a handler is required");
  net.close();
  assertEquals(await accepting, "EPIPE");
  await serving.finished;
});
