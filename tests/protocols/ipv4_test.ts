import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import {
  address,
  checksum,
  ethernetBench,
  frame,
  hex,
  icmpMessage,
  ipBench,
  ipv4Packet,
  udpDatagram,
} from "./harness.ts";

const UDP = 17;

// deno-lint-ignore explicit-function-return-type
function listening(...args: Parameters<typeof ipBench>) {
  const bench = ipBench(...args);
  const got: string[] = [];
  const socket = bench.net.udp.bind({ port: 9, broadcast: true, loopback: false }, (data) => void got.push(hex(data)));
  return { bench, got, socket };
}

test("a datagram for us is delivered, padding after it is not", () => {
  const { bench, got } = listening();
  const packet = ipv4Packet(udpDatagram(1, 9, [1, 2, 3]));
  bench.put(packet);
  bench.put(Uint8Array.from([...packet, 0, 0, 0, 0]));
  // A host takes what was meant for it even when its time is over (RFC 1122, 3.2.1.7).
  bench.put(ipv4Packet(udpDatagram(1, 9, [4]), { ttl: 0 }), ipv4Packet(udpDatagram(1, 9, [5]), { ttl: 1 }));
  assertEquals(got, ["010203", "010203", "04", "05"]);
});

test("packets that are no sound IPv4 are dropped and counted", () => {
  const { bench, got } = listening();
  const good = ipv4Packet(udpDatagram(1, 9, [1]));
  for (let length = 1; length < 20; length++) bench.put(good.slice(0, length));
  const short = good.slice();
  short[0] = 0x44;
  bench.put(short);
  assertEquals(bench.counter("ipv4", "malformed"), 20);
  bench.put(good.slice(0, 28), ipv4Packet(udpDatagram(1, 9, [1]), { total: 19 }));
  assertEquals(bench.counter("ipv4", "badLength"), 2);
  bench.put(ipv4Packet(udpDatagram(1, 9, [1]), { checksum: 1 }));
  assertEquals(bench.counter("ipv4", "badChecksum"), 1);
  assertEquals(got, []);
  assertEquals(bench.turn(), []);
});

test("only what is for us is taken", () => {
  const { bench, got } = listening();
  const to = (destination: string): void => {
    bench.put(ipv4Packet(udpDatagram(1, 9, [1], { destination }), { destination }));
  };
  for (const other of ["10.0.0.3", "10.0.1.2", "239.1.1.1", "10.0.1.255", "0.0.0.0"]) to(other);
  assertEquals(bench.counter("ipv4", "foreign"), 5);
  assertEquals(got.length, 0);
  for (const ours of ["10.0.0.2", "10.0.0.255", "255.255.255.255"]) to(ours);
  assertEquals(got.length, 3);
  assertEquals(bench.turn(), []);
});

test("sources that are no single other host are dropped (RFC 1122, 3.2.1.3)", () => {
  const { bench, got } = listening();
  const from = (source: string, destination = "10.0.0.2"): void => {
    bench.put(ipv4Packet(udpDatagram(1, 9, [1], { source, destination }), { source, destination }));
  };
  for (const bad of ["224.0.0.1", "255.255.255.255", "10.0.0.255", "127.0.0.1", "10.0.0.2", "0.0.0.0", "0.1.2.3"]) {
    from(bad);
  }
  from("10.0.0.1", "127.0.0.1");
  assertEquals(bench.counter("ipv4", "martians"), 8);
  assertEquals(got, []);
  // Who asks for an address has none yet (RFC 2131).
  from("0.0.0.0", "255.255.255.255");
  assertEquals(got, ["01"]);
});

test("a packet for one host in a frame for many is dropped (RFC 1122, 3.3.6)", () => {
  const bench = ethernetBench();
  const echo = ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 1]), { protocol: 1 });
  assertEquals(bench.put(frame(0x800, echo, { to: "ff:ff:ff:ff:ff:ff" })), []);
  assertEquals(bench.counter("ipv4", "martians"), 1);
});

