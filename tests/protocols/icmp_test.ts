import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import type { IpFault } from "../../core/ip.ts";
import type { Packet } from "../../core/packet.ts";
import {
  checksum,
  ethernetBench,
  frame,
  hex,
  icmpMessage,
  ipBench,
  ipv4Packet,
  PEER,
  u16,
  udpDatagram,
} from "./harness.ts";

const ICMP = 1;

function echo(data: ArrayLike<number>, fields: Parameters<typeof ipv4Packet>[1] = {}): Uint8Array {
  return ipv4Packet(icmpMessage(8, 0, [0x12, 0x34, 0, 7], data), { protocol: ICMP, ...fields });
}

test("an echo is answered with its identifier, sequence, data and TOS (RFC 1122, 3.2.2.6)", () => {
  const bench = ipBench();
  for (const size of [0, 1, 2, 55, 56, 1472]) {
    const data = Uint8Array.from({ length: size }, (_, i) => i * 5);
    const [reply] = bench.put(echo(data, { tos: 0x10 }));
    assertEquals(hex(reply!.subarray(20)), hex(icmpMessage(0, 0, [0x12, 0x34, 0, 7], data)));
    assertEquals(hex(reply!.subarray(12, 20)), "0a0000020a000001");
    assertEquals(reply![1], 0x10);
    assertEquals(checksum(reply!.subarray(20)), 0);
  }
  assertEquals(bench.net.packetsTaken, 0);
});

test("an echo in fragments is answered in fragments", () => {
  const bench = ipBench();
  const message = icmpMessage(8, 0, [0, 1, 0, 1], new Uint8Array(3000).fill(9));
  const sent = bench.put(
    ipv4Packet(message.subarray(1480, 2960), { protocol: ICMP, flags: 0x2000 | 185 }),
    ipv4Packet(message.subarray(2960), { protocol: ICMP, flags: 370 }),
    ipv4Packet(message.subarray(0, 1480), { protocol: ICMP, flags: 0x2000 }),
  );
  assertEquals(
    hex(sent.flatMap((part) => [...part.subarray(20)])),
    hex(icmpMessage(0, 0, [0, 1, 0, 1], new Uint8Array(3000).fill(9))),
  );
});

test("echoes to many, bad checksums and short messages are not answered", () => {
  const bench = ipBench();
  const bad = echo([1, 2, 3]);
  bad[29]! ^= 1;
  assertEquals(bench.put(bad), []);
  assertEquals(bench.counter("icmp", "badChecksum"), 1);
  assertEquals(bench.put(ipv4Packet([8, 0, 0xf7, 0xff], { protocol: ICMP })), []);
  assertEquals(bench.counter("icmp", "malformed"), 1);
  for (const destination of ["255.255.255.255", "10.0.0.255", "224.0.0.1"]) {
    assertEquals(bench.put(echo([], { destination })), []);
  }
  assertEquals(bench.counter("icmp", "ignored"), 3);
});

