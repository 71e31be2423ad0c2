import { assert, assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const HERE = import.meta.dirname!;
const COMMAND = [
  ..."Deno" in globalThis ? ["run", "-A", "--quiet"] : [],
  join(HERE, "../../cli/inspect.ts"),
];
const tcp = join(HERE, "tcp.pcap");

function inspect(args: string[], input?: Uint8Array): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], { input, maxBuffer: 1 << 28 });
  return { status, out: String(stdout), err: String(stderr) };
}

function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-inspect-"));
  const clean = () => rmSync(folder, { recursive: true });
  try {
    const result = use(folder);
    if (result instanceof Promise) return result.finally(clean) as T;
    clean();
    return result;
  } catch (error) {
    clean();
    throw error;
  }
}

test("inspect reads a file, standard input, and both packed, to the same lines", () => {
  const file = readFileSync(tcp);
  const plain = inspect([tcp]);
  assertEquals([plain.status, plain.err], [0, ""]);
  assert(plain.out.split("\n").length > 60);
  const packed = new Uint8Array([...gzipSync(file.subarray(0, 5000)), ...gzipSync(file.subarray(5000))]);
  withFolder((folder) => {
    writeFileSync(join(folder, "x.pcap.gz"), packed);
    assertEquals(inspect([join(folder, "x.pcap.gz")]), plain);
  });
  assertEquals(inspect(["-"], file), plain);
  assertEquals(inspect(["-"], packed), plain);
});

test("inspect ends with 1 and one sentence for damage, after the packets before it", () => {
  const file = readFileSync(tcp);
  const cut = inspect(["-"], file.subarray(0, 10_000));
  assertEquals(cut.status, 1);
  assert(/^inspect: The file ends at byte 10000, within packet \d+ .*missing\n$/.test(cut.err), cut.err);
  assert(inspect([tcp]).out.startsWith(cut.out) && cut.out.length > 500);
  const packed = inspect(["-"], gzipSync(file).subarray(0, 3000));
  assertEquals(packed.status, 1);
  assert(/^inspect: The gzip data is damaged or cut after \d+ bytes of the capture\n$/.test(packed.err), packed.err);
  assert(inspect([tcp]).out.startsWith(packed.out));
  const nothing = inspect([join(HERE, "server.py")]);
  assertEquals([nothing.status, nothing.out], [1, ""]);
  assert(/^inspect: This is no capture file: it begins with 0x[0-9a-f]{8}\n$/.test(nothing.err), nothing.err);
  assertEquals(inspect([join(HERE, "missing.pcap")]).status, 1);
});

test("inspect lists the frames of a link type that it does not decode, and names it", () => {
  const file = readFileSync(tcp);
  file[20] = 147;
  const { status, out, err } = inspect(["-"], file);
  assertEquals(status, 1);
  assert(out.startsWith("1 ") && out.includes("link type 147 (reserved for private use) is not decoded"));
  assertEquals(err, "inspect: Packet 1: link type 147 (reserved for private use) is not decoded\n");
});

test("inspect ends with 2 when its arguments are wrong, and helps", () => {
  for (const args of [[], ["a", "b"], ["--what", tcp], ["--filter", "tcp.x", tcp]]) {
    const { status, err } = inspect(args);
    assertEquals(status, 2);
    assert(/^inspect: .*; see inspect --help\n$/.test(err), err);
  }
  const help = inspect(["--help"]);
  assertEquals(help.status, 0);
  assert(help.out.includes("Examples:"));
});

test("inspect --json ends with the streams, and filters choose both", () => {
  const { out } = inspect(["--json", "--filter", "tcp.port == 8000", tcp]);
  const all = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  const last = all.pop();
  assertEquals(last.file, tcp);
  assertEquals(last.tcp_streams.length, 1);
  assertEquals(last.tcp_streams[0].b, "10.0.1.2|8000");
  assert(all.every((frame) => frame["tcp.srcport"] === 8000 || frame["tcp.dstport"] === 8000));
});

test("inspect --follow shows packets as they come, until it is interrupted", () =>
  withFolder(async (folder) => {
    const file = readFileSync(tcp);
    const path = join(folder, "growing.pcap");
    writeFileSync(path, file.subarray(0, 1000));
    const child = spawn(process.execPath, [...COMMAND, "--follow", path]);
    let out = "";
    child.stdout.on("data", (data) => out += data);
    const until = async (count: number): Promise<void> => {
      for (let i = 0; i < 200 && out.split("\n").length <= count; i++) {
        await new Promise((done) => setTimeout(done, 50));
      }
      assert(out.split("\n").length > count, out);
    };
    const ended = new Promise((resolve) => child.on("exit", resolve));
    try {
      await until(3);
      appendFileSync(path, file.subarray(1000, 20_000));
      await until(20);
    } finally {
      child.kill("SIGINT");
    }
    await ended;
    // The file ends within a packet, for more of it was still to come.
    assert(out.startsWith("1 "));
  }));