test("options are walked, source routes refused, malformed ones answered (RFC 1122, 3.2.1.8; RFC 7126)", () => {
  const { bench, got } = listening();
  const put = (...options: number[]): Uint8Array[] => bench.put(ipv4Packet(udpDatagram(1, 9, [1]), { options }));
  // No operation, router alert, an unknown one, record route, and what follows the end of the list.
  put(1, 1, 1, 1);
  put(148, 4, 0, 0);
  put(0xde, 3, 7, 0);
  put(7, 7, 4, 0, 0, 0, 0, 0);
  put(0, 131, 0, 0);
  assertEquals(got.length, 5);
  assertEquals(put(131, 7, 4, 10, 0, 0, 3, 0), []);
  assertEquals(put(1, 137, 7, 4, 10, 0, 0, 3), []);
  assertEquals(bench.counter("ipv4", "sourceRouted"), 2);
  for (
    const [options, pointer] of [[[148, 0, 0, 0], 20], [[1, 148, 1, 0], 21], [[1, 1, 1, 148], 23], [[7, 5, 0, 0], 20]]
  ) {
    const sent = put(...options as number[]);
    assertEquals(sent.length, 1);
    assertEquals([sent[0]![20], sent[0]![21], sent[0]![24]], [12, 0, pointer as number]);
  }
  assertEquals(bench.counter("ipv4", "badOptions"), 4);
  assertEquals(got.length, 5);
});

test("a protocol that nobody reads is answered (RFC 1122, 3.2.2.1)", () => {
  const { bench } = listening();
  const packet = ipv4Packet([1, 2, 3, 4, 5, 6, 7, 8], { protocol: 250 });
  const [error] = bench.put(packet);
  assertEquals([error![20], error![21]], [3, 2]);
  assertEquals(hex(error!.subarray(28)), hex(packet));
});

test("the header that is sent is RFC 791's", () => {
  const { bench, socket } = listening({ address: "10.0.0.2/24", ttl: 77 });
  socket.send(Uint8Array.of(1, 2), address("10.0.0.1"), 9);
  const [packet] = bench.turn();
  assertEquals(hex(packet!.subarray(0, 4)), "4500001e");
  assertEquals(hex(packet!.subarray(6, 10)), "00004d11");
  assertEquals(hex(packet!.subarray(12, 20)), "0a0000020a000001");
  assertEquals(checksum(packet!.subarray(0, 20)), 0);
});

test("identifications of one destination do not repeat soon (RFC 6864)", () => {
  const { bench, socket } = listening();
  for (let i = 0; i < 1000; i++) socket.send(Uint8Array.of(1), address("10.0.0.1"), 9);
  const ids = new Set(bench.turn().map((packet) => packet[4]! << 8 | packet[5]!));
  assertEquals(ids.size, 1000);
});

test("routes: the longest prefix wins, then the gateway", () => {
  const bench = ethernetBench({}, {
    address: "10.0.0.2/24",
    addresses: ["192.168.1.2/16"],
    gateway: "10.0.0.254",
    routes: [{ to: "10.1.0.0/16", via: "10.0.0.11" }, { to: "10.1.2.0/24", via: "10.0.0.12" }, {
      to: "172.16.0.0/12",
    }],
  });
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  const asked = (to: string): string => {
    socket.send(Uint8Array.of(1), address(to), 9);
    const [request] = bench.turn();
    return `${request!.subarray(28, 32).join(".")} for ${request!.subarray(38, 42).join(".")}`;
  };
  assertEquals(asked("10.0.0.7"), "10.0.0.2 for 10.0.0.7");
  assertEquals(asked("10.1.1.1"), "10.0.0.2 for 10.0.0.11");
  assertEquals(asked("10.1.2.1"), "10.0.0.2 for 10.0.0.12");
  assertEquals(asked("8.8.8.8"), "10.0.0.2 for 10.0.0.254");
  assertEquals(asked("192.168.77.1"), "192.168.1.2 for 192.168.77.1");
  assertEquals(asked("172.16.5.5"), "10.0.0.2 for 172.16.5.5");
});

