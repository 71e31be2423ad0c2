import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { formatMac } from "../../core/mac_address.ts";
import { ndp } from "../../protocols/ndp.ts";
import {
  advertisement,
  ethernetBench,
  type EthernetBench6,
  frame6,
  groupMac,
  icmp6Packet,
  ip6,
  ipv6Packet,
  mac,
  OUR_MAC,
  OURS,
  packets,
  PEER,
  PEER_MAC,
  type Sent,
  solicitation,
  solicited,
  udp6,
} from "./harness.ts";

const OTHER_MAC = "02:00:00:00:00:09";
const ALL = "ff02::1";

/** The solicitations among frames, as who is asked for and by which MAC address. */
function asked(frames: readonly Uint8Array[]): { target: string; to: string; sent: Sent }[] {
  return frames.map((frame) => ({ to: formatMac(frame), sent: packets([frame])[0]! }))
    .filter(({ sent }) => sent.next === 58 && sent.type === 135)
    .map(({ to, sent }) => ({ target: address(sent.body), to, sent }));
}

function address(body: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => body[2 * i]! << 8 | body[2 * i + 1]!);
  return groups.every((group) => group === 0) ? "::" : plain(groups);
}

function plain(groups: number[]): string {
  return groups.map((group) => group.toString(16)).join(":").replace(/(?:^|:)0(?::0)+(?=:|$)/, ":");
}

function send(bench: EthernetBench6, to = PEER): Uint8Array[] {
  bench.net.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(3), bench.net.ipv6.parse(to)!, 9);
  return bench.turn();
}

test("a neighbour is asked for in its solicited-node group, once a second, three times (RFC 4861, 7.2.2)", () => {
  const bench = ethernetBench();
  const first = asked(send(bench));
  assertEquals(first.length, 1);
  const [{ target, to, sent }] = first as [typeof first[0]];
  assertEquals([target, to, sent.source, sent.destination, sent.hopLimit], [
    PEER,
    groupMac(solicited(PEER)),
    OURS,
    solicited(PEER),
    255,
  ]);
  assertEquals([...sent.body.subarray(16)], [1, 1, ...mac(OUR_MAC)]);
  assertEquals(asked(bench.pass(990)).length, 0);
  assertEquals(asked(bench.pass(10)).length, 1);
  assertEquals(asked(bench.pass(1000)).length, 1);
  assertEquals(asked(bench.pass(5000)).length, 0);
  assertEquals([bench.counter("ndp", "unreachable"), bench.net.packetsTaken], [1, 0]);
});

test("what waits goes out with the answer, in order", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 5 }, () => {});
  for (let i = 0; i < 5; i++) socket.send(new Uint8Array(i), bench.net.ipv6.parse(PEER)!, 9);
  assertEquals(asked(bench.turn()).length, 1);
  const frames = bench.put(advertisement(PEER, 0x60));
  assertEquals(packets(frames).map(({ payload }) => payload.length), [8, 9, 10, 11, 12]);
  assert(frames.every((frame) => formatMac(frame) === PEER_MAC));
});

test("a queue keeps the newest packets", () => {
  const bench = ethernetBench({ ndpOptions: { queue: 2 } });
  const socket = bench.net.udp.bind({ port: 5 }, () => {});
  for (let i = 0; i < 5; i++) socket.send(new Uint8Array(i), bench.net.ipv6.parse(PEER)!, 9);
  bench.turn();
  assertEquals(packets(bench.put(advertisement(PEER, 0x60))).map(({ payload }) => payload.length), [11, 12]);
  assertEquals(bench.counter("ndp", "overflow"), 3);
});

test("solicitations are answered: solicited, overriding, with our MAC address (RFC 4861, 7.2.4)", () => {
  const bench = ethernetBench();
  for (const [destination, to] of [[solicited(OURS), groupMac(solicited(OURS))], [OURS, OUR_MAC]] as const) {
    const frames = bench.put(solicitation(OURS, { destination, to }));
    const [sent] = packets(frames);
    assertEquals([sent!.type, sent!.source, sent!.destination, sent!.hopLimit], [136, OURS, PEER, 255]);
    assertEquals([sent!.word >>> 24, address(sent!.body)], [0x60, OURS]);
    assertEquals([...sent!.body.subarray(16)], [2, 1, ...mac(OUR_MAC)]);
    assertEquals(formatMac(frames[0]!), PEER_MAC);
  }
});

