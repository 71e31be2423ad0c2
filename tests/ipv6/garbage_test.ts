import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import {
  advertisement,
  checksum6,
  ethernetBench,
  fragment,
  frame6,
  groupMac,
  icmp6,
  icmp6Packet,
  ip6,
  ipv6Packet,
  mac,
  OURS,
  PEER,
  PEER_MAC,
  solicitation,
  solicited,
  u16,
  u32,
  udp6,
} from "./harness.ts";

/** Every kind of frame that some layer reads. */
function seeds(): Uint8Array[] {
  const quoted = ipv6Packet(udp6(9, 5, [1, 2, 3]), { source: OURS, destination: PEER });
  const group = { source: PEER, destination: "ff02::77" };
  const fromRouter = { source: "fe80::1", destination: "ff02::1", hopLimit: 255 };
  const all = { to: groupMac("ff02::1") };
  const large = udp6(5, 9, new Uint8Array(200));
  const list = [
    frame6(ipv6Packet(udp6(5, 9, [1, 2, 3]))),
    frame6(ipv6Packet(udp6(5, 4444, [1, 2, 3]))),
    frame6(ipv6Packet(udp6(5, 9, [1], group), group), { to: groupMac("ff02::77") }),
    frame6(icmp6Packet(128, 0, [0, 1, 0, 2, ...new Uint8Array(30)])),
    frame6(icmp6Packet(129, 0, [0, 1, 0, 2])),
    frame6(ipv6Packet([17, 0, 0x9e, 4, 9, 9, 9, 9, ...udp6(5, 9, [1])], { next: 60 })),
    frame6(ipv6Packet([60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 0x1e, 4, 9, 9, 9, 9, ...udp6(5, 9, [1])], { next: 0 })),
    frame6(ipv6Packet([17, 0, 0, 1, 0, 0, 0, 0, ...udp6(5, 9, [1])], { next: 43 })),
    frame6(ipv6Packet([1, 2, 3, 4], { next: 99 })),
    solicitation(OURS),
    solicitation(OURS, { source: "::", destination: solicited(OURS), to: groupMac(solicited(OURS)), options: [] }),
    advertisement(PEER, 0x60),
    advertisement(OURS, 0x20, { destination: "ff02::1", to: groupMac("ff02::1") }),
    frame6(icmp6Packet(133, 0, [0, 0, 0, 0, 1, 1, ...mac(PEER_MAC)], { hopLimit: 255 })),
    frame6(
      icmp6Packet(134, 0, [
        ...[64, 0, ...u16(1800), ...u32(0), ...u32(0), 1, 1, ...mac(PEER_MAC)],
        ...[3, 4, 64, 0xc0, ...u32(1000), ...u32(500), 0, 0, 0, 0, ...ip6("2001:db8::")],
        ...[5, 1, 0, 0, ...u32(1400), 25, 3, 0, 0, ...u32(100), ...ip6("fd00::53")],
        ...[31, 2, 0, 0, ...u32(50), 3, 97, 98, 99, 0, 0, 0, 0],
      ], fromRouter),
      all,
    ),
    frame6(
      icmp6Packet(137, 0, [0, 0, 0, 0, ...ip6("fe80::2"), ...ip6("2001:db8:9::9"), 2, 1, ...mac(PEER_MAC)], {
        source: "fe80::1",
        hopLimit: 255,
      }),
    ),
    frame6(
      ipv6Packet([58, 0, 5, 2, 0, 0, 1, 0, ...icmp6(130, 0, [3, 232, 0, 0, ...ip6("::"), 2, 125, 0, 0], fromRouter)], {
        ...fromRouter,
        next: 0,
        hopLimit: 1,
      }),
      all,
    ),
  ];
  for (const type of [1, 2, 3, 4, 100]) list.push(frame6(icmp6Packet(type, 0, [...u32(1300), ...quoted])));
  for (let at = 0; at < 208; at += 40) {
    list.push(frame6(ipv6Packet(fragment(17, at, at < 160, large.slice(at, at + 40)), { next: 44 })));
  }
  list.push(frame6(ipv6Packet(fragment(17, 0, false, udp6(5, 9, [1])), { next: 44 })));
  return list;
}

test("200,000 random and mutated frames: nothing throws, nothing leaks, memory stays bounded", () => {
  const random = seededRandom(12);
  const below = (limit: number): number => (random() >>> 0) % limit;
  const bench = ethernetBench({ slaacOptions: { temporary: true } });
  bench.net.udp.bind({ port: 9, onError: () => {} }, () => {}).join("ff02::77");
  const list = seeds();
  let most = 0;
  for (let i = 0; i < 200_000; i++) {
    let frame: Uint8Array = list[below(list.length)]!.slice();
    if (i % 4 === 0) { for (let j = 14; j < frame.length; j++) frame[j] = j === 14 ? 0x60 : random(); }
    else {
      for (let changes = below(5); changes > 0; changes--) {
        const place = 14 + below(frame.length - 14);
        if (below(4) > 0) frame[place] = [0, 1, 255, random() & 255, frame[place]! ^ 1 << below(8)][below(5)]!;
        else if (below(2)) frame = frame.slice(0, Math.max(20, place));
        else frame = Uint8Array.from([...frame, ...new Array(below(40)).fill(random() & 255)]);
      }
      // The lengths and checksums are mended often, so that a change reaches the layers behind them.
      if (below(4) > 0 && frame.length > 62) {
        frame.set(u16(frame.length - 54), 18);
        if (frame[20] === 58) {
          frame.set([0, 0], 56);
          const text = (at: number): string =>
            Array.from({ length: 8 }, (_, k) => (frame[at + 2 * k]! << 8 | frame[at + 2 * k + 1]!).toString(16)).join(
              ":",
            );
          frame.set(u16(checksum6(58, frame.subarray(54), text(22), text(38))), 56);
        }
      }
    }
    bench.driver.incoming.push(frame);
    if (i % 32 === 0) {
      bench.turn();
      bench.clock.advance(below(200));
      most = Math.max(most, bench.net.packetsTaken);
    }
  }
  bench.turn();
  const { loop, udp, icmpv6, ndp, ipv6, slaac, mld, fragments6 } = bench.net.counters();
  assertEquals(loop!.faults, 0);
  for (
    const count of [
      ...[udp!.delivered, icmpv6!.replies, icmpv6!.errors, icmpv6!.badQuotes, ndp!.malformed, ndp!.advertisements],
      ...[ipv6!.malformed, ipv6!.badLength, ipv6!.badHeaders, ipv6!.foreign, ipv6!.martians, ipv6!.badFragments],
      ...[slaac!.advertisements, mld!.queries, fragments6!.fragments, fragments6!.overlaps, fragments6!.reassembled],
    ]
  ) assert(count! > 0, JSON.stringify(bench.net.counters()));
  // Fragments, one packet of each neighbour, and the rest of those that wait.
  assert(most <= 64 + 512 + 4 * 64, `${most}`);
  bench.net.close();
  assertEquals(bench.net.packetsTaken, 0);
});

test("every prefix of every kind of frame is read without harm", () => {
  const bench = ethernetBench({ slaacOptions: {} });
  for (const frame of seeds()) {
    for (let length = 0; length <= frame.length; length++) bench.put(frame.slice(0, length));
  }
  assertEquals(bench.counter("loop", "faults"), 0);
  bench.net.close();
  assertEquals(bench.net.packetsTaken, 0);
});
