import { assert, assertEquals, assertGreater, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testWith } from "../needs.ts";
import { run, whileServing } from "./program.ts";

/** A folder of the test's own. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-start-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Runs a program to its end, while this process goes on to read what others print. */
function execute(
  program: string,
  args: readonly string[],
): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 45_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}

/** What a program prints that must succeed. */
async function output(program: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await execute(program, args);
  assertEquals(status, 0, stderr);
  return stdout;
}

const HTML = { headers: { accept: "text/html" } };

test("start: every route answers through both stacks", () =>
  whileServing([], async ({ url, program }) => {
    const page = await fetch(`${url}/`, HTML);
    assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
    const html = await page.text();
    for (const text of ["SYN-ACK", "GET /", "200 OK", "10.0.0.2:80", 'class="card ladder"', "</html>"]) {
      assertStringIncludes(html, text);
    }
    const story = await fetch(`${url}/`, { headers: { accept: "*/*" } });
    // In Bun too, whose Response leaves the type of a text to its own server.
    assertEquals(story.headers.get("content-type"), "text/plain;charset=UTF-8");
    assertMatch(await story.text(), /--> +SYN /);

    const connection = await (await fetch(`${url}/api/connection`)).json();
    assertEquals(connection.local, { hostname: "10.0.0.2", port: 80 });
    assertEquals(connection.remote.hostname, "10.0.0.1");
    const labels = connection.packets.map(({ label }: { label: string }) => label);
    assert(labels.includes("SYN") && labels.includes("SYN-ACK"), labels.join());
    assertEquals(connection.again, 0);

    const stats = await (await fetch(`${url}/api/stats`)).json();
    assertGreater(stats.counters.tcp.segmentsReceived, 5);
    assertEquals(stats.counters.loop.faults, 0);

    const file = new Uint8Array(await (await fetch(`${url}/capture.pcapng`)).arrayBuffer());
    assertEquals([...file.subarray(0, 4)], [0x0a, 0x0d, 0x0d, 0x0a]);

    const none = await fetch(`${url}/nothing`);
    await none.body?.cancel();
    assertEquals(none.status, 404);
    assertMatch(program.stdout, /^#1 127\.0\.0\.1:\d+ → 10\.0\.0\.1:\d+ → 10\.0\.0\.2:80$/m);
  }));

test("start: an upload of 20 MB comes back, byte for byte", () =>
  whileServing(["--quiet"], async ({ url }) => {
    const sent = noise(20_000_000);
    const response = await fetch(`${url}/echo`, { method: "POST", body: sent });
    const back = new Uint8Array(await response.arrayBuffer());
    assertEquals(back.length, sent.length);
    assertEquals(sha256(back), sha256(sent));
  }));

test("start: a streamed response arrives piece by piece", () =>
  whileServing(["--quiet"], async ({ url }) => {
    const began = performance.now();
    const times: number[] = [];
    let text = "";
    const { body } = await fetch(`${url}/stream`);
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      times.push(performance.now() - began);
    }
    assertEquals(text.trimEnd().split("\n").length, 10);
    assertGreater(times.length, 5);
    assertLess(times[0]!, times.at(-1)! - 1000);
  }));

testWith(
  ["curl", "tshark"],
  "start: curl's requests, and their capture with every checksum good",
  () =>
    inFolder(async (folder) => {
      const file = join(folder, "start.pcapng");
      await whileServing(["--capture", file, "--trace"], async ({ url, program }) => {
        const upload = join(folder, "upload");
        writeFileSync(upload, noise(300_000));
        assertStringIncludes(await output("curl", "-sS", `${url}/`), "This answer comes from bonsai");
        await output("curl", "-sS", "--data-binary", `@${upload}`, "-o", join(folder, "back"), `${url}/echo`);
        assertEquals(readFileSync(join(folder, "back")).compare(readFileSync(upload)), 0);
        // HEAD, and a client that goes away in the middle.
        assertMatch(await output("curl", "-sSI", `${url}/api/stats`), /^HTTP\/1\.1 200/);
        await execute("curl", ["-sS", "-N", "--max-time", "0.3", `${url}/stream`]);
        assertMatch(program.stdout, /Flags \[S\], seq \d+, win/);
      });
      const tshark = async (filter: string): Promise<string[]> => {
        const checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
        const lines = await output(
          "tshark",
          "-r",
          file,
          ...checks,
          "-o",
          "tcp.desegment_tcp_streams:FALSE",
          "-Y",
          filter,
        );
        return lines.split("\n").filter(Boolean);
      };
      assertGreater((await tshark("tcp.checksum.status == 1 && ip.checksum.status == 1")).length, 400);
      assertEquals(
        await tshark("tcp && tcp.checksum.status != 1 || ip && ip.checksum.status != 1 || _ws.malformed"),
        [],
      );
      assertEquals(await tshark("tcp.analysis.retransmission || tcp.analysis.lost_segment"), []);
      assertEquals((await tshark('http.request.uri == "/echo"')).length, 1);
    }),
);

