import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { arp } from "../../protocols/arp.ts";
import {
  address,
  arpMessage,
  ethernetBench,
  frame,
  hex,
  icmpMessage,
  ipv4Packet,
  mac,
  OUR_MAC,
  OURS,
  PEER,
  PEER_MAC,
} from "./harness.ts";

const ALL = "ff:ff:ff:ff:ff:ff";
const OTHER_MAC = "02:00:00:00:00:99";

function request(target = OURS, sender = PEER, senderMac = PEER_MAC): Uint8Array {
  return frame(0x806, arpMessage(1, { target, sender, senderMac }), { to: ALL, from: senderMac });
}

function reply(sender = PEER, senderMac = PEER_MAC): Uint8Array {
  return frame(0x806, arpMessage(2, { sender, senderMac, targetMac: OUR_MAC }), { from: senderMac });
}

function isArp(bytes: Uint8Array): boolean {
  return bytes[12] === 8 && bytes[13] === 6;
}

test("a request for us is answered to its sender alone (RFC 826)", () => {
  const bench = ethernetBench();
  const answer = frame(0x806, arpMessage(2, { senderMac: OUR_MAC, sender: OURS, targetMac: PEER_MAC, target: PEER }), {
    to: PEER_MAC,
    from: OUR_MAC,
  });
  assertEquals(bench.put(request()).map(hex), [hex(answer)]);
  // Padded to the least frame, and as the kernel asks again: to us alone.
  const padded = new Uint8Array(60);
  padded.set(request());
  padded.set(mac(OUR_MAC));
  assertEquals(bench.put(padded).map(hex), [hex(answer)]);
  assertEquals(bench.put(request("10.0.0.3")), []);
});

test("messages that make no sense are dropped and counted", () => {
  const bench = ethernetBench();
  const good = arpMessage(1);
  const bad = (at: number, ...bytes: number[]): Uint8Array => {
    const message = [...good];
    message.splice(at, bytes.length, ...bytes);
    return frame(0x806, message, { to: ALL });
  };
  const wrong = [
    bad(0, 0, 6),
    bad(2, 0x86, 0xdd),
    bad(4, 8),
    bad(5, 16),
    bad(6, 0, 3),
    bad(6, 0, 0),
    bad(8, 1),
    bad(14, 224),
    bad(14, 127, 0, 0, 1),
    bad(14, 255, 255, 255, 255),
    frame(0x806, good.slice(0, 27), { to: ALL }),
  ];
  for (const message of wrong) assertEquals(bench.put(message), []);
  assertEquals(bench.counter("arp", "malformed"), wrong.length);
});

test("a probe for our address is answered, and enters nothing into the cache (RFC 5227, 2.1.1)", () => {
  const bench = ethernetBench();
  const sent = bench.put(request(OURS, "0.0.0.0"));
  assertEquals(sent.length, 1);
  assertEquals(hex(sent[0]!.subarray(38, 42)), "00000000");
  assertEquals(bench.counter("arp", "conflicts"), 0);
});

test("packets wait for the answer and leave in order", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  for (let i = 0; i < 3; i++) socket.send(Uint8Array.of(i), address(PEER), 9);
  const asked = bench.turn();
  assertEquals(asked.map(hex), [
    hex(frame(0x806, arpMessage(1, { senderMac: OUR_MAC, sender: OURS, target: PEER }), { to: ALL, from: OUR_MAC })),
  ]);
  assertEquals(bench.net.packetsTaken, 3);
  const sent = bench.put(reply());
  assertEquals(
    sent.map((bytes) => [hex(bytes.subarray(0, 6)), bytes[42]]),
    [0, 1, 2].map((i) => [hex(mac(PEER_MAC)), i]),
  );
  assertEquals(bench.net.packetsTaken, 0);
});

test("the queue is bounded: its oldest packet is dropped, and counted", () => {
  const bench = ethernetBench({ queue: 2 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  for (let i = 0; i < 5; i++) socket.send(Uint8Array.of(i), address(PEER), 9);
  bench.turn();
  assertEquals(bench.put(reply()).map((bytes) => bytes[42]), [3, 4]);
  assertEquals(bench.counter("arp", "overflow"), 3);
});

test("hosts that do not answer keep no other from being reached: the latest packet of each waits (RFC 1122, 2.3.2.2)", () => {
  const bench = ethernetBench({ queue: 2 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  for (let i = 10; i < 30; i++) socket.send(Uint8Array.of(i), address(`10.0.0.${i}`), 9);
  for (let i = 0; i < 3; i++) socket.send(Uint8Array.of(i), address(PEER), 9);
  bench.turn();
  assertEquals([bench.net.packetsTaken, bench.counter("arp", "overflow")], [21, 2]);
  assertEquals(bench.put(reply()).map((bytes) => bytes[42]), [2]);
});

test("three requests a second apart, then the packets are reported, and a later send asks anew", () => {
  const bench = ethernetBench();
  const errors: string[] = [];
  const socket = bench.net.udp.bind({ port: 1000, onError: (error) => errors.push(error.code) }, () => {});
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn().length, 1);
  assertEquals(bench.pass(999).length, 0);
  assertEquals(bench.pass(1).length, 1);
  assertEquals(bench.pass(1000).length, 1);
  assertEquals(errors, []);
  assertEquals(bench.pass(1000).length, 0);
  assertEquals(errors, ["EHOSTUNREACH"]);
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn(), []);
  assertEquals(errors, ["EHOSTUNREACH", "EHOSTUNREACH"]);
  bench.pass(1000);
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn().length, 1);
  assertEquals(bench.put(reply()).length, 1);
  assertEquals(bench.net.packetsTaken, 0);
});

test("a steady sender to a silent host asks again and again", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  let requests = 0;
  for (let i = 0; i < 400; i++) {
    socket.send(Uint8Array.of(1), address(PEER), 9);
    requests += bench.pass(50).filter(isArp).length;
  }
  // Twenty seconds of three requests in every four.
  assert(requests >= 14 && requests <= 16, String(requests));
});

