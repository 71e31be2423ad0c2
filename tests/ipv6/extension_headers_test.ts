import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ipv6 } from "../../protocols/ipv6.ts";
import { icmp6, icmp6Packet, ipBench, ipv6Packet, OURS, parse6, PEER, udp6 } from "./harness.ts";

const DATAGRAM = udp6(5, 9, [1, 2, 3]);
const PADDING = [1, 4, 0, 0, 0, 0];

/** An extension header of eight bytes, or more with larger contents. */
function header(next: number, contents: number[]): number[] {
  return [next, (contents.length + 2) / 8 - 1, ...contents];
}

/** How a packet fares: delivered, dropped in silence, or the code and pointer of a Parameter Problem. */
function fate(payload: number[], next: number, destination = OURS): "delivered" | "silence" | [number, number] {
  const bench = ipBench();
  let got = 0;
  const socket = bench.net.udp.bind({ port: 9 }, () => got++);
  if (destination !== OURS) socket.join(destination);
  const sent = bench.put(ipv6Packet(payload, { next, destination }));
  assertEquals(bench.net.packetsTaken, 0);
  if (sent.length === 0) return got > 0 ? "delivered" : "silence";
  const { type, code, word, destination: to, body } = parse6(sent[0]!);
  assertEquals([sent.length, got, type, to], [1, 0, 4, PEER]);
  assertEquals([...body], [...ipv6Packet(payload, { next, destination })]);
  return [code, word];
}

const GROUP = "ff02::77";
const toGroup = udp6(5, 9, [1, 2, 3], { destination: GROUP });

// RFC 8200: 4.1 order, 4.2 options, 4.3 hop-by-hop, 4.4 routing, 4.6 destination, 4.7 none.
const MATRIX: [string, number[], number, ReturnType<typeof fate>, string?][] = [
  ["no extension", DATAGRAM, 17, "delivered"],
  ["hop-by-hop padding", [...header(17, PADDING), ...DATAGRAM], 0, "delivered"],
  ["hop-by-hop Pad1s", [...header(17, [0, 0, 0, 0, 0, 0]), ...DATAGRAM], 0, "delivered"],
  ["a router alert", [...header(17, [5, 2, 0, 0, 1, 0]), ...DATAGRAM], 0, "delivered"],
  ["destination options", [...header(17, PADDING), ...DATAGRAM], 60, "delivered"],
  [
    "every kind in the order of 4.1",
    [
      ...[...header(60, PADDING), ...header(43, PADDING), ...header(60, [0, 0, 0, 0, 0, 0]), ...header(17, PADDING)],
      ...DATAGRAM,
    ],
    0,
    "delivered",
  ],
  ["the same kind twice", [...header(60, PADDING), ...header(17, PADDING), ...DATAGRAM], 60, "delivered"],
  ["hop-by-hop behind another", [...header(0, PADDING), ...header(17, PADDING), ...DATAGRAM], 60, [1, 40]],
  ["routing with no segments left", [...header(17, [0, 0, 0, 0, 0, 0]), ...DATAGRAM], 43, "delivered"],
  ["routing of type 0 with segments left (RFC 5095)", [...header(17, [0, 1, 0, 0, 0, 0]), ...DATAGRAM], 43, [0, 42]],
  ["routing of an unknown type with segments left", [...header(17, [99, 2, 0, 0, 0, 0]), ...DATAGRAM], 43, [0, 42]],
  ["option 00: skip", [...header(17, [0x1e, 4, 9, 9, 9, 9]), ...DATAGRAM], 60, "delivered"],
  ["option 01: discard", [...header(17, [0x5e, 4, 9, 9, 9, 9]), ...DATAGRAM], 60, "silence"],
  ["option 10: tell", [...header(17, [0x9e, 4, 9, 9, 9, 9]), ...DATAGRAM], 60, [2, 42]],
  ["option 11: tell a unicast sender", [...header(17, [0xde, 4, 9, 9, 9, 9]), ...DATAGRAM], 60, [2, 42]],
  ["option 10 in hop-by-hop behind padding", [...header(17, [1, 0, 0x9e, 2, 9, 9]), ...DATAGRAM], 0, [2, 44]],
  ["the jumbo option (RFC 2675)", [...header(17, [0xc2, 4, 0, 1, 0, 0]), ...DATAGRAM], 0, [2, 42]],
  ["option 00 to a group", [...header(17, [0x1e, 4, 9, 9, 9, 9]), ...toGroup], 60, "delivered", GROUP],
  ["option 01 to a group", [...header(17, [0x5e, 4, 9, 9, 9, 9]), ...toGroup], 60, "silence", GROUP],
  ["option 10 to a group: told", [...header(17, [0x9e, 4, 9, 9, 9, 9]), ...toGroup], 60, [2, 42], GROUP],
  ["option 11 to a group: silence", [...header(17, [0xde, 4, 9, 9, 9, 9]), ...toGroup], 60, "silence", GROUP],
  ["an option longer than its header", [...header(17, [0x1e, 5, 9, 9, 9, 9]), ...DATAGRAM], 60, [0, 42]],
  ["a header longer than its packet", [17, 9, ...PADDING, ...DATAGRAM], 60, "silence"],
  ["half a header", [17], 60, "silence"],
  ["no next header", [1, 2, 3], 59, "silence"],
  ["no next header behind options", [...header(59, PADDING), 1, 2, 3], 60, "silence"],
  ["an unknown protocol", [1, 2, 3, 4, 5, 6, 7, 8], 253, [1, 6]],
  ["an unknown protocol behind options", [...header(253, PADDING), 1, 2, 3, 4], 60, [1, 40]],
  ["an unknown protocol to a group: silence", [1, 2, 3, 4], 253, "silence", GROUP],
  [
    "too many headers (RFC 8504, 5.3)",
    [
      ...Array.from({ length: 20 }, () => header(60, PADDING)).flat(),
      ...header(17, PADDING),
      ...DATAGRAM,
    ],
    60,
    "silence",
  ],
  [
    "too many options (RFC 8504, 5.3)",
    [
      ...header(17, [...Array.from({ length: 67 }, () => [0x1e, 0]).flat()]),
      ...DATAGRAM,
    ],
    60,
    "silence",
  ],
];

