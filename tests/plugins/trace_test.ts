import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { readPcap } from "../../core/capture/pcap_reader.ts";
import { ManualClock } from "../../core/clock.ts";
import type { Driver, PluginContext } from "../../core/driver.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { memory } from "../../drivers/memory.ts";
import { describePacket, Flows, trace, type TraceOptions } from "../../plugins/trace.ts";
import { testWith } from "../needs.ts";
import { arp, echo, ethernet, ipv4, ipv6, tcp, udp } from "./frames.ts";

function text(frame: Uint8Array): string {
  return describePacket(frame, "ethernet");
}

const SYN_OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];

test("trace describes every protocol of the stack", () => {
  const cases: [Uint8Array, string][] = [
    [ethernet(0x0806, arp(1)), "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28"],
    [ethernet(0x0806, [...arp(2), ...Array(18).fill(0)]), "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28"],
    [ethernet(0x0800, ipv4(17, udp(5000, 7, [1, 2]))), "IP 10.0.0.1.5000 > 10.0.0.2.7: UDP, length 2"],
    [ethernet(0x0800, ipv4(1, echo(8))), "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 12"],
    [ethernet(0x0800, ipv4(1, echo(0)), 5), "vlan 5, IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 7, seq 1, length 12"],
    [
      ethernet(0x0800, ipv4(1, [3, 3, 0, 0, 0, 0, 0, 0, ...ipv4(17, udp(1, 2, []))])),
      "IP 10.0.0.1 > 10.0.0.2: ICMP port unreachable (10.0.0.1.1 > 10.0.0.2.2), length 36",
    ],
    [ethernet(0x0800, ipv4(47, [0, 0, 8, 0])), "IP 10.0.0.1 > 10.0.0.2: ip-proto-47, length 4"],
    [
      ethernet(0x0800, ipv4(6, tcp({ flags: 2, options: SYN_OPTIONS }))),
      "IP 10.0.0.1.53124 > 10.0.0.2.80: Flags [S], seq 123, win 65535, " +
      "options [mss 1460,sackOK,TS val 9 ecr 0,nop,wscale 7], length 0",
    ],
    [
      ethernet(0x0800, ipv4(6, tcp({ flags: 0x18, ack: 456, payload: [1, 2, 3] }))),
      "IP 10.0.0.1.53124 > 10.0.0.2.80: Flags [P.], seq 123:126, ack 456, win 65535, length 3",
    ],
    [
      ethernet(0x0800, ipv4(6, tcp({ flags: 0x10, ack: 4, options: [1, 1, 5, 10, 0, 0, 0, 5, 0, 0, 0, 9] }))),
      "IP 10.0.0.1.53124 > 10.0.0.2.80: Flags [.], ack 4, win 65535, options [nop,nop,sack 1 {5:9}], length 0",
    ],
    [
      ethernet(0x0800, ipv4(6, tcp({ flags: 0x04, options: [2, 40, 1, 1] }))),
      "IP 10.0.0.1.53124 > 10.0.0.2.80: Flags [R], seq 123, win 65535, options [[bad opt]], length 0",
    ],
    [ethernet(0x0800, ipv4(17, Array(8).fill(0), 0x20b9)), "IP 10.0.0.1 > 10.0.0.2: ip-proto-17 (frag 4660:8@1480+)"],
    [ethernet(0x86dd, ipv6(17, udp(1, 2, [], true))), "IP6 fd00::1.1 > fd00::2.2: UDP, length 0"],
    [ethernet(0x86dd, ipv6(58, echo(128, true))), "IP6 fd00::1 > fd00::2: ICMP6, echo request, id 7, seq 1, length 12"],
    [
      ethernet(0x86dd, ipv6(0, [58, 0, 1, 4, 0, 0, 0, 0, ...echo(129, true)])),
      "IP6 fd00::1 > fd00::2: ICMP6, echo reply, id 7, seq 1, length 12",
    ],
    [
      ethernet(0x86dd, ipv6(44, [17, 0, 0, 1, 0, 0, 0, 9, ...udp(1, 2, [], true)])),
      "IP6 fd00::1.1 > fd00::2.2: UDP, length 0 (frag 9:8@0+)",
    ],
    [ethernet(0x88cc, [1, 2, 3]), "ethertype 0x88cc, length 3"],
    [Uint8Array.from([1, 2]), "frame [truncated]"],
  ];
  for (const [frame, expected] of cases) assertEquals(text(frame), expected);
  assertEquals(
    describePacket(ipv4(1, echo(8)), "ip"),
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 12",
  );
  assertEquals(describePacket(new Uint8Array(0), "ip"), "IP [truncated]");
});

test("trace says where a packet is cut", () => {
  const frame = ethernet(0x0800, ipv4(6, tcp({ flags: 2, options: SYN_OPTIONS })));
  for (let length = 0; length < frame.length; length++) assert(text(frame.subarray(0, length)).endsWith("[truncated]"));
  assert(!text(frame).endsWith("[truncated]"));
  assert(!text(Uint8Array.from([...frame, 0, 0, 0])).includes("trunc"), "padding is no payload");
});