test("who asks is known then, and is not asked for when we answer", () => {
  const bench = ethernetBench();
  bench.put(solicitation(OURS));
  assertEquals(asked(send(bench)).length, 0);
});

test("another host's question for an address of ours is answered to all (RFC 4862, 5.4.3)", () => {
  const bench = ethernetBench();
  const destination = solicited(OURS);
  const frames = bench.put(
    solicitation(OURS, { source: "::", destination, to: groupMac(destination), options: [] }),
  );
  const [sent] = packets(frames);
  assertEquals([sent!.type, sent!.destination, sent!.word >>> 24, formatMac(frames[0]!)], [
    136,
    ALL,
    0x20,
    groupMac(ALL),
  ]);
});

// RFC 4861, 7.1.1, 7.1.2, 6.1.2 and 8.1; RFC 6980.
const DESTINATION = solicited(OURS);
const TO = groupMac(DESTINATION);
function truncated(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice(0, 14 + 40 + 20);
  bytes[14 + 5] = 20;
  return bytes;
}
const INVALID: [string, Uint8Array][] = [
  ["a hop limit of 254", solicitation(OURS, { hopLimit: 254 })],
  ["the loopback address for a source", solicitation(OURS, { source: "::1" })],
  ["a source that is one of IPv4", solicitation(OURS, { source: "::ffff:10.0.0.1" })],
  ["a code of 1", frame6(icmp6Packet(135, 1, [0, 0, 0, 0, ...ip6(OURS)], { hopLimit: 255 }))],
  ["a solicitation of 20 bytes", truncated(solicitation(OURS, { options: [] }))],
  ["a solicitation for a group", solicitation("ff02::9")],
  ["an option of no length", solicitation(OURS, { options: [1, 0, ...mac(PEER_MAC)] })],
  ["an option beyond the end", solicitation(OURS, { options: [1, 2, ...mac(PEER_MAC)] })],
  ["a lone option byte", solicitation(OURS, { options: [1] })],
  [
    "a nameless question that says where it is from",
    solicitation(OURS, { source: "::", destination: DESTINATION, to: TO }),
  ],
  ["a nameless question to one host", solicitation(OURS, { source: "::", options: [] })],
  [
    "a nameless question to all",
    solicitation(OURS, { source: "::", destination: ALL, to: groupMac(ALL), options: [] }),
  ],
  ["a question from a group", solicitation(OURS, { source: "ff02::5" })],
  ["an advertisement with hop limit 64", advertisement(PEER, 0x60, { hopLimit: 64 })],
  ["an advertisement for a group", advertisement("ff02::9", 0x60, { source: PEER })],
  ["a solicited advertisement to all", advertisement(PEER, 0x60, { destination: ALL, to: groupMac(ALL) })],
  ["an advertisement from nobody", advertisement(PEER, 0x20, { source: "::" })],
  [
    "a router advertisement from beyond the link",
    frame6(icmp6Packet(134, 0, [...new Uint8Array(12)], { hopLimit: 255 })),
  ],
  [
    "a router advertisement of 12 bytes",
    frame6(icmp6Packet(134, 0, [...new Uint8Array(8)], { hopLimit: 255, source: "fe80::1" })),
  ],
  [
    "a redirect of 24 bytes",
    frame6(icmp6Packet(137, 0, [...new Uint8Array(20)], { hopLimit: 255, source: "fe80::1" })),
  ],
];
for (const [what, frame] of INVALID) {
  test(`not valid: ${what}`, () => {
    const bench = ethernetBench();
    send(bench);
    assertEquals(bench.put(frame), []);
    assertEquals(bench.counter("ndp", "malformed"), 1);
    assertEquals(bench.net.packetsTaken, 1);
  });
}

test("not valid: a wrong checksum", () => {
  const bench = ethernetBench();
  const frame = solicitation(OURS);
  frame[14 + 40 + 2]! ^= 1;
  assertEquals(bench.put(frame), []);
  assertEquals(bench.counter("ndp", "malformed"), 1);
});

