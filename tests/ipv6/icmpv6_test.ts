import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ping } from "../../protocols/icmp_tools.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import {
  ethernetBench,
  frame6,
  groupMac,
  icmp6,
  icmp6Packet,
  ipBench,
  ipv6Packet,
  mac,
  OURS,
  parse6,
  PEER,
  PEER_MAC,
  solicitation,
  u32,
  udp6,
} from "./harness.ts";

test("echoes are answered with their data, to the largest that a link carries", () => {
  const bench = ipBench({ address: "fd00::2/64" });
  for (const size of [0, 1, 1452]) {
    const data = Uint8Array.from({ length: size }, (_, i) => i * 5);
    const [sent] = bench.put(icmp6Packet(128, 0, [0x12, 0x34, 0, 9, ...data]));
    const { type, source, destination, word, body } = parse6(sent!);
    assertEquals([type, source, destination, word], [129, OURS, PEER, 0x12340009]);
    assertEquals([...body], [...data]);
  }
});

test("echoes to a group are answered from our own address, at a limited rate", () => {
  const bench = ipBench({ address: "fd00::2/64" });
  const echo = icmp6Packet(128, 0, [0, 1, 0, 1], { destination: "ff02::1" });
  const [sent] = bench.put(echo);
  assertEquals([parse6(sent!).source, parse6(sent!).type], [OURS, 129]);
  for (let i = 0; i < 100; i++) bench.put(echo);
  assertEquals([bench.counter("icmpv6", "replies"), bench.counter("icmpv6", "limited")], [50, 51]);
});

test("messages that are too short or whose checksum is wrong are counted", () => {
  const bench = ipBench();
  const bad = icmp6Packet(128, 0, [0, 1, 0, 1]);
  bad[42]! ^= 1;
  bench.put(ipv6Packet(icmp6(128, 0, []), { next: 58 }), bad, icmp6Packet(200, 0, [0, 0, 0, 0]));
  const { icmpv6 } = bench.net.counters();
  assertEquals([icmpv6!.malformed, icmpv6!.badChecksum, icmpv6!.ignored], [1, 1, 1]);
});

test("a port that nobody reads is told, quoting as much as fits into 1,280 bytes", () => {
  const bench = ipBench();
  for (const size of [0, 100, 1400]) {
    const packet = ipv6Packet(udp6(5, 9, new Uint8Array(size)));
    const [sent] = bench.put(packet);
    const { type, code, word, body } = parse6(sent!);
    assertEquals([type, code, word], [1, 4, 0]);
    assertEquals([...body], [...packet.subarray(0, 1232)]);
    assert(sent!.length <= 1280);
  }
});

// RFC 4443, 2.4 (e).
const DATAGRAM = udp6(5, 9, [1, 2, 3]);
const SILENT: [string, Uint8Array][] = [
  [
    "an ICMPv6 error of an unknown option",
    ipv6Packet(
      [58, 0, 0x9e, 4, 9, 9, 9, 9, ...icmp6(1, 4, [0, 0, 0, 0, ...ipv6Packet(DATAGRAM)])],
      { next: 60 },
    ),
  ],
  [
    "a redirect with an unknown option",
    ipv6Packet(
      [58, 0, 0x9e, 4, 9, 9, 9, 9, ...icmp6(137, 0, new Uint8Array(36))],
      { next: 60 },
    ),
  ],
  ["a datagram to a group", ipv6Packet(udp6(5, 9, [1], { destination: "ff02::1" }), { destination: "ff02::1" })],
  ["a datagram from a group", ipv6Packet(udp6(5, 9, [1], { source: "ff02::5" }), { source: "ff02::5" })],
  ["a datagram from nobody", ipv6Packet(udp6(5, 9, [1], { source: "::" }), { source: "::" })],
];
for (const [what, packet] of SILENT) {
  test(`no error is sent about ${what}`, () => {
    const bench = ipBench();
    assertEquals(bench.put(packet), []);
    assertEquals(bench.counter("icmpv6", "errors"), 0);
  });
}

test("no error is sent about what the link carried to many", () => {
  const bench = ethernetBench();
  bench.put(solicitation(OURS));
  assertEquals(bench.put(frame6(ipv6Packet(DATAGRAM), { to: groupMac("ff02::1") })), []);
  assertEquals(bench.put(frame6(ipv6Packet(DATAGRAM))).length, 1);
  assertEquals(mac(PEER_MAC).length, 6);
});

