import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import {
  address,
  arpMessage,
  checksum,
  ethernetBench,
  frame,
  icmpMessage,
  ipBench,
  ipv4Packet,
  OURS,
  PEER,
  u16,
  udpDatagram,
} from "./harness.ts";

/** Every kind of packet that some layer reads. */
function seeds(): Uint8Array[] {
  const quoted = ipv4Packet(udpDatagram(9, 5, [1, 2, 3]), { source: OURS, destination: PEER });
  const list: Uint8Array[] = [
    ipv4Packet(udpDatagram(5, 9, [1, 2, 3])),
    ipv4Packet(udpDatagram(5, 4444, [1, 2, 3])),
    ipv4Packet(udpDatagram(5, 9, [1], { destination: "239.1.2.3" }), { destination: "239.1.2.3" }),
    ipv4Packet(udpDatagram(5, 9, [1], { destination: "10.0.0.255" }), { destination: "10.0.0.255" }),
    ipv4Packet(udpDatagram(5, 9, [1]), { options: [148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0] }),
    ipv4Packet(udpDatagram(5, 9, [1]), { options: [131, 7, 4, 10, 0, 0, 3, 0] }),
    ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 2], new Uint8Array(30)), { protocol: 1 }),
    ipv4Packet(icmpMessage(13, 0, [0, 1, 0, 2], new Uint8Array(12)), { protocol: 1 }),
    ipv4Packet(icmpMessage(0, 0, [0, 1, 0, 2]), { protocol: 1 }),
    ipv4Packet([1, 2, 3, 4], { protocol: 99 }),
  ];
  for (const type of [3, 4, 5, 11, 12]) {
    list.push(ipv4Packet(icmpMessage(type, type === 3 ? 4 : 0, [0, 0, 2, 0], quoted), { protocol: 1 }));
  }
  const large = udpDatagram(5, 9, new Uint8Array(200));
  for (let at = 0; at < 208; at += 40) {
    list.push(ipv4Packet(large.subarray(at, at + 40), { id: 7, flags: (at < 200 ? 0x2000 : 0) | at >> 3 }));
  }
  return list;
}

/** Makes an IPv4 header's checksum right again, so that a change reaches the layers behind it. */
function mend(packet: Uint8Array, at: number): void {
  const header = (packet[at]! & 15) * 4;
  if (header < 20 || packet.length < at + header) return;
  packet.set([0, 0], at + 10);
  packet.set(u16(checksum(packet.subarray(at, at + header))), at + 10);
}

function mutate(seed: Uint8Array, random: () => number, at: number): Uint8Array {
  let packet = seed.slice();
  const below = (limit: number): number => (random() >>> 0) % limit;
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const place = below(packet.length || 1);
    switch (below(5)) {
      case 0:
        packet[place] = random();
        break;
      case 1:
        packet[place]! ^= 1 << below(8);
        break;
      case 2:
        packet[place] = [0, 1, 127, 128, 255][below(5)]!;
        break;
      case 3:
        packet = packet.slice(0, place);
        break;
      default:
        packet = Uint8Array.from([...packet, ...new Array(below(40)).fill(random() & 255)]);
    }
  }
  if (below(4) > 0) mend(packet, at);
  if (below(3) === 0 && packet.length > at + 28 && packet[at + 9] === 1) {
    packet.set([0, 0], at + 22);
    packet.set(u16(checksum(packet.subarray(at + 20))), at + 22);
  }
  return packet;
}

test("1,000,000 random and mutated IP packets: nothing throws, nothing leaks, each is accounted for", () => {
  const random = seededRandom(11);
  const bench = ipBench();
  const errors: string[] = [];
  bench.net.udp.bind({ port: 9, onError: (error) => void errors.push(error.code) }, () => {}).join("239.1.2.3");
  const list = seeds();
  let versions = 0;
  for (let i = 0; i < 1_000_000; i++) {
    const packet = i % 4 === 0
      ? Uint8Array.from({ length: (random() >>> 0) % 120 }, (_, j) => j === 0 && i % 8 === 0 ? 0x45 : random())
      : mutate(list[(random() >>> 0) % list.length]!, random, 0);
    bench.driver.incoming.push(packet);
    if (packet.length > 0 && packet[0]! >> 4 === 4) versions++;
    if (i % 64 === 0) {
      bench.turn();
      bench.clock.advance(100);
    }
  }
  bench.turn();
  const { loop, ipv4, fragments, udp, icmp } = bench.net.counters();
  assertEquals(loop!.faults, 0);
  assertEquals(loop!.received, 1_000_000);
  // Every packet has ended in exactly one counter of IPv4, or went to reassembly; other versions are none of its own.
  const sum = (counters: Record<string, number>, ...names: string[]): number =>
    names.reduce((total, name) => total + counters[name]!, 0);
  const ended =
    sum(ipv4!, "malformed", "badLength", "badChecksum", "badOptions", "sourceRouted", "foreign", "martians") +
    sum(ipv4!, "delivered", "unknownProtocol") - fragments!.reassembled! + fragments!.fragments!;
  assertEquals(ended, versions);
  assert(udp!.delivered! > 1000 && udp!.badChecksum! > 1000 && udp!.malformed! > 100 && udp!.noPort! > 100);
  assert(icmp!.replies! > 1000 && icmp!.badQuotes! > 100 && icmp!.badChecksum! > 100 && icmp!.ignored! > 100);
  assert(fragments!.reassembled! > 10 && fragments!.overlaps! > 10 && fragments!.malformed! > 10);
  for (const name of Object.keys(ipv4!)) if (name !== "fragmented") assert(ipv4![name]! > 0, name);
  bench.pass(31_000, 1000);
  assertEquals(bench.net.packetsTaken, 0);
  // It still works.
  assertEquals(bench.put(ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 2]), { protocol: 1 })).length, 1);
});

test("1,000,000 random and mutated frames: nothing throws, nothing leaks, the ARP cache stays bounded", () => {
  const random = seededRandom(12);
  const bench = ethernetBench({ neighbours: 32 });
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  const list = [
    ...seeds().map((packet) => frame(0x800, packet)),
    ...[1, 2].flatMap((operation) => [
      frame(0x806, arpMessage(operation)),
      frame(0x806, arpMessage(operation, { sender: OURS }), { to: "ff:ff:ff:ff:ff:ff" }),
      frame(0x806, arpMessage(operation, { target: "10.0.0.9" }), { to: "ff:ff:ff:ff:ff:ff" }),
    ]),
  ];
  for (let i = 0; i < 1_000_000; i++) {
    const packet = i % 4 === 0
      ? frame([0x800, 0x806, random() & 0xffff][i % 3]!, Uint8Array.from({ length: random() & 63 }, () => random()))
      : mutate(list[(random() >>> 0) % list.length]!, random, 14);
    bench.driver.incoming.push(packet);
    if (i % 64 === 0) {
      socket.send(Uint8Array.of(1), address(`10.0.0.${3 + (random() & 127)}`), 5);
      bench.turn();
      bench.clock.advance(50);
    }
  }
  bench.turn();
  const { loop, arp, ethernet } = bench.net.counters();
  assertEquals(loop!.faults, 0);
  assert(arp!.malformed! > 1000 && arp!.conflicts! > 100 && arp!.replies! > 100);
  for (const name of Object.keys(ethernet!)) assert(ethernet![name]! > 0, name);
  bench.pass(40_000, 500);
  assertEquals(bench.net.packetsTaken, 0);
});