test("neighbour discovery in fragments, or behind other headers, is ignored (RFC 6980)", () => {
  const bench = ethernetBench();
  const whole = solicitation(OURS).subarray(14 + 40);
  assertEquals(
    bench.put(
      frame6(ipv6Packet([58, 0, 0, 0, 0, 0, 0, 1, ...whole], { next: 44, hopLimit: 255 })),
      frame6(ipv6Packet([58, 0, 1, 4, 0, 0, 0, 0, ...whole], { next: 60, hopLimit: 255 })),
    ),
    [],
  );
  assertEquals(bench.counter("icmpv6", "ignored"), 2);
});

test("unknown options are skipped (RFC 4861, 4.6)", () => {
  const bench = ethernetBench();
  const options = [77, 1, 0, 0, 0, 0, 0, 0, 1, 1, ...mac(PEER_MAC)];
  assertEquals(packets(bench.put(solicitation(OURS, { options })))[0]!.type, 136);
});

test("solicitations for others are not answered", () => {
  const bench = ethernetBench();
  assertEquals(bench.put(solicitation("fd00::3")), []);
});

/** Makes the peer known and reachable. */
function reachable(bench: EthernetBench6): void {
  send(bench);
  bench.put(advertisement(PEER, 0x60));
}

test("unreachability: reachable, stale, delay, probe, gone (RFC 4861, 7.3)", () => {
  const bench = ethernetBench({ ndpOptions: { lifetime: 10_000 } });
  reachable(bench);
  // Reachable for half to one and a half times the base time: nobody asks.
  assertEquals(asked(bench.pass(4900)).length, 0);
  assertEquals(asked(send(bench)).length, 0);
  // Stale then: what is sent goes out, and five seconds later the neighbour alone is asked.
  assertEquals(asked(bench.pass(10_200)).length, 0);
  const frames = send(bench);
  assertEquals([frames.length, asked(frames).length], [1, 0]);
  assertEquals(asked(bench.pass(4900)).length, 0);
  const [probe] = asked(bench.pass(150));
  assertEquals([probe!.to, probe!.sent.destination], [PEER_MAC, PEER]);
  assertEquals(asked(bench.pass(2000)).length, 2);
  // Nobody answers, so everybody is asked; then, for a second, sends fail at once.
  const rest = asked(bench.pass(3900));
  assertEquals(rest.map(({ sent }) => sent.destination), new Array(3).fill(solicited(PEER)));
  bench.pass(150);
  assertEquals(asked(send(bench)).length, 0);
  bench.pass(1000);
  assertEquals(asked(send(bench)).length, 1);
});

test("unreachability: an answer to a probe, or advice from above, confirms", () => {
  for (const how of ["answer", "advice"]) {
    const bench = ethernetBench({ ndpOptions: { lifetime: 10_000 } });
    reachable(bench);
    bench.pass(16_000, 100);
    send(bench);
    if (how === "answer") {
      bench.pass(5050);
      bench.put(advertisement(PEER, 0x40));
    } else {
      const path = bench.net.ipv6.path(bench.net.ipv6.parse(PEER)!, null);
      if (typeof path !== "string") path.advise(true);
    }
    send(bench);
    assertEquals(asked(bench.pass(4900)).length, 0, how);
  }
});

// RFC 4861, 7.2.5 and appendix C.
const TO_PEER = [PEER_MAC, OTHER_MAC];
for (
  const [what, flags, options, to, asksAfter] of [
    ["not overriding, another MAC: doubt", 0x40, [2, 1, ...mac(OTHER_MAC)], 0, true],
    ["overriding, another MAC, solicited: believed", 0x60, [2, 1, ...mac(OTHER_MAC)], 1, false],
    ["overriding, another MAC, unsolicited: taken, and checked", 0x20, [2, 1, ...mac(OTHER_MAC)], 1, true],
    ["overriding, no MAC, solicited: confirmed", 0x60, [], 0, false],
    ["unsolicited, the same MAC: nothing changes", 0x20, [2, 1, ...mac(PEER_MAC)], 0, false],
  ] as const
) {
  test(`an advertisement of a reachable neighbour: ${what}`, () => {
    const bench = ethernetBench({ ndpOptions: { lifetime: 60_000 } });
    reachable(bench);
    bench.put(advertisement(PEER, flags, { options: [...options] }));
    const [frame] = send(bench);
    assertEquals(formatMac(frame!), TO_PEER[to]);
    assertEquals(asked(bench.pass(5100)).length > 0, asksAfter);
  });
}

