import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { udp } from "../../protocols/udp.ts";
import {
  arpMessage,
  ArrayDriver,
  Bench,
  frame,
  hex,
  icmpMessage,
  ipv4Packet,
  OUR_MAC,
  OURS,
  PEER,
  PEER_MAC,
  udpDatagram,
} from "./harness.ts";

const OTHER_MAC = "02:00:00:00:00:77";
const ALL = "ff:ff:ff:ff:ff:ff";

// deno-lint-ignore explicit-function-return-type
function bench() {
  const clock = new ManualClock();
  const driver = new ArrayDriver("ethernet", 1500);
  const net = stack({
    driver,
    clock,
    random: seededRandom(1),
    protocols: [staticArp({ mac: OUR_MAC, neighbour: PEER_MAC }), ipv4({ address: `${OURS}/24` }), icmp(), udp()],
  });
  return { net, bench: new Bench(clock, driver, net) };
}

const IPV4 = 0x0800;
const ARP = 0x0806;

test("nobody is asked: the first datagram leaves for the neighbour's MAC address, whoever it is for", () => {
  const { net, bench: b } = bench();
  assertEquals(b.turn(), []);
  const socket = net.udp.bind({ port: 7 }, () => {});
  for (const to of [PEER, "10.0.0.77"]) {
    socket.send(Uint8Array.of(1), parseIpv4(to), 9);
    const sent = b.turn();
    assertEquals(sent.length, 1);
    assertEquals(hex(sent[0]!.subarray(0, 14)), hex(frame(IPV4, [], { to: PEER_MAC, from: OUR_MAC })));
  }
  assertEquals(net.packetsTaken, 0);
});

test("whoever asks for an address of ours gets RFC 826's answer, padding or not", () => {
  const { net, bench: b } = bench();
  for (
    const [request, from] of [[frame(ARP, arpMessage(1), { to: ALL }), PEER_MAC], [
      frame(ARP, [...arpMessage(1, { senderMac: OTHER_MAC, sender: "10.0.0.9" }), ...Array(18).fill(0xee)]),
      OTHER_MAC,
    ]] as const
  ) {
    const sent = b.put(request);
    const answer = arpMessage(2, {
      senderMac: OUR_MAC,
      sender: OURS,
      targetMac: from,
      target: from === PEER_MAC ? PEER : "10.0.0.9",
    });
    assertEquals(sent.map(hex), [hex(frame(ARP, answer, { to: from, from: OUR_MAC }))]);
  }
  // A probe has no sender's address (RFC 5227, 2.1.1), and is answered too.
  assertEquals(b.put(frame(ARP, arpMessage(1, { sender: "0.0.0.0" }), { to: ALL })).length, 1);
  assertEquals(net.counters().staticArp, { foreign: 0, unknown: 0, ignored: 0, replies: 3 });
});

test("what asks for others, answers, or makes no sense is not answered, and an address given up neither", () => {
  const { net, bench: b } = bench();
  const silent = (message: number[]): void => assertEquals(b.put(frame(ARP, message, { to: ALL })), []);
  silent(arpMessage(1, { target: "10.0.0.3" }));
  silent(arpMessage(2));
  silent(arpMessage(3));
  silent(arpMessage(1, { senderMac: "03:00:00:00:00:01" }));
  silent(arpMessage(1).slice(0, 27));
  for (let i = 0; i < 6; i++) silent(arpMessage(1).map((byte, at) => at === i ? byte ^ 0x10 : byte));
  assertEquals(b.counter("staticArp", "ignored"), 11);
  net.ipv4.withdraw(net.ipv4.addresses[0]!);
  silent(arpMessage(1));
});

test("frames for others and of other protocols are dropped, and counted", () => {
  const { bench: b } = bench();
  const datagram = ipv4Packet(udpDatagram(9, 7, [1]));
  assertEquals(b.put(frame(IPV4, datagram, { to: OTHER_MAC })), []);
  for (let size = 0; size < 14; size++) assertEquals(b.put(frame(IPV4, []).slice(0, size)), []);
  assertEquals(b.put(frame(0x86dd, datagram), frame(46, datagram)), []);
  assertEquals([b.counter("staticArp", "foreign"), b.counter("staticArp", "unknown")], [15, 2]);
});

test("the whole of IPv4, ICMP and UDP works above it", () => {
  const { net, bench: b } = bench();
  const got: string[] = [];
  net.udp.bind({ port: 7 }, (data) => void got.push(hex(data)));
  b.put(frame(IPV4, [...ipv4Packet(udpDatagram(9, 7, [1, 2])), 0, 0, 0, 0]));
  b.put(
    frame(IPV4, ipv4Packet(udpDatagram(9, 7, [3], { destination: "10.0.0.255" }), { destination: "10.0.0.255" }), {
      to: ALL,
    }),
  );
  assertEquals(got, ["0102", "03"]);
  // What the link carried to many must be for many (RFC 1122, 3.3.6).
  b.put(frame(IPV4, ipv4Packet(udpDatagram(9, 7, [4])), { to: ALL }));
  assertEquals([got.length, b.counter("ipv4", "martians")], [2, 1]);
  const [reply] = b.put(frame(IPV4, ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 1], [5, 6]), { protocol: 1 })));
  assertEquals(hex(reply!.subarray(0, 14)), hex(frame(IPV4, [], { to: PEER_MAC, from: OUR_MAC })));
  assertEquals(hex(reply!.subarray(34)), hex(icmpMessage(0, 0, [0, 1, 0, 1], [5, 6])));
});

test("options that cannot be are refused in a sentence", () => {
  assertThrows(() => staticArp({ mac: OUR_MAC } as never), TypeError, 'staticArp(): option "neighbour" is required');
  const start = (mac: string): unknown =>
    stack({ driver: new ArrayDriver("ethernet", 1500), protocols: [staticArp({ mac, neighbour: PEER_MAC })] });
  assertThrows(() => start("02:00"), SyntaxError, 'Cannot parse "02:00" as a MAC address');
});
