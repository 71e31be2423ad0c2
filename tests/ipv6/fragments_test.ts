import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  fragment,
  icmp6,
  icmp6Packet,
  ip6,
  ipBench,
  ipv6Packet,
  OURS,
  parse6,
  PEER,
  u16,
  u32,
  udp6,
} from "./harness.ts";

const DATA = Uint8Array.from({ length: 40 }, (_, i) => i * 3);
const WHOLE = udp6(5, 9, DATA);
/** The datagram in fragments of 16 bytes: 0, 16, 32. */
const PARTS = [0, 16, 32].map((at) => ({ at, more: at < 32, data: WHOLE.slice(at, at + 16) }));

function receiver(options = {}): { bench: ReturnType<typeof ipBench>; got: number[][] } {
  const bench = ipBench({ address: "fd00::2/64", ...options });
  const got: number[][] = [];
  bench.net.udp.bind({ port: 9 }, (data) => void got.push([...data]));
  return { bench, got };
}

function part(i: number, id = 7): Uint8Array {
  const { at, more, data } = PARTS[i]!;
  return ipv6Packet(fragment(17, at, more, data, id), { next: 44 });
}

for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
  test(`fragments in the order ${order} make the datagram`, () => {
    const { bench, got } = receiver();
    assertEquals(bench.put(...order.map((i) => part(i))), []);
    assertEquals(got, [[...DATA]]);
    assertEquals(bench.net.packetsTaken, 0);
  });
}

test("duplicates harm nothing", () => {
  const { bench, got } = receiver();
  bench.put(part(0), part(0), part(1), part(0), part(1), part(2));
  assertEquals(got.length, 1);
  assertEquals(bench.counter("fragments6", "duplicates"), 3);
});

test("fragments of datagrams with another id or sender stay apart", () => {
  const { bench, got } = receiver();
  bench.put(part(0), part(1, 8));
  bench.put(ipv6Packet(fragment(17, 16, true, PARTS[1]!.data), { next: 44, source: "fd00::5" }));
  assertEquals(bench.net.packetsTaken, 3);
  bench.put(part(2), part(1));
  assertEquals(got.length, 1);
});

for (
  const [what, at, length] of [["of the start", 8, 16], ["of the end", 24, 8], ["from before", 0, 24], [
    "whole",
    0,
    48,
  ]] as const
) {
  test(`an overlap ${what} drops the datagram (RFC 5722)`, () => {
    const { bench, got } = receiver();
    bench.put(part(0), part(1));
    const other = new Uint8Array(length).fill(99);
    bench.put(ipv6Packet(fragment(17, at, true, other), { next: 44 }));
    assertEquals([got.length, bench.counter("fragments6", "overlaps"), bench.net.packetsTaken], [0, 1, 0]);
  });
}

test("a second end, and bytes beyond the end, drop the datagram", () => {
  for (const bad of [fragment(17, 40, false, new Uint8Array(8)), fragment(17, 48, true, new Uint8Array(8))]) {
    const { bench } = receiver();
    bench.put(part(2), ipv6Packet(bad, { next: 44 }));
    assertEquals([bench.counter("fragments6", "overlaps"), bench.net.packetsTaken], [1, 0]);
  }
});

test("an atomic fragment is a datagram by itself, whatever else has its id (RFC 6946)", () => {
  const { bench, got } = receiver();
  bench.put(part(0), ipv6Packet(fragment(17, 0, false, udp6(5, 9, [4, 2])), { next: 44 }), part(1), part(2));
  assertEquals(got, [[4, 2], [...DATA]]);
  assertEquals(bench.net.packetsTaken, 0);
});

test("an atomic fragment's headers are read on", () => {
  const { bench, got } = receiver();
  const options = [17, 0, 1, 4, 0, 0, 0, 0];
  bench.put(ipv6Packet(fragment(60, 0, false, [...options, ...udp6(5, 9, [4])]), { next: 44 }));
  assertEquals(got, [[4]]);
  // A fragment header within is one too many.
  const inner = fragment(17, 0, false, udp6(5, 9, [4]));
  const [problem] = bench.put(ipv6Packet(fragment(44, 0, false, inner), { next: 44 }));
  assertEquals([parse6(problem!).type, parse6(problem!).code, parse6(problem!).word], [4, 1, 40]);
});

test("headers before and behind the fragment header", () => {
  const { bench, got } = receiver();
  const before = [44, 0, 1, 4, 0, 0, 0, 0];
  const whole = [17, 0, 0x1e, 4, 9, 9, 9, 9, ...WHOLE];
  for (const at of [32, 0]) {
    const data = whole.slice(at, at + 32);
    bench.put(ipv6Packet([...before, ...fragment(60, at, at === 0, data)], { next: 0 }));
  }
  assertEquals(got, [[...DATA]]);
});

