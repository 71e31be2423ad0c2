import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { seededRandom } from "../../core/random.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { type Igmp, igmp } from "../../protocols/igmp.ts";
import { type Ipv4, ipv4, type Ipv4Options } from "../../protocols/ipv4.ts";
import { address, ArrayDriver, Bench, checksum, ip4, type Ipv4Fields, ipv4Packet, u16 } from "../protocols/harness.ts";

const GROUP = "239.1.2.3";
const OTHER = "239.1.2.4";
const ALERT = [148, 4, 0, 0];

type Igmps = Bench<"ip", { ipv4: Ipv4; igmp: Igmp }>;

function bench(options: Ipv4Options = { address: "10.0.0.2/24" }, mtu = 1500): Igmps {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ip", mtu);
  const net = stack({ driver, clock, random: seededRandom(5), protocols: [ipv4(options), igmp()] });
  return new Bench(clock, driver, net as unknown as Stack<{ ipv4: Ipv4; igmp: Igmp }>);
}

/** A stack in a group, whose first reports are over. */
function joined(...groups: string[]): Igmps {
  const one = bench();
  for (const group of groups) one.net.ipv4.join(address(group));
  one.pass(3000);
  return one;
}

function message(bytes: number[], fields: Ipv4Fields = {}): Uint8Array {
  bytes.splice(2, 2, ...u16(checksum(bytes)));
  return ipv4Packet(bytes, { protocol: 2, ttl: 1, destination: "224.0.0.1", options: ALERT, ...fields });
}

function query3(
  group: string,
  { code = 100, qrv = 2, qqic = 125, sources = [], ...fields }: Ipv4Fields & {
    code?: number;
    qrv?: number;
    qqic?: number;
    sources?: string[];
  } = {},
): Uint8Array {
  const bytes = [0x11, code, 0, 0, ...ip4(group), qrv, qqic, ...u16(sources.length), ...sources.flatMap(ip4)];
  return message(bytes, { destination: group === "0.0.0.0" ? "224.0.0.1" : group, ...fields });
}

function query2(group: string, code = 100, fields: Ipv4Fields = {}): Uint8Array {
  return message([0x11, code, 0, 0, ...ip4(group)], {
    destination: group === "0.0.0.0" ? "224.0.0.1" : group,
    ...fields,
  });
}

/** What was sent, each as `[destination, type, group or records]`; throws where a rule for all messages is broken. */
function said(packets: readonly Uint8Array[]): [string, number, string][] {
  return packets.map((packet) => {
    // RFC 3376, 4: TTL 1, internetwork control, a Router Alert; and every checksum holds.
    assertEquals([packet[0], packet[1], packet[8], packet[9]], [0x46, 0xc0, 1, 2]);
    assertEquals([...packet.subarray(20, 24)], ALERT);
    const bytes = packet.subarray(24);
    assertEquals([checksum(packet.subarray(0, 24)), checksum(bytes)], [0, 0]);
    const dotted = (at: number): string => [...bytes.subarray(at, at + 4)].join(".");
    let text = dotted(4);
    if (bytes[0] === 0x22) {
      const records: string[] = [];
      let at = 8;
      for (let i = 0; i < bytes[6]! * 256 + bytes[7]!; i++) {
        const sources = bytes[at + 2]! * 256 + bytes[at + 3]!;
        const list = Array.from({ length: sources }, (_, j) => dotted(at + 8 + 4 * j));
        records.push([bytes[at], dotted(at + 4), ...list].join(" "));
        at += 8 + 4 * sources;
      }
      assertEquals(at, bytes.length);
      text = records.join(", ");
    } else assertEquals(bytes.length, 8);
    return [[...packet.subarray(16, 20)].join("."), bytes[0]!, text];
  });
}

test("a group that is joined is reported twice, and when it is left twice (RFC 3376, 5.1)", () => {
  const one = bench();
  one.net.ipv4.join(address(GROUP));
  one.net.ipv4.join(address(GROUP));
  assertEquals(said(one.turn()), [["224.0.0.22", 0x22, `4 ${GROUP}`]]);
  assertEquals(said(one.pass(1050)), [["224.0.0.22", 0x22, `4 ${GROUP}`]]);
  assertEquals(said(one.pass(60_000)), []);
  one.net.ipv4.leave(address(GROUP));
  assertEquals(one.turn(), []);
  one.net.ipv4.leave(address(GROUP));
  assertEquals(said(one.turn()), [["224.0.0.22", 0x22, `3 ${GROUP}`]]);
  assertEquals(said(one.pass(60_000)), [["224.0.0.22", 0x22, `3 ${GROUP}`]]);
  assertEquals([one.net.packetsTaken, one.counter("igmp", "reports")], [0, 4]);
});

test("what changes in one turn goes into one report; what changes back is told instead", () => {
  const one = bench();
  one.net.ipv4.join(address(GROUP));
  one.net.ipv4.join(address(OTHER));
  one.net.ipv4.leave(address(GROUP));
  assertEquals(said(one.turn()), [["224.0.0.22", 0x22, `4 ${OTHER}, 3 ${GROUP}`]]);
});

