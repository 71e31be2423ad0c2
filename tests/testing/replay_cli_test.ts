// The command `replay`.

import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readRecording } from "@bonsai/net/testing";
import { ROOT, runtime } from "../tap/namespace.ts";

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program, ...rest] = [...runtime(), "cli/replay.ts", ...args];
  const { status, stdout, stderr } = spawnSync(program!, rest, { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
  return { status, stdout, stderr };
}

const HTTP = "tests/captures/http.pcap";
const APP = "tests/testing/hello_app.ts";

test("replay plays a recorded curl against an app that answers as the recorded server did", () => {
  for (const more of [[], ["--pace", "fast"], ["--no-sack", "--no-timestamps", "--seed", "7"]]) {
    const { status, stdout, stderr } = run(HTTP, "--as", "10.0.0.2", "--app", APP, ...more);
    assertEquals([status, stderr], [0, ""]);
    assert(stdout.endsWith("2 conversations: 2 identical, 0 different, 0 impossible\n"), stdout);
  }
});

test("replay plays what passes a filter", () => {
  const { status, stdout } = run(HTTP, "--as", "10.0.0.2", "--app", APP, "--filter", "tcp.port == 37300");
  assertEquals(status, 0);
  assert(/^tcp 10\.0\.0\.1\.37300 .*identical\n1 conversations: /.test(stdout), stdout);
});

test("replay tells the first difference, in JSON too, and leaves the packets", () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-replay-"));
  try {
    const app = join(folder, "app.ts");
    writeFileSync(app, "export default { fetch: () => new Response('other', { status: 404 }) };");
    const saved = join(folder, "run.pcapng");
    const { status, stdout } = run(HTTP, "--app", app, "--json", "--save", saved);
    assertEquals(status, 1);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.length, 3);
    assertEquals(lines[0].reason, "response 1: status 200 was recorded, and 404 came");
    assertEquals([lines[0].peer, lines[0].verdict], ["10.0.0.1|37290", "different"]);
    assertEquals(lines[2], { file: HTTP, identical: 0, different: 2, impossible: 0, fault: null });
    assert(readRecording(readFileSync(saved)).packets.length > 20);

    const damaged = join(folder, "damaged.pcap");
    writeFileSync(damaged, readFileSync(join(ROOT, HTTP)).subarray(0, 6000));
    const cut = run(damaged, "--as", "10.0.0.2", "--app", join(ROOT, APP));
    assertEquals(cut.status, 1);
    assert(/The file ends at byte 6000/.test(cut.stderr), cut.stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("replay ends with 2 for wrong arguments, and 1 for what is no capture", () => {
  for (
    const args of [[], [HTTP, "--as", "1.2.3.4"], [HTTP, "--pace", "x"], [HTTP, "--nope"], [
      HTTP,
      "--filter",
      "tcp.port ==",
    ]]
  ) {
    const { status, stderr } = run(...args);
    assertEquals(status, 2, args.join(" "));
    assert(/see replay --help\n$/.test(stderr), stderr);
  }
  assertEquals(run("nowhere.pcap").status, 1);
  assertEquals(run("deno.json").status, 1);
  assertEquals(run(HTTP, "--app", "no.ts").status, 1);
  const help = run("--help");
  assertEquals(help.status, 0);
  assert(help.stdout.includes("Examples:"));
});