test("a neighbour in use is asked alone before it expires; one that is not in use is forgotten", () => {
  const bench = ethernetBench({ lifetime: 10_000 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  const send = (): boolean => socket.send(Uint8Array.of(1), address(PEER), 9);
  send();
  bench.turn();
  bench.put(reply());
  send();
  assertEquals(bench.turn().filter(isArp).length, 0);
  const probes = bench.pass(10_000).filter(isArp);
  assertEquals(probes.map((bytes) => hex(bytes.subarray(0, 6))), [hex(mac(PEER_MAC))]);
  // While it is asked, packets still go.
  send();
  assertEquals(bench.turn().filter((bytes) => !isArp(bytes)).length, 1);
  bench.put(reply());
  assertEquals(bench.pass(9000).filter(isArp).length, 0);
  // Not used since: it grows stale and is dropped without a question.
  bench.pass(1000);
  bench.put(reply());
  assertEquals(bench.pass(100_000, 1000).filter(isArp).length, 0);
  send();
  assertEquals(hex(bench.turn().filter(isArp)[0]!.subarray(0, 6)), "ffffffffffff");
});

test("a neighbour that answers no probe is looked for anew, and found at another MAC address", () => {
  const bench = ethernetBench({ lifetime: 10_000 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  const send = (): boolean => socket.send(Uint8Array.of(1), address(PEER), 9);
  send();
  bench.turn();
  bench.put(reply());
  send();
  const sent: Uint8Array[] = [];
  for (let i = 0; i < 27; i++) {
    send();
    sent.push(...bench.pass(500));
  }
  const asked = sent.filter(isArp).map((bytes) => hex(bytes.subarray(0, 6)));
  assertEquals(asked, [...new Array(3).fill(hex(mac(PEER_MAC))), "ffffffffffff"]);
  const late = bench.put(reply(PEER, OTHER_MAC));
  assert(late.length > 0);
  assertEquals(hex(late[0]!.subarray(0, 6)), hex(mac(OTHER_MAC)));
});

test("a message of a known host moves it, also when it is not for us (the merge of RFC 826)", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  socket.send(Uint8Array.of(1), address(PEER), 9);
  bench.turn();
  bench.put(reply());
  bench.put(request(PEER, PEER, OTHER_MAC));
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn().map((bytes) => hex(bytes.subarray(0, 6))), [hex(mac(OTHER_MAC))]);
  // A host that is not known is not taken up from what is not for us.
  bench.put(request("10.0.0.77", "10.0.0.78"));
  socket.send(Uint8Array.of(1), address("10.0.0.78"), 9);
  assert(isArp(bench.turn()[0]!));
});

test("who asks for us is known when the answer to its packet leaves", () => {
  const bench = ethernetBench();
  bench.put(request());
  const echo = ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 1]), { protocol: 1 });
  const sent = bench.put(frame(0x800, echo));
  assertEquals(sent.length, 1);
  assert(!isArp(sent[0]!));
});

test("a flood of strangers drives out no neighbour in use, and the cache stays small", () => {
  const bench = ethernetBench({ neighbours: 8 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  socket.send(Uint8Array.of(1), address(PEER), 9);
  bench.turn();
  bench.put(reply());
  socket.send(Uint8Array.of(1), address(PEER), 9);
  bench.turn();
  for (let i = 0; i < 1000; i++) bench.put(request(OURS, `10.0.${i >> 8}.${i & 255}`, OTHER_MAC));
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn().map(isArp), [false]);
  assert(bench.counter("arp", "evicted") > 900);
  // Unanswered lookups of our own go before it, too.
  for (let i = 10; i < 100; i++) socket.send(Uint8Array.of(1), address(`10.0.0.${i}`), 9);
  bench.turn();
  socket.send(Uint8Array.of(1), address(PEER), 9);
  assertEquals(bench.turn().map(isArp), [false]);
  bench.pass(8000);
  assertEquals(bench.net.packetsTaken, 0);
});

test("hosts that did not answer make room for who asks for us", () => {
  const bench = ethernetBench({ neighbours: 8 });
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  for (let i = 10; i < 18; i++) socket.send(Uint8Array.of(1), address(`10.0.0.${i}`), 9);
  bench.turn();
  bench.pass(3500);
  bench.put(request());
  const echo = ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 1]), { protocol: 1 });
  assertEquals(bench.put(frame(0x800, echo)).map(isArp), [false]);
});