test("the group of all hosts is never reported (RFC 3376, 5)", () => {
  const one = bench();
  one.net.ipv4.join(address("224.0.0.1"));
  one.put(query3("0.0.0.0"));
  assertEquals(one.pass(20_000), []);
});

test("a host without an address reports from 0.0.0.0 (RFC 3376, 4.2.13)", () => {
  const one = bench({});
  one.net.ipv4.join(address(GROUP));
  const [packet] = one.turn();
  assertEquals([...packet!.subarray(12, 20)], [...ip4("0.0.0.0"), ...ip4("224.0.0.22")]);
});

test("a general query is answered once for all groups, within its time (RFC 3376, 5.2)", () => {
  const times = new Set<number>();
  const one = joined(GROUP, OTHER);
  for (let i = 0; i < 8; i++) {
    one.put(query3("0.0.0.0", { code: 20 }));
    for (let ms = 0; ms < 2100; ms += 50) {
      for (const sent of said(one.pass(50))) {
        assertEquals(sent, ["224.0.0.22", 0x22, `2 ${GROUP}, 2 ${OTHER}`]);
        times.add(ms);
      }
    }
    assertEquals(one.counter("igmp", "reports"), 2 + i + 1);
  }
  assert(times.size > 3, "the delays are random");
});

test("a long response time is a floating-point number (RFC 3376, 4.1.1)", () => {
  // 0x8f: (0x1f << 3) tenths = 24.8 s.
  const one = joined(GROUP);
  let latest = 0;
  for (let i = 0; i < 20; i++) {
    one.put(query3("0.0.0.0", { code: 0x8f }));
    for (let ms = 0; ms < 25_000; ms += 100) if (one.pass(100, 100).length > 0) latest = Math.max(latest, ms);
  }
  assert(latest > 14_300 && latest <= 24_800, `${latest}`);
  assertEquals(one.counter("igmp", "reports"), 2 + 20);
});