test("a fragment whose length is no multiple of 8 is told, pointing to the payload length (RFC 8200, 4.5)", () => {
  const { bench } = receiver();
  const [sent] = bench.put(ipv6Packet(fragment(17, 0, true, WHOLE.slice(0, 15)), { next: 44 }));
  const { type, code, word } = parse6(sent!);
  assertEquals([type, code, word], [4, 0, 4]);
  assertEquals(bench.net.packetsTaken, 0);
});

test("a fragment that ends beyond 65,535 is told, pointing to its offset", () => {
  const { bench } = receiver();
  const [sent] = bench.put(ipv6Packet(fragment(17, 65_528, false, new Uint8Array(8)), { next: 44 }));
  const { type, code, word } = parse6(sent!);
  assertEquals([type, code, word], [4, 0, 42]);
});

test("the largest datagram is put together", () => {
  const { bench, got } = receiver();
  const data = Uint8Array.from({ length: 65_527 }, (_, i) => i);
  const whole = udp6(5, 9, data);
  for (let at = 0; at < whole.length; at += 1448) {
    const piece = whole.slice(at, at + 1448);
    bench.put(ipv6Packet(fragment(17, at, at + 1448 < whole.length, piece), { next: 44 }));
  }
  assertEquals(got[0]!.length, 65_527);
  assertEquals(Uint8Array.from(got[0]!), data);
});

test("a first fragment without the whole chain is told (RFC 7112)", () => {
  const { bench } = receiver();
  const cut = [
    // A header that ends in the next fragment, and an upper layer that does.
    fragment(60, 0, true, [17, 1, 1, 4, 0, 0, 0, 0]),
    fragment(6, 0, true, new Uint8Array(16)),
  ];
  for (const bytes of cut) {
    const [sent] = bench.put(ipv6Packet(bytes, { next: 44 }));
    const { type, code, word } = parse6(sent!);
    assertEquals([type, code, word], [4, 3, 0]);
  }
  assertEquals(bench.net.packetsTaken, 0);
});

test("an empty fragment, and half a fragment header, are dropped", () => {
  const { bench } = receiver();
  assertEquals(
    bench.put(ipv6Packet(fragment(17, 8, true, []), { next: 44 }), ipv6Packet([17, 0, 0], { next: 44 })),
    [],
  );
  assertEquals(bench.counter("ipv6", "badFragments"), 2);
});

test("after 60 seconds the sender hears, if the first fragment was there (RFC 8200, 4.5)", () => {
  const { bench } = receiver();
  bench.put(part(0), part(1, 8));
  assertEquals(bench.pass(59_900), []);
  const sent = bench.pass(200);
  assertEquals(sent.length, 1);
  const { type, code, body } = parse6(sent[0]!);
  assertEquals([type, code], [3, 1]);
  assertEquals([...body.subarray(8, 56)], [...part(0).subarray(8, 56)]);
  assertEquals([bench.counter("fragments6", "timeouts"), bench.net.packetsTaken], [2, 0]);
});

test("memory for fragments is bounded: the oldest datagram makes room", () => {
  const { bench, got } = receiver({ reassembly: 4 });
  for (let id = 0; id < 10; id++) bench.put(part(0, id));
  assertEquals([bench.net.packetsTaken, bench.counter("fragments6", "evicted")], [4, 6]);
  bench.put(part(1, 9), part(2, 9), part(1, 0), part(2, 0));
  assertEquals(got.length, 1);
});

test("fragments of echoes are answered in fragments; identifications differ", () => {
  const bench = ipBench({ address: "fd00::2/64" });
  const echo = icmp6(128, 0, [0, 1, 0, 2, ...new Uint8Array(3000).fill(7)]);
  const ids = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const sent: Uint8Array[] = [];
    for (let at = 0; at < echo.length; at += 1024) {
      const piece = echo.slice(at, at + 1024);
      sent.push(...bench.put(ipv6Packet(fragment(58, at, at + 1024 < echo.length, piece, round), { next: 44 })));
    }
    assertEquals(sent.map((packet) => packet.length), [1496, 1496, 40 + 8 + 3008 - 2 * 1448]);
    sent.forEach((packet, i) => {
      assertEquals(packet[6], 44);
      assertEquals([packet[40], (packet[42]! << 8 | packet[43]!) & ~7, packet[43]! & 1], [58, 1448 * i, i < 2 ? 1 : 0]);
    });
    ids.add(String(sent[0]!.subarray(44, 48)));
    assertEquals(new Set(sent.map((packet) => String(packet.subarray(44, 48)))).size, 1);
  }
  assertEquals(ids.size, 3);
});