test("start: Ctrl-C lets a request end, closes the connections and the capture, and ends with 0", () =>
  inFolder(async (folder) => {
    const file = join(folder, "start.pcapng");
    await whileServing(["--capture", file], async ({ url, program }) => {
      const idle = await fetch(`${url}/api/stats`);
      await idle.text();
      const under = fetch(`${url}/stream`).then((response) => response.text());
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assertEquals(await program.stop("SIGINT"), 0);
      assertEquals((await under).trimEnd().split("\n").length, 10);
      assertEquals(
        program.stdout.match(/^#\d+ (closed|broken off)/gm)?.length,
        program.stdout.match(/^#\d+ 127/gm)?.length,
      );
    });
    // The last block of a capture that was ended is that of the interface's statistics, and its length closes it.
    const bytes = new DataView(Uint8Array.from(readFileSync(file)).buffer);
    const length = bytes.getUint32(bytes.byteLength - 4, true);
    assertEquals(bytes.getUint32(bytes.byteLength - length, true), 5);
    assertEquals(bytes.getUint32(bytes.byteLength - length + 4, true), length);
  }));

test("start: a second Ctrl-C ends it at once", async () => {
  const program = run("--port", "0", "--quiet");
  try {
    const [, url] = await program.line(/^Open (.*)$/);
    const slow = fetch(`${url}stream`).then((response) => response.text()).catch(() => "cut");
    await new Promise((resolve) => setTimeout(resolve, 300));
    program.child.kill("SIGINT");
    await program.line(/^Closing$/);
    // By the signal, and not by its own end.
    assertEquals(await program.stop("SIGINT"), null);
    assertEquals(await slow, "cut");
  } finally {
    await program.stop("SIGKILL");
  }
});

/** How the program ends that cannot start. */
async function failure(...args: string[]): Promise<[status: number | null, complaint: string]> {
  const program = run(...args);
  const timer = setTimeout(() => program.child.kill("SIGKILL"), 20_000);
  const status = await program.ended;
  clearTimeout(timer);
  return [status, program.stderr.trim()];
}

test("start: a port that is taken, in one sentence", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };
  assertEquals(await failure("--port", String(port)), [
    1,
    `start: Cannot listen on 127.0.0.1:${port}: another program uses this port; choose one with --port`,
  ]);
  server.close();
});

test("start: a file that cannot be written, in one sentence", async () => {
  const [status, complaint] = await failure("--port", "0", "--capture", "/nowhere/start.pcapng");
  assertEquals(status, 1);
  assertMatch(complaint, /^start: Cannot write \/nowhere\/start\.pcapng: .*$/);
});

test("start: wrong options end with 2, help and version with 0", async () => {
  for (
    const [args, sentence] of [
      [["--port", "70000"], '--port takes a number from 0 to 65535, not "70000"'],
      [["--bogus"], "Unknown option '--bogus'"],
      [["extra"], "Unexpected argument 'extra'"],
      [["--address", "10.0.0.2/24"], "--address is for devices: say --driver tap, tun or packet too"],
      [["--driver", "tap"], "say --address, such as --address 10.0.0.2/24"],
      [["--driver", "tap", "--address", "10.0.0.256/24"], "--address: Cannot parse"],
      [["--driver", "carrier-pigeon"], 'there is no driver "carrier-pigeon"'],
    ] as const
  ) {
    const [status, complaint] = await failure(...args);
    assertEquals(status, 2, complaint);
    assertEquals(complaint.split("\n").length, 1);
    assertStringIncludes(complaint, `start: ${sentence}`);
    assertMatch(complaint, /; see start --help$/);
  }
  const help = run("--help");
  assertEquals(await help.ended, 0);
  assertStringIncludes(help.stdout, "Examples:");
  const version = run("--version");
  assertEquals(await version.ended, 0);
  assertMatch(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

testWith(
  ["chromium"],
  "start: headless Chromium draws the page and its ladder",
  () =>
    inFolder((folder) =>
      whileServing(["--quiet"], async ({ url }) => {
        const { stdout, stderr } = await execute("chromium", [
          ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
          ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
          ...[`--user-data-dir=${folder}`, "--enable-logging=stderr", "--dump-dom", `${url}/`],
        ]);
        assertMatch(stdout, /<li class="handshake in">/);
        assertMatch(stdout, /<li class="request in">/);
        assertMatch(stdout, /<li class="response out">/);
        assertMatch(stdout, /<\/html>\s*$/);
        // What the page's style and script do against its own policy would be told here.
        assertEquals(stderr.split("\n").filter((line) => line.includes("CONSOLE")), []);
      })
    ),
);