test("a query for a group is answered for it alone, one for sources with the sources", () => {
  const one = joined(GROUP, OTHER);
  one.put(query3(GROUP, { code: 10 }));
  assertEquals(said(one.pass(1050)), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
  one.put(query3(GROUP, { code: 10, sources: ["10.0.0.7"] }), query3(GROUP, { code: 10, sources: ["10.0.0.8"] }));
  assertEquals(said(one.pass(1050)), [["224.0.0.22", 0x22, `1 ${GROUP} 10.0.0.7 10.0.0.8`]]);
  one.put(query3(GROUP, { code: 10, sources: ["10.0.0.7"] }), query3(GROUP, { code: 10 }));
  assertEquals(said(one.pass(1050)), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
  // More than is worth remembering: of all of them (RFC 3376, 9.1).
  const many = Array.from({ length: 65 }, (_, i) => `10.0.1.${i}`);
  one.put(query3(GROUP, { code: 10, sources: many }));
  assertEquals(said(one.pass(1050)), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
  one.put(query3("239.9.9.9", { code: 10, destination: "224.0.0.1" }));
  assertEquals(one.pass(2000), []);
});

test("an answer for everything that comes sooner is enough (RFC 3376, 5.2, rule 1)", () => {
  const one = joined(GROUP);
  const sent = one.put(query3("0.0.0.0", { code: 1 }), query3(GROUP, { code: 127 }));
  assertEquals(said([...sent, ...one.pass(20_000)]), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
});

test("a change is told as often as the router says (QRV)", () => {
  const one = joined(GROUP);
  one.put(query3("0.0.0.0", { code: 0, qrv: 4 }));
  one.pass(100);
  one.net.ipv4.join(address(OTHER));
  assertEquals(said(one.pass(5000)), Array(4).fill(["224.0.0.22", 0x22, `4 ${OTHER}`]));
});

test("reports are cut to the MTU", () => {
  // 24 bytes of header, 8 of the report: four records of 8 fit into 68.
  const one = bench(undefined, 68);
  for (let i = 1; i <= 6; i++) one.net.ipv4.join(address(`239.0.0.${i}`));
  assertEquals(said(one.turn()).map(([, , records]) => records.split(", ").length), [4, 2]);
});

test("queries that no router of the link sent are not answered (RFC 3376, 7.1 and 9.1)", () => {
  const one = joined(GROUP);
  one.put(
    query3("0.0.0.0", { options: [] }),
    query2("0.0.0.0", 100, { options: [] }),
    query3("0.0.0.0", { destination: GROUP }),
    query3("10.0.0.2", { destination: "224.0.0.1" }),
    message([0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125]),
    message([0x11, 1, 0, 0, ...ip4(GROUP), 2, 125, 0, 2, ...ip4("10.0.0.7")]),
  );
  assertEquals([one.counter("igmp", "badQueries"), one.counter("igmp", "queries")], [6, 0]);
  const broken = query3("0.0.0.0");
  broken[26]! ^= 1;
  one.put(broken, ipv4Packet([0x11, 0, 0], { protocol: 2, destination: "224.0.0.1" }));
  assertEquals(one.counter("igmp", "malformed"), 2);
  assertEquals(one.pass(20_000), []);
  assertEquals(one.net.igmp.version, 3);
});

test("where a router speaks version 2, so do we: reports to the group, a leave (RFC 3376, 7.2.1; RFC 2236, 3)", () => {
  const one = joined(GROUP, OTHER);
  one.put(query2("0.0.0.0"));
  assertEquals(one.net.igmp.version, 2);
  const answers = said(one.pass(10_050));
  assertEquals(answers.sort(), [[GROUP, 0x16, GROUP], [OTHER, 0x16, OTHER]]);
  one.put(query2(GROUP, 10));
  assertEquals(said(one.pass(1050)), [[GROUP, 0x16, GROUP]]);
  one.net.ipv4.leave(address(GROUP));
  assertEquals(said(one.pass(20_000)), [["224.0.0.2", 0x17, GROUP]]);
  one.net.ipv4.join(address(GROUP));
  assertEquals(said(one.turn()), [[GROUP, 0x16, GROUP]]);
  assertEquals(said(one.pass(10_050)), [[GROUP, 0x16, GROUP]]);
});

test("in version 2 another host's report is enough, and it is that host that leaves (RFC 2236, 3)", () => {
  const one = joined(GROUP);
  one.put(query2("0.0.0.0"));
  one.put(message([0x16, 0, 0, 0, ...ip4(GROUP)], { destination: GROUP }));
  assertEquals(one.pass(20_000), []);
  assertEquals(one.counter("igmp", "suppressed"), 1);
  one.net.ipv4.leave(address(GROUP));
  assertEquals(one.pass(20_000), []);
});

test("in version 3 nobody answers for others (RFC 3376, 5.2)", () => {
  const one = joined(GROUP);
  one.put(query3("0.0.0.0"), message([0x16, 0, 0, 0, ...ip4(GROUP)], { destination: GROUP }));
  assertEquals(said(one.pass(20_000)), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
});

test("version 1: reports of its type, within ten seconds, and no leave (RFC 2236, 4)", () => {
  const one = joined(GROUP);
  one.put(query2("0.0.0.0", 0, { options: [] }));
  assertEquals(one.net.igmp.version, 1);
  assertEquals(said(one.pass(10_050)), [[GROUP, 0x12, GROUP]]);
  one.net.ipv4.leave(address(GROUP));
  assertEquals(one.pass(20_000), []);
});

test("after 260 seconds without its queries an older version is over (RFC 3376, 7.2.1 and 8.12)", () => {
  const one = joined(GROUP);
  one.put(query2("0.0.0.0", 0), query2("0.0.0.0"));
  assertEquals(one.net.igmp.version, 1);
  one.pass(130_000, 1000);
  one.put(query2("0.0.0.0"));
  one.pass(130_000, 1000);
  assertEquals(one.net.igmp.version, 2);
  one.pass(129_000, 1000);
  assertEquals(one.net.igmp.version, 2);
  one.pass(1000);
  assertEquals(one.net.igmp.version, 3);
  one.put(query3("0.0.0.0"));
  assertEquals(said(one.pass(20_000)), [["224.0.0.22", 0x22, `2 ${GROUP}`]]);
});

test("another version ends what is pending (RFC 3376, 7.2.1)", () => {
  const one = bench();
  one.net.ipv4.join(address(GROUP));
  one.turn();
  one.put(query3("0.0.0.0", { code: 127 }), query2("0.0.0.0", 1));
  assertEquals(said(one.pass(20_000)), [[GROUP, 0x16, GROUP]]);
});

test("options are checked, and a stack that closes holds nothing", () => {
  assertThrows(() => igmp({ longestDelay: 0 }), RangeError, "longestDelay");
  const one = joined(GROUP);
  one.put(query3("0.0.0.0"));
  one.net.close();
  assertEquals(one.net.packetsTaken, 0);
});

test("cut and mutated messages are read without harm", () => {
  const one = joined(GROUP, OTHER);
  const random = seededRandom(3);
  const seeds = [
    query3("0.0.0.0"),
    query3(GROUP, { sources: ["10.0.0.7", "10.0.0.8"] }),
    query2(GROUP),
    message([0x16, 0, 0, 0, ...ip4(GROUP)], { destination: GROUP }),
  ].map((packet) => [...packet.subarray(24)]);
  for (let i = 0; i < 20_000; i++) {
    const bytes = seeds[i % seeds.length]!.slice(0, 1 + (random() >>> 0) % 24);
    for (let n = i % 3; n > 0; n--) bytes[(random() >>> 0) % bytes.length] = random() & 255;
    if (bytes.length >= 8) bytes.fill(0, 2, 4);
    one.put(bytes.length >= 8 ? message(bytes) : ipv4Packet(bytes, { protocol: 2, destination: "224.0.0.1" }));
    if (i % 100 === 0) one.pass(500, 500);
  }
  one.pass(700_000, 1000);
  for (const name of ["malformed", "queries", "badQueries", "reports"]) assert(one.counter("igmp", name) > 0, name);
  assertEquals([one.counter("loop", "faults"), one.net.packetsTaken], [0, 0]);
});