test("an unsolicited advertisement of a stranger makes no entry; one without a MAC ends no question", () => {
  const bench = ethernetBench();
  bench.put(advertisement(PEER, 0x20));
  assertEquals(asked(send(bench)).length, 1);
  assertEquals(bench.put(advertisement(PEER, 0x60, { options: [] })), []);
  assertEquals(packets(bench.put(advertisement(PEER, 0x60)))[0]!.next, 17);
});

test("the cache is bounded, and strangers drive out nobody in use", () => {
  const bench = ethernetBench({ ndpOptions: { neighbours: 8 } });
  reachable(bench);
  for (let i = 0; i < 100; i++) {
    const source = `fd00::1:${i.toString(16)}`;
    assertEquals(packets(bench.put(solicitation(OURS, { source }))).length, 1);
  }
  assertEquals(asked(send(bench)).length, 0);
  assert(bench.counter("ndp", "evicted") > 80);
});

// Duplicate address detection (RFC 4862, 5.4; RFC 4429; RFC 7527).

test("an address is asked for within a second, with a nonce, and announced a second later", () => {
  const bench = ethernetBench({ fresh: true });
  const seen: [number, Sent][] = [];
  for (let ms = 0; ms < 3000; ms += 10) for (const sent of packets(bench.pass(10, 10))) seen.push([ms, sent]);
  const ours = seen.filter(([, { type, body }]) => (type === 135 || type === 136) && address(body) === OURS);
  assertEquals(ours.map(([, { type, source }]) => [type, source]), [[135, "::"], [136, OURS]]);
  const [[at, probe], [then, told]] = ours as [[number, Sent], [number, Sent]];
  assert(at < 1000 && Math.abs(then - at - 1000) <= 10);
  assertEquals([probe.destination, ...probe.body.subarray(16, 18)], [solicited(OURS), 14, 1]);
  assert(probe.body.subarray(18).some((byte) => byte !== 0));
  assertEquals([told.destination, told.word >>> 24, told.hopLimit], [ALL, 0x20, 255]);
});

test("optimistic: used at once, but its advertisements do not override, nor do its questions tell our MAC (RFC 4429)", () => {
  const bench = ethernetBench({ fresh: true });
  const [answer] = packets(bench.put(solicitation(OURS)));
  assertEquals([answer!.type, answer!.word >>> 24], [136, 0x40]);
  const [question] = asked(send(bench, "fd00::7"));
  assertEquals([question!.sent.source, question!.sent.payload.length], [OURS, 24]);
});

test("waiting: not used, answered for or listened to until nobody answered", () => {
  const bench = ethernetBench({ fresh: true, ndpOptions: { dad: "wait" } });
  assertEquals(bench.put(solicitation(OURS)), []);
  assertEquals(bench.put(frame6(icmp6Packet(128, 0, [0, 1, 0, 1]))), []);
  assertEquals(bench.net.ipv6.path(bench.net.ipv6.parse(PEER)!, null), "EADDRNOTAVAIL");
  bench.pass(2050);
  assertEquals(packets(bench.put(solicitation(OURS)))[0]!.word >>> 24, 0x60);
  assertEquals(packets(bench.put(frame6(icmp6Packet(128, 0, [0, 1, 0, 1]))))[0]!.type, 129);
});

test("none: announced at once", () => {
  const bench = ethernetBench({ fresh: true, ndpOptions: { dad: "none" } });
  const sent = packets(bench.turn());
  assert(sent.every(({ type }) => type === 136));
  assert(sent.some(({ body }) => address(body) === OURS));
});

for (const dad of ["wait", "optimistic"] as const) {
  test(`${dad}: an answer, or another host's question, gives the address up`, () => {
    const conflicts: string[] = [];
    const ndpOptions = { dad, onConflict: (own: unknown, mac: string) => void conflicts.push(`${own} ${mac}`) };
    const nameless = { source: "::", destination: DESTINATION, to: TO, options: [14, 1, 1, 2, 3, 4, 5, 6] };
    for (
      const frame of [
        advertisement(OURS, 0x20, { destination: ALL, to: groupMac(ALL) }),
        solicitation(OURS, nameless),
        solicitation(OURS, { ...nameless, options: [] }),
      ]
    ) {
      const bench = ethernetBench({ fresh: true, ndpOptions });
      bench.turn();
      bench.put(frame);
      bench.pass(3000);
      assertEquals(bench.net.ipv6.addresses.map(({ address }) => `${address}`).includes(OURS), false);
      assertEquals(bench.put(solicitation(OURS)), []);
      // The address of the link remains, and nothing is said from the lost one.
      assertEquals(bench.net.ipv6.addresses.length, 1);
    }
    assertEquals(conflicts, [`${OURS} ${PEER_MAC}`, `${OURS} `, `${OURS} `]);
  });
}