test("a link that jumps between sizes: fragments never exceed the least MTU of 1280", () => {
  const bench = ipBench({ address: "fd00::2/64" }, { mtu: 1280 });
  const socket = bench.net.udp.bind({ port: 5 }, () => {});
  socket.send(new Uint8Array(5000), bench.net.ipv6.parse(PEER)!, 9);
  const sent = bench.turn();
  assert(sent.length > 1 && sent.every((packet) => packet.length <= 1280));
});

// RFC 8201: what a router tells is believed when it quotes a packet of ours, and never below 1280.
test("path MTU: packet too big shrinks what UDP sends to that host alone, and it grows again", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 5 }, () => {});
  const send = (to: string): number[] => {
    socket.send(new Uint8Array(1400), bench.net.ipv6.parse(to)!, 9);
    return bench.turn().map((packet) => packet.length);
  };
  assertEquals(send(PEER), [1448]);
  socket.send(new Uint8Array(1400), bench.net.ipv6.parse(PEER)!, 9);
  const [large] = bench.turn();
  const told = (mtu: number, quoted: Uint8Array): Uint8Array[] =>
    bench.put(icmp6Packet(2, 0, [...u32(mtu), ...quoted.subarray(0, 1232)], { source: "fd00::fe" }));
  told(1300, ipv6Packet(udp6(6, 9, new Uint8Array(1400)), { source: OURS, destination: PEER }));
  assertEquals(send(PEER), [1448], "a port that sent nothing");
  told(1279, large!);
  assertEquals(send(PEER), [1448], "less than any link may have");
  told(1300, large!);
  assertEquals(send(PEER), [1296, 40 + 8 + 1408 - 1248]);
  assertEquals(send("fd00::9"), [1448]);
  bench.pass(601_000, 10_000);
  assertEquals(send(PEER), [1448]);
});

test("path MTU: echo replies that are too big leave in fragments next time", () => {
  const bench = ipBench();
  const echo = icmp6Packet(128, 0, [0, 1, 0, 2, ...new Uint8Array(1400)]);
  const [reply] = bench.put(echo);
  assertEquals(reply!.length, 1448);
  bench.put(icmp6Packet(2, 0, [...u32(1280), ...reply!.subarray(0, 1232)], { source: "fd00::fe" }));
  assertEquals(bench.put(echo).map((packet) => packet.length), [1280, 40 + 8 + 1408 - 1232]);
});

// RFC 8201, 4: what is quoted must be a packet that we may have sent, and that did not fit.
test("path MTU: packets too big about echo replies are believed for each of several hosts, where they make sense", () => {
  const bench = ipBench();
  const hosts = [3, 4, 5].map((last) => `2001:db8::${last}`);
  const ask = (source: string): Uint8Array[] =>
    bench.put(icmp6Packet(128, 0, [0, 1, 0, 2, ...new Uint8Array(1400)], { source }));
  const tell = (mtu: number, quoted: Uint8Array): void => {
    bench.put(icmp6Packet(2, 0, [...u32(mtu), ...quoted.subarray(0, 1232)], { source: "fd00::fe" }));
  };
  const replies = hosts.map((host) => ask(host)[0]!);
  for (const reply of replies) {
    tell(1279, reply);
    tell(1448, reply);
  }
  assertEquals(hosts.map((host) => ask(host).length), [1, 1, 1], "below the least MTU, and what it fits into");
  const foreign = replies[0]!.slice();
  foreign.set(ip6("fd00::77"), 8);
  tell(1280, foreign);
  assertEquals(ask(hosts[0]!).length, 1, "what another host sent");
  for (const reply of replies) tell(1280, reply);
  assertEquals(hosts.map((host) => ask(host).length), [2, 2, 2]);
  assertEquals(ask("2001:db8::6").length, 1, "who was not told of");
});

test("a UDP socket that must not fragment says so", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 5, dontFragment: true }, () => {});
  const peer = bench.net.ipv6.parse(PEER)!;
  socket.send(new Uint8Array(1452), peer, 9);
  assertEquals(bench.turn().length, 1);
  let code = "";
  try {
    socket.send(new Uint8Array(1453), peer, 9);
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assertEquals(code, "EMSGSIZE");
  assertEquals(u16(1), [0, 1]);
});