test("paths: what forbids them, and what they choose", () => {
  const { bench } = listening({ address: "10.0.0.2/24" });
  const { ipv4 } = bench.net;
  assertEquals(ipv4.path(address("8.8.8.8"), null), "ENETUNREACH");
  assertEquals(ipv4.path(address("0.0.0.0"), null), "ENETUNREACH");
  assertEquals(ipv4.path(address("10.0.0.1"), address("10.0.0.3")), "EADDRNOTAVAIL");
  const path = ipv4.path(address("10.0.0.1"), null);
  assert(typeof path !== "string");
  assertEquals([path.mms, path.ttl, ipv4.format(path.source)], [1480, 64, "10.0.0.2"]);
  // A route that comes later is used by paths made before.
  ipv4.addRoute({ address: address("0.0.0.0"), prefix: 0 }, address("10.0.0.254"));
  assert(typeof ipv4.path(address("8.8.8.8"), null) !== "string");
});

test("a host without an address may only ask everybody for one", () => {
  const bench = ipBench({});
  assertEquals(bench.net.ipv4.path(address("10.0.0.1"), null), "ENETUNREACH");
  const path = bench.net.ipv4.path(address("255.255.255.255"), null);
  assert(typeof path !== "string");
  assertEquals(path.source, address("0.0.0.0"));
});

// Fragments ----------------------------------------------------------------------------------------------------------

function fragments(datagram: Uint8Array, size: number, id = 77): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < datagram.length; at += size) {
    const more = at + size < datagram.length ? 0x2000 : 0;
    list.push(ipv4Packet(datagram.subarray(at, at + size), { protocol: UDP, id, flags: more | at >> 3 }));
  }
  return list;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = (random() >>> 0) % (i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, i) => permutations(list.filter((_, j) => j !== i)).map((rest) => [first, ...rest]));
}

test("four fragments make their datagram in all 24 orders", () => {
  const data = Uint8Array.from({ length: 90 }, (_, i) => i);
  const parts = fragments(udpDatagram(1, 9, data), 32);
  for (const order of permutations(parts)) {
    const { bench, got } = listening();
    for (const [i, part] of order.entries()) {
      assertEquals(got.length, 0);
      bench.put(part);
      assertEquals(bench.net.packetsTaken, i < order.length - 1 ? 1 : 0);
    }
    assertEquals(got, [hex(data)]);
  }
});

test("the largest datagram comes in 8189 fragments would be too many holes, but not in any order of 100", () => {
  const random = seededRandom(3);
  const data = Uint8Array.from({ length: 65_507 }, () => random());
  for (let round = 0; round < 5; round++) {
    const { bench, got } = listening();
    bench.put(...shuffled(fragments(udpDatagram(1, 9, data), 704), random));
    assertEquals(got.length, 1);
    assert(got[0] === hex(data));
    assertEquals(bench.net.packetsTaken, 0);
  }
  const { bench, got } = listening();
  bench.put(...fragments(udpDatagram(1, 9, data), 8));
  assertEquals(got.length, 1);
});

test("fragments of several datagrams do not mix: source, destination, protocol and identification tell them apart", () => {
  const { bench, got } = listening();
  const a = fragments(udpDatagram(1, 9, new Uint8Array(40).fill(0xaa)), 24, 1);
  const b = fragments(udpDatagram(1, 9, new Uint8Array(40).fill(0xbb)), 24, 2);
  bench.put(a[0]!, b[0]!, b[1]!, a[1]!);
  assertEquals(got, ["bb".repeat(40), "aa".repeat(40)]);
  bench.put(
    ipv4Packet(udpDatagram(1, 9, new Uint8Array(40)).subarray(0, 24), { flags: 0x2000 }),
    ipv4Packet(new Uint8Array(24), { flags: 3, source: "10.0.0.7" }),
    ipv4Packet(new Uint8Array(24), { flags: 3, protocol: 1 }),
    ipv4Packet(new Uint8Array(24), { flags: 3, id: 9 }),
  );
  assertEquals(got.length, 2);
});