test("a static address is announced twice and used at once", () => {
  const bench = ethernetBench({ probe: true });
  bench.net.close();
  const other = ethernetBench();
  assertEquals(other.counter("arp", "requests"), 0);
  const cidr = { address: address("10.0.0.7"), prefix: 24, mask: -256 };
  other.net.ipv4.assign(cidr);
  const sent = other.pass(4000);
  const announcement = frame(0x806, arpMessage(1, { senderMac: OUR_MAC, sender: "10.0.0.7", target: "10.0.0.7" }), {
    to: ALL,
    from: OUR_MAC,
  });
  assertEquals(sent.map(hex), [hex(announcement), hex(announcement)]);
  assertEquals(other.put(request("10.0.0.7")).length, 1);
  other.net.ipv4.withdraw(cidr);
  assertEquals(other.put(request("10.0.0.7")), []);
});

test("with probe, three probes and two announcements come first, and requests are not answered before", () => {
  const bench = ethernetBench({ probe: true });
  assertEquals(bench.put(request()), []);
  const sent = bench.pass(12_000);
  assertEquals(sent.map((bytes) => hex(bytes.subarray(28, 32))), [
    "00000000",
    "00000000",
    "00000000",
    "0a000002",
    "0a000002",
  ]);
  for (const bytes of sent) assertEquals(hex(bytes.subarray(38, 42)), "0a000002");
  assertEquals(bench.put(request()).length, 1);
});

test("with probe, an address that another host has is given up and reported", () => {
  const heard: string[] = [];
  const bench = ethernetBench({ probe: true, onConflict: (ours, other) => heard.push(`${ours} ${other}`) });
  bench.pass(1500);
  bench.put(frame(0x806, arpMessage(2, { sender: OURS, senderMac: OTHER_MAC, targetMac: OUR_MAC, target: "0.0.0.0" })));
  assertEquals(heard, [`${0x0a000002} ${OTHER_MAC}`]);
  assertEquals(bench.net.ipv4.addresses, []);
  assertEquals(bench.pass(10_000), []);
  assertEquals(bench.put(request()), []);
});

test("our address is defended once in ten seconds (RFC 5227, 2.4)", () => {
  const heard: string[] = [];
  const bench = ethernetBench({ onConflict: (_, other) => heard.push(other) });
  const thief = frame(0x806, arpMessage(1, { sender: OURS, senderMac: OTHER_MAC, target: OURS }), {
    to: ALL,
    from: OTHER_MAC,
  });
  const defence = hex(
    frame(0x806, arpMessage(1, { senderMac: OUR_MAC, sender: OURS, target: OURS }), { to: ALL, from: OUR_MAC }),
  );
  assertEquals(bench.put(thief).map(hex), [defence]);
  assertEquals(bench.put(thief), []);
  bench.pass(9000);
  assertEquals(bench.put(thief), []);
  bench.pass(1100);
  assertEquals(bench.put(thief).map(hex), [defence]);
  assertEquals(heard.length, 4);
  assertEquals(bench.counter("arp", "conflicts"), 4);
});

test("broadcasts and groups need no answer (RFC 1112, 6.4)", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 1000, broadcast: true, loopback: false }, () => {});
  socket.send(Uint8Array.of(1), address("255.255.255.255"), 9);
  socket.send(Uint8Array.of(1), address("10.0.0.255"), 9);
  socket.send(Uint8Array.of(1), address("239.255.1.2"), 9);
  assertEquals(bench.turn().map((bytes) => hex(bytes.subarray(0, 6))), [
    "ffffffffffff",
    "ffffffffffff",
    "01005e7f0102",
  ]);
});

test("what waits when the stack closes is given back", () => {
  const bench = ethernetBench();
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  for (let i = 10; i < 20; i++) socket.send(Uint8Array.of(1), address(`10.0.0.${i}`), 9);
  bench.net.close();
  assertEquals(bench.net.packetsTaken, 0);
});

test("a confirmation from above keeps a neighbour without questions", () => {
  const bench = ethernetBench({ lifetime: 10_000 });
  const path = bench.net.ipv4.path(address(PEER), null);
  assert(typeof path !== "string");
  const socket = bench.net.udp.bind({ port: 1000 }, () => {});
  socket.send(Uint8Array.of(1), address(PEER), 9);
  bench.turn();
  bench.put(reply());
  for (let i = 0; i < 20; i++) {
    socket.send(Uint8Array.of(1), address(PEER), 9);
    path.advise(true);
    assertEquals(bench.pass(5000).filter(isArp).length, 0);
  }
});

test("arp refuses options that do not fit", () => {
  assertThrows(() => arp({ lifetime: 0 }), RangeError, 'arp(): option "lifetime" must be an integer of at least 1');
  assertThrows(() => arp({ neighbors: 3 } as never), TypeError, 'there is no option "neighbors"');
});