for (const [what, payload, next, expected, destination] of MATRIX) {
  test(`extension headers: ${what}: ${typeof expected === "string" ? expected : `problem ${expected}`}`, () => {
    assertEquals(fate(payload, next, destination), expected);
  });
}

test("packets that are too short, too long for their frame, or of another version are counted", () => {
  const bench = ipBench();
  bench.net.udp.bind({ port: 9 }, () => {});
  const sent = bench.put(
    ipv6Packet(DATAGRAM).subarray(0, 39),
    ipv6Packet(DATAGRAM, { length: DATAGRAM.length + 1 }),
    ipv6Packet(DATAGRAM, { length: 0, next: 0 }),
  );
  assertEquals(sent, []);
  const { ipv6, udp } = bench.net.counters();
  assertEquals([ipv6!.malformed, ipv6!.badLength, ipv6!.badHeaders, udp!.delivered], [1, 1, 1, 0]);
});

test("padding behind a packet is no part of it", () => {
  const bench = ipBench();
  let got = 0;
  bench.net.udp.bind({ port: 9 }, (data) => got = data.length);
  bench.put(Uint8Array.from([...ipv6Packet(DATAGRAM), 0, 0, 0, 0]));
  assertEquals(got, 3);
});

const MARTIANS: [string, string, string][] = [
  ["from a group", "ff02::9", OURS],
  ["from nobody", "::", OURS],
  ["from the loopback address", "::1", OURS],
  ["from an IPv4-mapped address", "::ffff:10.0.0.1", OURS],
  ["from ourselves", OURS, OURS],
  ["to the loopback address", PEER, "::1"],
];
for (const [what, source, destination] of MARTIANS) {
  test(`a packet ${what} is a martian`, () => {
    const bench = ipBench();
    bench.net.udp.bind({ port: 9 }, () => {});
    assertEquals(bench.put(ipv6Packet(udp6(5, 9, [1], { source, destination }), { source, destination })), []);
    const { ipv6, udp } = bench.net.counters();
    assertEquals([ipv6!.martians, udp!.delivered], [1, 0]);
  });
}

test("packets for others, for groups not joined and for groups of reserved scope are foreign", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  socket.join("ff01::77");
  for (const destination of ["fd00::3", "ff02::99", "ff00::77", "ff01::77"]) {
    assertEquals(bench.put(ipv6Packet(udp6(5, 9, [1], { destination }), { destination })), []);
  }
  assertEquals(bench.counter("ipv6", "foreign"), 4);
});

test("ICMPv6 behind extension headers is read", () => {
  const bench = ipBench();
  const echo = icmp6(128, 0, [0, 1, 0, 2, 9]);
  const [reply] = bench.put(ipv6Packet([...header(58, PADDING), ...echo], { next: 60 }));
  assertEquals(parse6(reply!).type, 129);
});

test("UDP without a checksum is dropped over IPv6 (RFC 8200, 8.1)", () => {
  const bench = ipBench();
  bench.net.udp.bind({ port: 9 }, () => {});
  const datagram = [...DATAGRAM];
  datagram.splice(6, 2, 0, 0);
  assertEquals(bench.put(ipv6Packet(datagram)), []);
  assertEquals(bench.counter("udp", "badChecksum"), 1);
});

test("ipv6 refuses options that do not fit, and links with too small an MTU", () => {
  assertThrows(() => ipv6({ address: "fd00::2" }), SyntaxError, "with its prefix");
  assertThrows(() => ipv6({ adress: "fd00::2/64" } as never), TypeError, 'there is no option "adress"');
  assertThrows(() => ipv6({ hopLimit: 0 }), RangeError, "hopLimit");
  assertThrows(() => ipv6({ gateway: "10.0.0.1/8" }), RangeError, "gateway");
  assertThrows(() => ipBench({}, { mtu: 1279 }), RangeError, "at least 1280");
});

test("an address of the link is always there, made of the secret (RFC 7217)", () => {
  const one = ipBench({ secret: "a secret" }).net.ipv6.addresses[0]!.address;
  const two = ipBench({ secret: "a secret" }).net.ipv6.addresses[0]!.address;
  const other = ipBench({ secret: "another" }).net.ipv6.addresses[0]!.address;
  assertEquals(`${one}`.slice(0, 6), "fe80::");
  assertEquals([one.equals(two), one.equals(other)], [true, false]);
});

test("icmp echo: traffic class kept, hop limit ours, flow labelled", () => {
  const bench = ipBench({ address: "fd00::2/64", hopLimit: 77 });
  const [reply] = bench.put(icmp6Packet(128, 0, [0, 1, 0, 2], { trafficClass: 0xb8 }));
  const word = new DataView(reply!.buffer).getUint32(0);
  assertEquals([word >>> 20 & 255, reply![7]], [0xb8, 77]);
  assertEquals((word & 0xfffff) !== 0, true);
});