test("duplicates change nothing, partial overlaps end the datagram", () => {
  const data = Uint8Array.from({ length: 88 }, (_, i) => i);
  const whole = udpDatagram(1, 9, data);
  const part = (from: number, to: number, more = true): Uint8Array =>
    ipv4Packet(whole.subarray(from, to), { flags: (more ? 0x2000 : 0) | from >> 3 });
  const { bench, got } = listening();
  bench.put(part(0, 32), part(0, 32), part(32, 64), part(8, 24), part(32, 64), part(64, 96, false));
  assertEquals(got, [hex(data)]);
  assertEquals(bench.counter("fragments", "duplicates"), 3);
  for (
    const attack of [
      [part(0, 32), part(24, 64)],
      [part(32, 64), part(0, 40)],
      [part(8, 16), part(0, 24)],
      // The end lies before what is there; the end is told twice; something lies behind the end.
      [part(64, 96), part(32, 64, false)],
      [part(32, 64, false), part(64, 96, false)],
      [part(32, 64, false), part(64, 96)],
    ]
  ) {
    const { bench, got } = listening();
    bench.put(...attack);
    assertEquals(bench.counter("fragments", "overlaps"), 1);
    assertEquals(bench.net.packetsTaken, 0);
    assertEquals(got, []);
  }
});

test("impossible fragments are dropped: no length, an odd length, past the end of any datagram", () => {
  const { bench } = listening();
  bench.put(
    ipv4Packet([], { flags: 0x2000 }),
    ipv4Packet(new Uint8Array(9), { flags: 0x2000 }),
    ipv4Packet(new Uint8Array(64), { flags: 0x1fff }),
  );
  assertEquals(bench.counter("fragments", "malformed"), 3);
  assertEquals(bench.net.packetsTaken, 0);
  // The ping of death: each fragment may be, all of them together may not.
  bench.put(
    ipv4Packet(new Uint8Array(8), { flags: 0x2000, options: new Array(40).fill(1) }),
    ipv4Packet(new Uint8Array(1400), { flags: 0x2001 }),
  );
  for (let at = 1408; at < 65_515; at += 1400) {
    const size = Math.min(1400, 65_515 - at);
    bench.put(ipv4Packet(new Uint8Array(size), { flags: (size === 1400 ? 0x2000 : 0) | at >> 3 }));
  }
  assertEquals(bench.counter("fragments", "malformed"), 4);
  assertEquals(bench.net.packetsTaken, 0);
});

test("after 30 s a datagram is given up, and its sender told if the first fragment came", () => {
  const { bench } = listening();
  const parts = fragments(udpDatagram(1, 9, new Uint8Array(100)), 32);
  bench.put(parts[0]!, parts[1]!);
  bench.pass(1000);
  bench.put(...fragments(udpDatagram(1, 9, new Uint8Array(100)), 32, 78).slice(1));
  assertEquals(bench.net.packetsTaken, 2);
  assertEquals(bench.pass(28_900), []);
  const sent = bench.pass(3000);
  assertEquals(sent.length, 1);
  assertEquals([sent[0]![20], sent[0]![21]], [11, 1]);
  assertEquals(hex(sent[0]!.subarray(28)), hex(parts[0]!));
  assertEquals(bench.net.packetsTaken, 0);
  assertEquals(bench.counter("fragments", "timeouts"), 2);
  bench.put(...parts.slice(2));
  assertEquals(bench.counter("udp", "delivered"), 0);
});

test("unfinished datagrams take bounded memory, and the oldest make room", () => {
  const { bench, got } = listening({ address: "10.0.0.2/24", reassembly: 8 });
  for (let id = 0; id < 1000; id++) bench.put(ipv4Packet(new Uint8Array(8), { id, flags: 0x2000 }));
  assertEquals(bench.net.packetsTaken, 8);
  assertEquals(bench.counter("fragments", "evicted"), 992);
  bench.put(...fragments(udpDatagram(1, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]), 8, 5000));
  assertEquals(got.length, 1);
  // Every other eight bytes: more holes than an honest sender makes.
  for (let at = 0; at < 4096; at += 2) bench.put(ipv4Packet(new Uint8Array(8), { id: 7000, flags: 0x2000 | at }));
  assert(bench.counter("fragments", "overlaps") > 0);
  bench.net.close();
  assertEquals(bench.net.packetsTaken, 0);
});