test("errors are limited in rate, by a bucket that fills with time (RFC 4443, 2.4 (f))", () => {
  const bench = ipBench({ address: "fd00::2/64" }, { icmp: { rateLimit: 10 } });
  for (let i = 0; i < 100; i++) bench.put(ipv6Packet(DATAGRAM));
  assertEquals([bench.counter("icmpv6", "errors"), bench.counter("icmpv6", "limited")], [50, 50]);
  bench.pass(1000);
  for (let i = 0; i < 100; i++) bench.put(ipv6Packet(DATAGRAM));
  assertEquals(bench.counter("icmpv6", "errors"), 60);
});

// RFC 4443, 3; RFC 5461.
for (
  const [type, code, name] of [
    [1, 0, "ENETUNREACH"],
    [1, 1, "EACCES"],
    [1, 2, "EHOSTUNREACH"],
    [1, 3, "EHOSTUNREACH"],
    [1, 4, "ECONNREFUSED"],
    [1, 5, "EACCES"],
    [1, 6, "EACCES"],
    [1, 99, "EHOSTUNREACH"],
    [3, 0, "EHOSTUNREACH"],
    [3, 1, "EHOSTUNREACH"],
    [4, 0, "EPROTO"],
    [4, 1, "ENOPROTOOPT"],
    [100, 0, "EPROTO"],
  ] as const
) {
  test(`an error of type ${type} and code ${code} reaches the socket as ${name}`, () => {
    const bench = ipBench();
    const errors: string[] = [];
    const socket = bench.net.udp.bind({ port: 5, onError: (error) => void errors.push(error.code) }, () => {});
    socket.connect(PEER, 9);
    socket.send(new Uint8Array(3));
    const [sent] = bench.turn();
    bench.put(icmp6Packet(type, code, [0, 0, 0, 0, ...sent!], { source: "fd00::fe" }));
    assertEquals([errors, bench.counter("icmpv6", "faults")], [[name], 1]);
  });
}

test("errors that quote no packet of ours, or too little, are counted", () => {
  const bench = ipBench();
  bench.net.udp.bind({ port: 5 }, () => {}).connect(PEER, 9);
  const quotes = [
    ipv6Packet(DATAGRAM, { source: "fd00::77", destination: PEER }),
    ipv6Packet(DATAGRAM, { source: OURS, destination: PEER }).subarray(0, 47),
    ipv6Packet([17, 0, 0, 8, 0, 0, 0, 1, ...DATAGRAM], { source: OURS, destination: PEER, next: 44 }),
    new Uint8Array(60),
    new Uint8Array(0),
  ];
  for (const quote of quotes) bench.put(icmp6Packet(1, 4, [0, 0, 0, 0, ...quote]));
  assertEquals(bench.counter("icmpv6", "badQuotes"), quotes.length);
});

test("an error about a fragment of ours finds its socket", () => {
  const bench = ipBench();
  const errors: string[] = [];
  const socket = bench.net.udp.bind({ port: 5, onError: (error) => void errors.push(error.code) }, () => {});
  socket.send(new Uint8Array(3000), bench.net.ipv6.parse(PEER)!, 9);
  const [first] = bench.turn();
  bench.put(icmp6Packet(3, 1, [0, 0, 0, 0, ...first!.subarray(0, 1232)]));
  assertEquals(errors, ["EHOSTUNREACH"]);
});

test("ping works over IPv6, and hears of what is too big", async () => {
  const bench = ipBench();
  const report = ping(bench.net as never, PEER, { count: 1, size: 1452 });
  await Promise.resolve();
  const [large] = bench.turn();
  assertEquals([large!.length, large![40]], [1500, 128]);
  bench.put(icmp6Packet(2, 0, [...u32(1280), ...large!.subarray(0, 1232)], { source: "fd00::fe" }));
  const { received, replies } = await report;
  assertEquals([received, replies[0]!.error?.code, replies[0]!.from], [0, "EMSGSIZE", "fd00::fe"]);
  assertEquals(bench.net.ipv6.pathMtu(bench.net.ipv6.parse(PEER)!), 1280);
});

test("icmpv6 refuses options that do not fit", () => {
  assertThrows(() => icmpv6({ rateLimit: -1 }), RangeError, "at least 0");
});