test("a timestamp is answered (RFC 792)", () => {
  const bench = ipBench();
  const asked = icmpMessage(13, 0, [0, 1, 0, 2], [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
  const [reply] = bench.put(ipv4Packet(asked, { protocol: ICMP }));
  // The bench's clock stands at 1000 ms.
  assertEquals(hex(reply!.subarray(24)), "00010002" + "00000009" + "000003e8" + "000003e8");
  assertEquals(reply![20], 14);
  assertEquals(checksum(reply!.subarray(20)), 0);
});

test("quenches and what is long obsolete are counted, not followed", () => {
  const bench = ipBench();
  const quoted = ipv4Packet(udpDatagram(9, 1, []), { source: "10.0.0.2", destination: PEER });
  for (const type of [4, 6, 10, 15, 17, 40, 255]) {
    assertEquals(bench.put(ipv4Packet(icmpMessage(type, 0, [10, 0, 0, 99], quoted), { protocol: ICMP })), []);
  }
  assertEquals(bench.counter("icmp", "ignored"), 7);
});

test("port unreachable quotes as much as fits into 576 bytes (RFC 1812, 4.3.2.3)", () => {
  const bench = ipBench();
  for (const size of [0, 8, 100, 1400]) {
    const packet = ipv4Packet(udpDatagram(5, 4444, new Uint8Array(size)));
    const [error] = bench.put(packet);
    assertEquals(hex(error!.subarray(20, 22)), "0303");
    assertEquals(hex(error!.subarray(24, 28)), "00000000");
    assertEquals(hex(error!.subarray(28)), hex(packet.subarray(0, 548)));
    assert(error!.length <= 576);
    assertEquals(error![1], 0xc0);
    assertEquals(checksum(error!.subarray(20)), 0);
  }
});

test("no error is ever sent about what must not be answered (RFC 1122, 3.2.2)", () => {
  const bench = ipBench();
  const quoted = ipv4Packet(udpDatagram(9, 1, []), { source: "10.0.0.2", destination: PEER });
  const cases: [string, Uint8Array][] = [
    [
      "to a broadcast",
      ipv4Packet(udpDatagram(5, 4444, [], { destination: "10.0.0.255" }), { destination: "10.0.0.255" }),
    ],
    [
      "to everybody",
      ipv4Packet(udpDatagram(5, 4444, [], { destination: "255.255.255.255" }), {
        destination: "255.255.255.255",
      }),
    ],
    ["to a group", ipv4Packet(udpDatagram(5, 4444, [], { destination: "224.0.0.1" }), { destination: "224.0.0.1" })],
    ["a protocol nobody reads, to a group", ipv4Packet([1, 2, 3, 4], { protocol: 250, destination: "224.0.0.1" })],
    ["from nowhere", ipv4Packet([1, 2, 3, 4], { protocol: 250, source: "0.0.0.0" })],
    ["from a group", ipv4Packet([1, 2, 3, 4], { protocol: 250, source: "224.0.0.9" })],
    [
      "an ICMP error with bad options",
      ipv4Packet(icmpMessage(3, 3, [0, 0, 0, 0], quoted), {
        protocol: ICMP,
        options: [148, 0, 0, 0],
      }),
    ],
    ["a later fragment with bad options", ipv4Packet(new Uint8Array(8), { flags: 5, options: [148, 0, 0, 0] })],
  ];
  for (const [name, packet] of cases) assertEquals([name, bench.put(packet).length], [name, 0]);
  // About an echo with bad options there is one.
  assertEquals(bench.put(echo([], { options: [148, 0, 0, 0] })).map((error) => error[20]), [12]);
});

test("no error is sent about a frame for many", () => {
  const bench = ethernetBench();
  const packet = ipv4Packet(udpDatagram(5, 4444, []));
  assertEquals(bench.put(frame(0x800, packet, { to: "ff:ff:ff:ff:ff:ff" })), []);
});

test("errors are limited to a rate, echoes are not", () => {
  const bench = ipBench({ address: "10.0.0.2/24" }, { icmpOptions: { rateLimit: 10 } });
  const packet = ipv4Packet(udpDatagram(5, 4444, []));
  let sent = 0;
  for (let i = 0; i < 200; i++) sent += bench.put(packet).length;
  assertEquals(sent, 50);
  assertEquals(bench.counter("icmp", "limited"), 150);
  bench.clock.advance(1000);
  for (let i = 0; i < 50; i++) sent += bench.put(packet).length;
  assertEquals(sent, 60);
  for (let i = 0; i < 200; i++) sent += bench.put(echo([])).length;
  assertEquals(sent, 260);
});

test("errors reach the transport with their meaning (RFC 1122, 3.2.2.1 and 4.2.3.9; RFC 1191)", () => {
  const bench = ipBench();
  const faults: string[] = [];
  bench.net.ip.attach(200, {
    receive: () => {},
    fault: (packet: Packet, { code, hard, mtu }: IpFault) => {
      faults.push(`${code} ${hard} ${mtu}`);
      assertEquals(hex(packet.bytes.subarray(packet.start, packet.start + 8)), "0102030405060708");
      assertEquals(packet.u8(0), 1);
      assertEquals(Number(packet.ip!.destination(packet)), 0x0a000001);
    },
  });
  const quoted = ipv4Packet([1, 2, 3, 4, 5, 6, 7, 8], { source: "10.0.0.2", destination: PEER, protocol: 200 });
  const put = (type: number, code: number, rest = [0, 0, 0, 0], quote: Uint8Array = quoted): string | undefined => {
    assertEquals(
      bench.put(ipv4Packet(icmpMessage(type, code, rest, quote), { protocol: ICMP, source: "10.0.0.254" })),
      [],
    );
    return faults.pop();
  };
  assertEquals(put(3, 0), "ENETUNREACH false 0");
  assertEquals(put(3, 1), "EHOSTUNREACH false 0");
  assertEquals(put(3, 2), "ENOPROTOOPT true 0");
  assertEquals(put(3, 3), "ECONNREFUSED true 0");
  assertEquals(put(3, 4, [0, 0, ...u16(1400)]), "EMSGSIZE false 1400");
  assertEquals(put(3, 5), "EHOSTUNREACH false 0");
  assertEquals(put(3, 6), "ENETUNREACH true 0");
  assertEquals(put(3, 10), "EHOSTUNREACH true 0");
  assertEquals(put(3, 13), "EHOSTUNREACH true 0");
  assertEquals(put(11, 0), "EHOSTUNREACH false 0");
  assertEquals(put(12, 0), "EPROTO false 0");
  assertEquals(put(3, 16), undefined);
  // Routers that tell no MTU: the next plateau below the packet.
  const long = quoted.slice();
  long.set(u16(1500), 2);
  assertEquals(put(3, 4, [0, 0, 0, 0], long), "EMSGSIZE false 1492");
  long.set(u16(576), 2);
  assertEquals(put(3, 4, [0, 0, 0, 0], long), "EMSGSIZE false 508");
});

test("routers may fragment echo replies: that one was too big is not believed (RFC 1191, 3)", () => {
  const bench = ipBench();
  const request = echo(new Uint8Array(1000));
  const [reply] = bench.put(request);
  assertEquals(reply![6]! & 0x40, 0, "don't fragment");
  bench.put(ipv4Packet(icmpMessage(3, 4, [0, 0, ...u16(600)], reply!.subarray(0, 48)), { protocol: ICMP }));
  assertEquals(bench.put(request).length, 1);
});

test("errors that quote no packet of ours are counted and go no further", () => {
  const bench = ipBench();
  bench.net.ip.attach(200, {
    receive: () => {},
    fault: () => {
      throw new Error("must not be told");
    },
  });
  const quote = (bytes: number[], fields: Parameters<typeof ipv4Packet>[1]): Uint8Array =>
    ipv4Packet(bytes, { source: "10.0.0.2", destination: PEER, protocol: 200, ...fields });
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];
  const wrong = [
    quote(eight, { source: "10.0.0.7" }),
    quote(eight.slice(1), {}),
    quote(eight, { flags: 3 }),
    quote(eight, { version: 6 }),
    quote(eight, {}).slice(0, 20),
    quote(eight, { options: new Array(40).fill(1) }).slice(0, 60),
    new Uint8Array(0),
  ];
  for (const bytes of wrong) bench.put(ipv4Packet(icmpMessage(3, 3, [0, 0, 0, 0], bytes), { protocol: ICMP }));
  assertEquals(bench.counter("icmp", "badQuotes"), wrong.length);
  assertEquals(bench.counter("loop", "faults"), 0);
});

test("replies to echoes reach who waits for their identifier", () => {
  const bench = ipBench();
  const got: number[] = [];
  bench.net.icmp.attach(0x1234, { receive: (packet) => void got.push(packet.u16(6)) });
  const reply = (id: number): Uint8Array => ipv4Packet(icmpMessage(0, 0, [...u16(id), 0, 9]), { protocol: ICMP });
  bench.put(reply(0x1234), reply(0x1235));
  bench.net.icmp.attach(0x1234, null);
  bench.put(reply(0x1234));
  assertEquals(got, [9]);
});

test("an error that is larger than the MTU leaves in fragments", () => {
  const bench = ipBench({ address: "10.0.0.2/24" }, { mtu: 68 });
  const datagram = udpDatagram(5, 4444, new Uint8Array(632));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < 640; at += 40) {
    parts.push(ipv4Packet(datagram.subarray(at, at + 40), { flags: (at < 600 ? 0x2000 : 0) | at >> 3 }));
  }
  const sent = bench.put(...parts);
  const message = sent.flatMap((packet) => [...packet.subarray(20)]);
  assertEquals(message.length, 556);
  assertEquals(checksum(message), 0);
  assertEquals(bench.counter("loop", "faults"), 0);
  assertEquals(bench.net.packetsTaken, 0);
});