test("trace counts sequence numbers from their connection's first", () => {
  const flows = new Flows();
  const lines = [
    tcp({ flags: 2, seq: 0xfffffff0 }),
    tcp({ flags: 0x10, seq: 0xfffffff1, ack: 9 }),
    tcp({ flags: 0x18, seq: 0xfffffff1, ack: 9, payload: Array(32).fill(1) }),
    tcp({ flags: 0x11, seq: 17, ack: 9 }),
  ].map((segment) => describePacket(ipv4(6, segment), "ip", flows).replace(/^.*Flags/, ""));
  assertEquals(lines, [
    " [S], seq 4294967280, win 65535, length 0",
    " [.], ack 9, win 65535, length 0",
    " [P.], seq 1:33, ack 9, win 65535, length 32",
    " [F.], seq 33, ack 9, win 65535, length 0",
  ]);
  for (let i = 0; i < 3000; i++) {
    describePacket(ipv4(6, tcp({ flags: 2, seq: i, source: i })), "ip", flows);
  }
  assert(
    describePacket(ipv4(6, tcp({ flags: 1, seq: 18 })), "ip", flows).includes("seq 18,"),
    "the oldest is forgotten",
  );
});

test("trace prints time, direction, label and drops", () => {
  const clock = new ManualClock(3_723_000.5);
  const context: PluginContext = { clock, now: () => clock.now(), random: () => 4, count: () => {} };
  const packet = new Packet(HEADROOM + 1518);
  const lines: string[] = [];
  const rig = (options: TraceOptions): [Driver, Driver] => {
    const [left, right] = memory("ip", { slots: 1 });
    return [trace((line) => lines.push(line), options)(left, context), right];
  };
  const [near, far] = rig({ label: "b1" });
  packet.write(ipv4(17, udp(1, 2, [])));
  far.transmit(packet);
  packet.reset();
  assert(near.receive(packet));
  assert(near.transmit(packet));
  assert(!near.transmit(packet));
  assertEquals(lines, [
    "01:02:03.000500 b1 In  IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0",
    "01:02:03.000500 b1 Out IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0",
    "01:02:03.000500 b1 Out IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0 [dropped]",
  ]);
  lines.length = 0;
  const [quiet] = rig({ filter: (bytes, direction) => direction === "in" && bytes.length > 0 });
  quiet.transmit(packet);
  assertEquals(lines, []);
  const [day] = rig({ origin: 1_700_000_000_999 });
  clock.advanceTo(3_723_001);
  day.transmit(packet);
  assertEquals(lines[0]!.slice(0, 16), "23:15:24.000000 ");
});

test("trace is total: no bytes make it throw", () => {
  const random = seededRandom(11);
  const seeds = [
    ethernet(0x0806, arp(1)),
    ethernet(0x0800, ipv4(6, tcp({ flags: 2, options: SYN_OPTIONS }))),
    ethernet(0x0800, ipv4(1, [3, 3, 0, 0, 0, 0, 0, 0, ...ipv4(17, udp(1, 2, []))]), 7),
    ethernet(0x86dd, ipv6(0, [44, 0, 1, 4, 0, 0, 0, 0, 58, 0, 0, 1, 0, 0, 0, 9, ...echo(129, true)])),
    ethernet(0x86dd, ipv6(58, [135, 0, 0, 0, 0, 0, 0, 0, 1, 2])),
  ];
  const flows = new Flows();
  for (let i = 0; i < 40_000; i++) {
    let frame = seeds[i % seeds.length]!.slice();
    if (i % 3 === 0) frame = frame.subarray(0, (random() >>> 0) % (frame.length + 1)) as typeof frame;
    for (let flips = i % 5; flips > 0 && frame.length > 0; flips--) frame[(random() >>> 0) % frame.length] = random();
    if (i % 7 === 0) { for (let k = 0; k < frame.length; k++) frame[k] = random(); }
    const line = describePacket(frame, i % 2 ? "ethernet" : "ip", flows);
    assert(line.length < 2000 && !line.includes("\n") && !line.includes("NaN") && !line.includes("undefined"), line);
  }
});

testWith(["tcpdump"], "trace says of a real capture what tcpdump says", () => {
  const path = fileURLToPath(new URL("../captures/http.pcap", import.meta.url));
  const result = spawnSync("tcpdump", ["-ttnnr", path], { encoding: "utf8" });
  assertEquals(result.status, 0, result.stderr);
  // What tcpdump says of HTTP is no part of it.
  const expected = result.stdout.trim().split("\n").map((line) => line.replace(/^\S+ /, "").replace(/: HTTP.*$/, ""));
  const flows = new Flows();
  const lines = readPcap(readFileSync(path)).packets.map(({ bytes }) => describePacket(bytes, "ethernet", flows));
  // Unlike tcpdump, which prints the first acknowledgement as it is, both directions are known here from their SYN.
  const same = (line: string): string => line.replace(/(\[S\.\], seq \d+, ack )\d+/, "$1?");
  assertEquals(lines.map(same), expected.map(same));
});