test("our own question that the link brings back is no conflict (RFC 7527)", () => {
  const bench = ethernetBench({ fresh: true });
  const probes = bench.pass(1000).filter((frame) => {
    const [sent] = packets([frame]);
    return sent!.type === 135 && address(sent!.body) === OURS;
  });
  assertEquals(probes.length, 1);
  bench.put(probes[0]!);
  bench.pass(2000);
  assertEquals([bench.counter("ndp", "conflicts"), bench.net.ipv6.addresses.length], [0, 2]);
});

test("the link's address is tried anew when it is taken (RFC 7217)", () => {
  const bench = ethernetBench({ fresh: true });
  const first = `${bench.net.ipv6.addresses[0]!.address}`;
  bench.turn();
  bench.put(advertisement(first, 0x20, { destination: ALL, to: groupMac(ALL) }));
  bench.pass(3000);
  const addresses = bench.net.ipv6.addresses.map(({ address }) => `${address}`);
  assertEquals(addresses.length, 2);
  assert(addresses.some((address) => address.startsWith("fe80::") && address !== first));
});

test("an address in use is defended, every ten seconds at most", () => {
  const bench = ethernetBench();
  const claim = advertisement(OURS, 0x20, { destination: ALL, to: groupMac(ALL) });
  const [defence] = packets(bench.put(claim));
  assertEquals([defence!.type, defence!.source, defence!.destination, defence!.word >>> 24], [136, OURS, ALL, 0x20]);
  assertEquals(bench.put(claim, claim), []);
  bench.pass(10_000);
  assertEquals(bench.put(claim).length, 1);
  assertEquals([bench.counter("ndp", "conflicts"), bench.net.ipv6.addresses.length], [4, 2]);
});

test("packets of ours that the link brings back are no messages of others", () => {
  const bench = ethernetBench();
  for (const frame of send(bench)) bench.put(frame);
  assertEquals([bench.counter("ndp", "conflicts"), bench.counter("ndp", "malformed")], [0, 0]);
});

test("a withdrawn address is answered for no more, and its group left", () => {
  const bench = ethernetBench();
  bench.net.ipv6.withdraw({ address: bench.net.ipv6.parse(OURS)! });
  const foreign = bench.counter("ethernet", "foreign");
  assertEquals(bench.put(solicitation(OURS, { destination: DESTINATION, to: TO })), []);
  assertEquals(bench.counter("ethernet", "foreign"), foreign + 1);
});

test("groups go to their MAC addresses, at once", () => {
  const bench = ethernetBench();
  const [frame] = send(bench, "ff02::1:2");
  assertEquals(formatMac(frame!), "33:33:00:01:00:02");
  assertEquals(packets([frame!])[0]!.hopLimit, 1);
});

test("UDP to a group reaches who joined it, and its own loop", () => {
  const bench = ethernetBench();
  const got: string[] = [];
  const socket = bench.net.udp.bind({ port: 9 }, (data, from) => void got.push(`${data.length} ${from}`));
  socket.join("ff02::77");
  const fields = { source: PEER, destination: "ff02::77" };
  bench.put(frame6(ipv6Packet(udp6(5, 9, [1, 2], fields), fields), { to: groupMac("ff02::77") }));
  socket.send(new Uint8Array(3), bench.net.ipv6.parse("ff02::77")!, 9);
  bench.turn();
  const own = bench.net.ipv6.addresses[0]!.address;
  assertEquals(got, [`2 ${PEER}`, `3 ${own}`]);
  socket.leave("ff02::77");
  bench.put(frame6(ipv6Packet(udp6(5, 9, [1, 2], fields), fields), { to: groupMac("ff02::77") }));
  assertEquals(got.length, 2);
});

test("ndp refuses options that do not fit", () => {
  assertThrows(() => ndp({ dad: "never" as never }), RangeError, "wait, optimistic, none");
  assertThrows(() => ndp({ probe: true } as never), TypeError, 'there is no option "probe"');
});
