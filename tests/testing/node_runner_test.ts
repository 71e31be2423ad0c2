// The test kit in Node's own runner: installed from the tarball, as somebody would who tests an app there.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../cli/run.ts";
import { testWith } from "../needs.ts";
import { app, must, tarball } from "../published/tarball.ts";

const TEST = `import assert from "node:assert";
import { test } from "node:test";
import { expectPacket, ip, packetFilter, replay, tcp } from "@bonsai/net/testing";

const handler = (request) => {
  const prices = new URL(request.url).searchParams.getAll("price").map(Number);
  if (prices.length === 0) return Response.json({ error: "no price" }, { status: 400 });
  return Response.json({ average: prices.reduce((total, price) => total + price, 0) / prices.length });
};
const play = () => replay(new URL("bug.pcap", import.meta.url), { as: "10.0.0.5", app: handler });

test("an average of no prices is refused", async () => {
  const run = await play();
  const [some, none] = run.responses();
  assert.deepStrictEqual(await some.json(), { average: 3.5 });
  assert.strictEqual(none.status, 400);
  expectPacket(run.sent[0], ip({ ttl: 64 }), tcp({ flags: "SA", srcport: 8080 }));
  assert.ok(packetFilter("tcp.flags.syn == 1 && ip.src == 10.0.0.5", "ip")(run.sent[0].bytes));
});

test("what is different fails, and leaves its packets behind", async () => {
  (await play()).expectIdentical();
});
`;

testWith(["deno", "npm", "node"], "the test kit works in Node's runner", () => {
  const folder = app("node-runner", { "average.test.mjs": TEST });
  cpSync(join(import.meta.dirname!, "bug_report/bug.pcap"), join(folder, "bug.pcap"));
  must("npm", ["install", "--silent", "--no-audit", "--no-fund", tarball()], folder);
  const { status, stdout } = run("node", ["--test", "--test-reporter=tap", "."], { cwd: folder, timeout: 60_000 });
  // The second test fails on purpose, for the app is another one than was recorded.
  assertEquals(status, 1);
  assertStringIncludes(stdout, "# pass 1\n");
  assertStringIncludes(stdout, "# fail 1\n");
  assertStringIncludes(stdout, "response 2: status 200 was recorded, and 400 came");
  const captures = join(folder, "test-captures");
  assert(existsSync(captures) && readdirSync(captures).some((name) => name.endsWith(".pcapng")), stdout);
});
