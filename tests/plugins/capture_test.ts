import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock, systemClock } from "../../core/clock.ts";
import type { Driver, Medium, PluginContext } from "../../core/driver.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { memory } from "../../drivers/memory.ts";
import { capture, PcapngWriter, recent } from "../../plugins/capture.ts";
import { testWith } from "../needs.ts";
import { arp, echo, ethernet, ipv4, ipv6, tcp, udp } from "./frames.ts";

function context(clock: PluginContext["clock"]): PluginContext {
  return { clock, now: () => clock.now(), random: () => 4, count: () => {} };
}

/** Collects what a capture writes. */
function collector(): { pieces: Uint8Array[]; sink: (bytes: Uint8Array) => void; file: () => Uint8Array } {
  const pieces: Uint8Array[] = [];
  return {
    pieces,
    sink: (bytes) => void pieces.push(bytes.slice()),
    file: () => Uint8Array.from(pieces.flatMap((piece) => [...piece])),
  };
}

const packet = new Packet(HEADROOM + 70_000);

function send(driver: Driver, data: Uint8Array): boolean {
  packet.write(data);
  return driver.transmit(packet);
}

function take(driver: Driver): boolean {
  packet.reset();
  return driver.receive(packet);
}

/** Reads a file with tshark: one line of fields a packet. */
function tshark(file: Uint8Array, ...fields: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-"));
  try {
    const path = join(folder, "run.pcapng");
    writeFileSync(path, file);
    const checks = ["ip", "udp", "tcp"].flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);
    const result = spawnSync(
      "tshark",
      ["-r", path, ...checks, "-Tfields", ...fields.flatMap((field) => ["-e", field])],
      {
        encoding: "utf8",
      },
    );
    assertEquals(result.status, 0, result.stderr);
    assert(!/damaged|malformed|cut short/.test(result.stderr), result.stderr);
    return result.stdout.split("\n").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const BAD = ["_ws.malformed", "_ws.expert.severity"];

function rig<M extends Medium>(medium: M, options: object = {}, clock = new ManualClock()) {
  const [inner, far] = memory(medium, { mtu: 65_535, slots: 64 });
  const got = collector();
  const near = capture(got.sink, options)(inner, context(clock));
  return { clock, near, far, got };
}

testWith(["tshark"], "capture: tshark reads every frame, its time and direction", () => {
  const { clock, near, far, got } = rig("ethernet");
  const frames = [
    ethernet(0x0806, arp(1)),
    ethernet(0x0800, ipv4(17, udp(5000, 7, [1, 2, 3]))),
    ethernet(0x0800, ipv4(6, tcp({ flags: 2, options: [2, 4, 5, 180] }))),
    ethernet(0x0800, ipv4(1, echo(8))),
    ethernet(0x86dd, ipv6(17, udp(5000, 7, [1], true))),
    ethernet(0x86dd, ipv6(58, echo(128, true))),
    ethernet(0x0800, ipv4(17, udp(5000, 7, Array(1400).fill(9)))),
  ];
  for (const [i, frame] of frames.entries()) {
    clock.advanceTo(i * 1000.000123);
    if (i % 2 === 0) send(near, frame);
    else {
      send(far, frame);
      assert(take(near));
    }
    near.flush();
  }
  near.close();
  const lines = tshark(
    got.file(),
    "frame.time_epoch",
    "frame.packet_flags_direction",
    "frame.len",
    "frame.interface_name",
    ...BAD,
  );
  assertEquals(lines.length, frames.length);
  for (const [i, line] of lines.entries()) {
    const [time, direction, length, name, malformed] = line.split("\t");
    assertEquals(Number(time), Number((i * 1.000000123).toFixed(9)));
    assertEquals(Number(direction), i % 2 === 0 ? 2 : 1);
    assertEquals([Number(length), name, malformed], [frames[i]!.length, "left", ""]);
  }
  const sums = tshark(got.file(), "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status");
  for (const line of sums) assert(/^[1\t]*$/.test(line), line);
});

testWith(["tshark"], "capture: IP packets of every length, cut at the snaplen", () => {
  for (const snaplen of [64, 262_144]) {
    const { near, far, got } = rig("ip", { snaplen, name: "tun7" });
    const sizes = [0, 1, 2, 3, 4, 5, 1472, 30_000, 65_507];
    for (const size of sizes) {
      send(near, ipv4(17, udp(1, 9, Array(size).fill(1))));
      near.flush();
      take(far);
    }
    near.close();
    const lines = tshark(got.file(), "frame.len", "frame.cap_len", "frame.interface_name");
    assertEquals(lines, sizes.map((size) => `${size + 28}\t${Math.min(size + 28, snaplen)}\ttun7`));
  }
});

testWith(["tshark"], "capture: times are those of the wall clock on the host's clock, to the nanosecond", () => {
  const { near, got } = rig("ip", {}, systemClock as ManualClock);
  const before = Date.now();
  send(near, ipv4(1, echo(8)));
  near.flush();
  const [time] = tshark(got.file(), "frame.time_epoch");
  assert(Math.abs(Number(time) * 1000 - before) < 2000, `${time} is not ${before}`);
  const exact = rig("ip", { origin: 1_700_000_000_123 });
  exact.clock.advance(0.877001);
  send(exact.near, ipv4(1, echo(8)));
  exact.clock.advance(999.122999);
  send(exact.near, ipv4(1, echo(8)));
  exact.near.flush();
  assertEquals(tshark(exact.got.file(), "frame.time_epoch"), ["1700000000.123877001", "1700000001.123000000"]);
});

testWith(["tshark"], "capture: refused packets are counted in the file, not written", () => {
  const { near, got } = rig("ip");
  for (let i = 0; i < 70; i++) send(near, ipv4(1, echo(8)));
  near.close();
  assertEquals(tshark(got.file(), "frame.number").length, 64);
  const file = got.file();
  const at = file.length - 12 * 4 - 4;
  const view = new DataView(file.buffer);
  let found = -1;
  for (let i = at - 40; i < file.length - 8; i += 4) if (view.getUint32(i, true) === 0x0008_0005) found = i + 4;
  assertEquals(view.getUint32(found, true), 6);
});

testWith(["tshark"], "capture: two stacks are two interfaces of one file", () => {
  const got = collector();
  const writer = new PcapngWriter(got.sink);
  const [left, right] = memory("ip");
  const clock = new ManualClock();
  const a = capture(writer, { name: "client" })(left, context(clock));
  const b = capture(writer, { name: "server" })(right, context(clock));
  send(a, ipv4(1, echo(8)));
  a.flush();
  assert(take(b));
  b.flush();
  a.close();
  b.close();
  assertEquals(
    tshark(got.file(), "frame.interface_name", "frame.packet_flags_direction").map((line) => line.split("\t")[0]),
    [
      "client",
      "server",
    ],
  );
});

test("capture writes in batches: one piece a turn, and what does not fit into 64 KiB", () => {
  const { near, got } = rig("ip");
  near.flush();
  assertEquals(got.pieces.length, 1);
  near.flush();
  assertEquals(got.pieces.length, 1);
  for (let i = 0; i < 10; i++) send(near, ipv4(1, echo(8)));
  assertEquals(got.pieces.length, 1);
  near.flush();
  assertEquals(got.pieces.length, 2);
  for (let i = 0; i < 50; i++) send(near, new Uint8Array(2000));
  assertEquals(got.pieces.length, 3);
  near.close();
  near.close();
  assertEquals(got.pieces.length, 4);
});

test("capture: a sink that throws ends the capture, not the stack", async () => {
  let calls = 0;
  const failed = new Promise((_resolve, reject) => {
    const [inner] = memory("ip");
    const sink = (): void => {
      calls++;
      throw new Error("disk full");
    };
    const near = capture(sink, { onError: reject })(inner, context(new ManualClock()));
    assert(send(near, ipv4(1, echo(8))));
    near.flush();
    assert(send(near, ipv4(1, echo(8))));
    near.flush();
    near.close();
  });
  await assertRejects(() => failed, Error, "disk full");
  assertEquals(calls, 1);
  assertThrows(() => capture(() => {}, { snaplen: 0 }), RangeError);
});

test("recent keeps the last packets", () => {
  const clock = new ManualClock();
  const [inner, far] = memory("ip");
  const last = recent({ packets: 3, snaplen: 30 });
  const near = last.plugin(inner, context(clock));
  assertEquals(last.packets(), []);
  for (let i = 0; i < 5; i++) {
    clock.advance(1);
    send(near, ipv4(17, udp(i, 9, Array(20).fill(i))));
    if (i === 3) {
      send(far, ipv4(17, udp(99, 9, [])));
      take(near);
    }
  }
  assertEquals(last.count, 6);
  const shown = last.packets().map((
    { time, direction, length, bytes },
  ) => [time, direction, length, bytes.length, bytes[21]]);
  assertEquals(shown, [[4, "out", 48, 30, 3], [4, "in", 28, 28, 99], [5, "out", 48, 30, 4]]);
  last.clear();
  assertEquals(last.packets(), []);
});

testWith(["tshark"], "recent writes a file that tshark reads", () => {
  const clock = new ManualClock(1500);
  const [inner] = memory("ethernet");
  const last = recent();
  const near = last.plugin(inner, context(clock));
  for (let i = 0; i < 20; i++) send(near, ethernet(0x0800, ipv4(17, udp(i, 9, Array(i).fill(1)))));
  const lines = tshark(last.pcapng(), "udp.srcport", "frame.time_epoch", "udp.checksum.status", "_ws.malformed");
  assertEquals(lines, Array.from({ length: 20 }, (_, i) => `${i}\t1.500000000\t1\t`));
});