test("record route and timestamp come back with us in them (RFC 1122, 3.2.2.6)", () => {
  const bench = ipBench();
  const options = (...list: number[]): string => {
    const [reply] = bench.put(echo([1, 2, 3], { options: list }));
    const header = (reply![0]! & 15) * 4;
    assertEquals(checksum(reply!.subarray(0, header)), 0);
    assertEquals(hex(reply!.subarray(header)), hex(icmpMessage(0, 0, [0x12, 0x34, 0, 7], [1, 2, 3])));
    return hex(reply!.subarray(20, header));
  };
  // Room for two addresses, one is there; then full; then none but padding.
  assertEquals(options(7, 11, 8, 10, 0, 0, 254, 0, 0, 0, 0, 0), "070b0c0a0000fe0a00000200");
  assertEquals(options(1, 7, 7, 8, 10, 0, 0, 254), "0707080a0000fe00");
  assertEquals(options(1, 1, 1, 1, 148, 4, 0, 0), "");
  // The bench's clock stands at 1000 ms. Times alone, with addresses, for hosts named beforehand, and no room.
  assertEquals(options(68, 8, 5, 0, 0, 0, 0, 0), "44080900000003e8");
  assertEquals(options(68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0), "440c0d010a000002000003e8");
  assertEquals(options(68, 12, 5, 3, 10, 0, 0, 2, 0, 0, 0, 0), "440c0d030a000002000003e8");
  assertEquals(options(68, 12, 5, 3, 10, 0, 0, 3, 0, 0, 0, 0), "440c05030a00000300000000");
  assertEquals(options(68, 8, 9, 0x10, 1, 2, 3, 4), "4408092001020304");
  // A pointer behind the option leaves no room; one into its head, or to half an entry, is told of.
  assertEquals(options(7, 7, 250, 0, 0, 0, 0, 0), "0707fa0000000000");
  for (const pointer of [0, 3, 5]) {
    const [error] = bench.put(echo([1], { options: [7, 7, pointer, 0, 0, 0, 0, 0] }));
    assertEquals([error![20], error![21], error![24]], [12, 0, 22]);
  }
  assertEquals(bench.counter("loop", "faults"), 0);
});
