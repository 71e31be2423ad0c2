import { assert, assertEquals, assertThrows } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { FilterError } from "../../core/capture/display_filter.ts";
import { capture } from "../../plugins/capture.ts";
import { trace } from "../../plugins/trace.ts";
import { packetFilter, pair } from "../../testing/mod.ts";
import { frameFilter } from "../../testing/dissect/frame_filter.ts";
import { testWith } from "../needs.ts";
import { eachFrame } from "./decode.ts";

/** A request over HTTP between two stacks, the client's driver under plugins. */
async function request(plugins: Parameters<typeof pair>[0]): Promise<void> {
  const { left, right, run, close } = pair({ seed: 3, ...plugins });
  right.http.serve(() => new Response("hello"), { port: 80 });
  assertEquals(await run((await run(left.http.fetch("http://10.0.0.2/"))).text()), "hello");
  close();
}

test("the capture plugin and trace let through what a display filter does", async () => {
  const file: number[] = [];
  const lines: string[] = [];
  await request({
    leftPlugins: [
      capture((bytes) => file.push(...bytes), { filter: packetFilter("tcp.flags.syn == 1", "ethernet") }),
      trace((line) => lines.push(line), { filter: packetFilter("arp", "ethernet") }),
    ],
  });
  const reader = eachFrame(Uint8Array.from(file), (frame) => assert(frameFilter("tcp.flags.syn == 1")(frame)));
  assertEquals([reader.number, reader.error], [2, null]);
  assert(lines.length > 0 && lines.every((line) => line.includes(" ARP, ")), lines.join("\n"));
});

test("a filter of packets passes of a recording what the filter of inspect passes", () => {
  const file = new Uint8Array(readFileSync(join(import.meta.dirname!, "options.pcap")));
  for (
    const text of [
      "tcp.len > 0 && ip.src == 10.0.0.1",
      "tcp.options.sack_le",
      "!tcp",
      "ip.ttl == 64 and tcp.port in {1..9000}",
    ]
  ) {
    const expected: number[] = [];
    eachFrame(file, (frame) => {
      if (frameFilter(text)(frame)) expected.push(frame.number);
    });
    const filter = packetFilter(text, "ethernet");
    const found: number[] = [];
    const reader = new CaptureReader(file);
    while (reader.next()) if (filter(reader.bytes.slice(reader.start, reader.end))) found.push(reader.number);
    assertEquals(found, expected, text);
  }
  assertThrows(() => packetFilter("tcp.prot == 80", "ip"), FilterError, 'there is no field "tcp.prot"');
});

const COMMAND = [
  ..."Deno" in globalThis ? ["run", "-A", "--quiet"] : [],
  join(import.meta.dirname!, "../../cli/mod.ts"),
  "capture",
];

test("capture refuses what is no filter, before it opens a device", () => {
  const args = [...COMMAND, "x.pcapng", "--driver", "tap", "--address", "10.0.0.2/24", "--filter", "tcp.prt == 1"];
  const { status, stderr } = spawnSync(process.execPath, args);
  assertEquals(status, 2);
  assert(/^bonsai capture: Cannot read the filter .*there is no field "tcp\.prt"/.test(String(stderr)), String(stderr));
});

testWith(["netns", "tun"], "capture writes of a device the packets that pass", async () => {
  const space = `bonsai-filter-${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), "bonsai-filter-"));
  const path = join(folder, "pings.pcapng");
  spawnSync("ip", ["netns", "add", space]);
  try {
    const link = ["--driver", "tap", "--name", "filter0", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"];
    const args = [...COMMAND, path, ...link, "--filter", "icmp.type == 8"];
    const child = spawn("ip", ["netns", "exec", space, process.execPath, ...args]);
    const ended = new Promise((resolve) => child.on("exit", resolve));
    await new Promise<void>((resolve) =>
      child.stderr.on("data", (text) => /Capturing/.test(String(text)) && resolve())
    );
    spawnSync("ip", ["netns", "exec", space, "ping", "-q", "-c", "2", "-i", "0.2", "10.9.0.2"]);
    child.kill("SIGINT");
    await ended;
    const types: number[] = [];
    eachFrame(new Uint8Array(readFileSync(path)), ({ icmp }) => types.push(icmp.bytes[icmp.at]!));
    assertEquals(types, [8, 8]);
  } finally {
    spawnSync("ip", ["netns", "del", space]);
    rmSync(folder, { recursive: true });
  }
});