test("a large datagram leaves in fragments that make it again, each as large as the MTU allows", () => {
  for (const mtu of [68, 576, 1500]) {
    const { bench, socket } = listening({ address: "10.0.0.2/24" }, { mtu });
    const data = Uint8Array.from({ length: 5000 }, (_, i) => i * 3);
    assert(socket.send(data, address("10.0.0.1"), 9));
    const sent = bench.turn();
    const rebuilt: number[] = [];
    for (const [i, packet] of sent.entries()) {
      assertEquals(checksum(packet.subarray(0, 20)), 0);
      const last = i === sent.length - 1;
      const flags = packet[6]! << 8 | packet[7]!;
      assertEquals(flags, (last ? 0 : 0x2000) | rebuilt.length >> 3);
      assertEquals(hex(packet.subarray(4, 6)), hex(sent[0]!.subarray(4, 6)));
      assert(packet.length <= mtu && (last || packet.length > mtu - 8));
      rebuilt.push(...packet.subarray(20));
    }
    assertEquals(rebuilt.length, 5008);
    assertEquals(hex(rebuilt.slice(8)), hex(data));
  }
});

test("without room for a fragment the rest is not sent", () => {
  const { bench, socket } = listening();
  bench.driver.space = 2;
  assertEquals(socket.send(new Uint8Array(9000), address("10.0.0.1"), 9), false);
  assertEquals(bench.driver.sent.length, 2);
  assertEquals(bench.net.packetsTaken, 0);
});

test("what is said to be too big makes the path smaller for ten minutes, never absurdly small (RFC 1191)", () => {
  const { bench } = listening();
  const path = bench.net.ipv4.path(address("10.9.9.9"), null);
  const other = bench.net.ipv4.path(address("10.9.9.9"), null);
  const third = bench.net.ipv4.path(address("10.9.9.8"), null);
  assert(typeof path !== "string" && typeof other !== "string" && typeof third !== "string");
  path.limit(1400);
  assertEquals([path.mms, other.mms, third.mms], [1380, 1380, 1480]);
  path.limit(1450);
  assertEquals(path.mms, 1380);
  bench.pass(599_000, 1000);
  assertEquals(path.mms, 1380);
  bench.pass(2000, 1000);
  assertEquals(path.mms, 1480);
  path.limit(68);
  assertEquals(path.mms, 532);
  // Routers must be let fragment then.
  path.dontFragment = true;
  const packet = new Packet(2000);
  packet.write(new Uint8Array(500));
  assert(path.transmit(packet, 17));
  assertEquals(bench.turn()[0]![6], 0);
  assert(third.mms === 1480);
  third.dontFragment = true;
  packet.write(new Uint8Array(500));
  assert(third.transmit(packet, 17));
  assertEquals(bench.turn()[0]![6], 0x40);
  packet.write(new Uint8Array(1481));
  assert(!third.transmit(packet, 17));
});

test("ipv4 refuses options that do not fit", () => {
  assertThrows(
    () => ipv4({ address: "10.0.0.2" }),
    RangeError,
    'option "address" must be a string such as "10.0.0.2/24"',
  );
  assertThrows(() => ipv4({ address: "10.0.0.300/24" }), SyntaxError);
  assertThrows(() => ipv4({ address: "10.0.0.2/24", routes: [{ to: "10.1.0.0" }] }), SyntaxError);
  assertThrows(() => ipv4({ address: "10.0.0.2/24", ttl: 0 }), RangeError);
  assertThrows(() => ipBench({ address: "10.0.0.2/24" }, { mtu: 67 }), RangeError, "needs an MTU of at least 68");
});
