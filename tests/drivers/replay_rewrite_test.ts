// Recorded packets with other addresses, segments that a card would cut, and golden recordings.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { readRecording, replay, type ReplayDriver, type ReplayOptions } from "../../drivers/replay.ts";
import { compareGolden, packetFields } from "../../testing/mod.ts";
import { arp, ethernet, ipv4, ipv6, tcp, udp } from "../plugins/frames.ts";
import { pcap } from "./pcap.ts";

const packet = new Packet(HEADROOM + 8000);

function drain(driver: ReplayDriver): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (packet.reset(); driver.receive(packet); packet.reset()) frames.push(packet.view().slice());
  return frames;
}

function feed(frames: Uint8Array[], options: ReplayOptions): Uint8Array[] {
  const source = readRecording(pcap(frames.map((frame, i) => [i, frame])));
  return drain(replay("ethernet", source, { pace: "fast", ...options }));
}

const rewrite = {
  "10.0.0.1": "192.168.7.9",
  "10.0.0.2": "192.168.7.1",
  "fd00::1": "2001:db8::7",
  "02:00:00:00:00:01": "02:00:00:00:00:77",
};

test("replay gives packets other addresses, and fixes what covers them", () => {
  const icmpError = [3, 3, 0, 0, 0, 0, 0, 0, ...ipv4(17, udp(1, 2, [9]))];
  const sum = (bytes: number[]): number => {
    let total = 0;
    for (let i = 0; i < bytes.length; i += 2) total += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
    while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
  };
  const checksum = sum(icmpError);
  icmpError[2] = checksum >> 8;
  icmpError[3] = checksum & 255;
  const frames = [
    ethernet(0x0800, ipv4(17, udp(1, 2, [1, 2, 3]))),
    ethernet(0x0800, ipv4(6, tcp({ source: 1, destination: 2, flags: 2, payload: [7] }))),
    ethernet(0x86dd, ipv6(17, udp(3, 4, [5], true))),
    ethernet(0x0806, arp(1)),
    ethernet(0x0800, ipv4(1, icmpError)),
  ];
  const before = frames.map((frame) => frame.slice());
  const fed = feed(frames, { rewrite });
  assertEquals(frames, before, "the recording stays as it was");
  fed.forEach((frame, i) => {
    const [was, is] = [packetFields(before[i]!, "ethernet"), packetFields(frame, "ethernet")];
    for (const [name, value] of was) {
      const key = String(value);
      const wanted = key in rewrite ? rewrite[key as keyof typeof rewrite] : value;
      if (name !== "data") assertEquals(is.get(name), wanted, `${name} of packet ${i + 1}`);
    }
  });
  const quoted = packetFields(fed[4]!.subarray(14 + 20 + 8), "ip");
  assertEquals([quoted.get("ip.src"), quoted.get("ip.checksum.status")], ["192.168.7.9", 1]);
});

test("replay leaves a wrong checksum wrong, and none none, when it rewrites", () => {
  const wrong = ethernet(0x0800, ipv4(17, udp(1, 2, [1])));
  wrong[14 + 20 + 7]! ^= 1;
  const none = ethernet(0x0800, ipv4(17, udp(1, 2, [1])));
  none.fill(0, 14 + 20 + 6, 14 + 20 + 8);
  const status = feed([wrong, none], { rewrite }).map((frame) =>
    packetFields(frame, "ethernet").get("udp.checksum.status")
  );
  assertEquals(status, [0, 3]);
  assertThrows(() => feed([], { rewrite: { "10.0.0.1": "fd00::1" } }), TypeError, "one is IPv4, the other IPv6");
  assertThrows(() => feed([], { rewrite: { "10.0.0.1": "there" } }), SyntaxError);
});

test("replay chooses by the recorded addresses, whatever they become", () => {
  const frame = ethernet(0x0800, ipv4(17, udp(1, 2, [1])));
  assertEquals(feed([frame], { rewrite, from: ["10.0.0.1"] }).length, 1);
  assertEquals(feed([frame], { rewrite, from: ["192.168.7.9"] }).length, 0);
});

test("replay cuts segments that were recorded before a card cut them", () => {
  const payload = Array.from({ length: 4000 }, (_, i) => i & 255);
  const frame = ethernet(0x0800, ipv4(6, tcp({ source: 1, destination: 2, seq: 100, flags: 0x19, payload })));
  const pieces = feed([frame], { mtu: 1500 }).map((piece) => packetFields(piece, "ethernet"));
  assertEquals(pieces.map((piece) => piece.get("tcp.checksum.status")), [1, 1, 1]);
  assertEquals(pieces.map((piece) => piece.get("ip.checksum.status")), [1, 1, 1]);
  assertEquals(pieces.map((piece) => piece.get("tcp.flags.str")), ["A", "A", "FPA"]);
  assertEquals(pieces.map((piece) => piece.get("data")).join("").length, 8000);
  assertEquals(pieces[1]!.get("tcp.seq"), 100 + Number(pieces[0]!.get("tcp.len")));
});

test("a golden recording feeds what was received, and holds what was sent", () => {
  const [query, reply] = [ipv4(17, udp(1, 2, [1])), ipv4(17, udp(2, 1, [2]))];
  const capture = readRecording(pcap([[0, query], [1, reply]], { linkType: 101 }));
  const packets = capture.packets.map((one, i) => ({ ...one, direction: i === 0 ? "in" as const : "out" as const }));
  const driver = replay("ip", { ...capture, packets }, { mode: "golden", clock: new ManualClock() });
  assertEquals(drain(driver), [query]);
  packet.write(reply);
  driver.transmit(packet);
  assertEquals(compareGolden(driver.expected, driver.sent, "ip"), null);
  packet.write(ipv4(17, udp(2, 1, [3])));
  driver.transmit(packet);
  assertEquals(compareGolden(driver.expected, driver.sent, "ip")?.message, "1 packets were recorded, and 2 sent");
  const difference = compareGolden(driver.expected, driver.sent.slice(1), "ip")!;
  assertEquals([difference.fields, difference.message], [["data"], "packet 1 differs: data is 03, not 02"]);
  assertEquals(compareGolden(driver.expected, driver.sent.slice(1), "ip", { ignore: ["data"] }), null);
  assertThrows(() => compareGolden([], [], "ip", { tolerance: 1 } as never), TypeError);
});

test("replay plays recordings of Linux's any device and of BSD's loopback to a stack of bare IP", () => {
  const bare = ipv4(17, udp(1, 2, [1]));
  for (const [linkType, header] of [[0, 4], [108, 4], [113, 16], [276, 20]] as const) {
    const frame = new Uint8Array(header + bare.length);
    frame.set(bare, header);
    const source = readRecording(pcap([[0, frame]], { linkType }));
    assertEquals(drain(replay("ip", source, { pace: "fast" })), [bare]);
  }
});

test("replay rewrites packets of any kind without throwing", () => {
  const seed = readFileSync(new URL("../captures/http.pcap", import.meta.url));
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from(seed.subarray(0, 3000));
    for (let k = 0; k < 20; k++) bytes[24 + (i * 7919 + k * 104_729) % 2900] = i * 31 + k * 17;
    const driver = replay("ethernet", readRecording(bytes), { pace: "fast", rewrite, from: ["10.0.0.1"] });
    assert(drain(driver).length >= 0);
  }
});
