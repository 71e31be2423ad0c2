// Headers and addresses of IPv6 (RFC 8200, 3; RFC 4291).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL_NODES, ANY6, groupMac, hex, isAdvertisement, OTHER6 } from "./frames.ts";
import { filled, icmp6, text } from "./packets.ts";
import { linkLocal, onLink } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const IPV6_CASES: FrameCase[] = [];
const define = onLink(IPV6_CASES);

define("ipv6: echo is answered with the same id, sequence and data", async (station) => {
  for (const size of [0, 1, 100, 1452]) {
    station.put58(128, 0, [0, 9, 0, 3], filled(size));
    const got = await station.packet((p) => p.six && p.payload[0] === 129);
    const [packet, frame] = got!;
    assertEquals([...packet.payload.slice(4, 8)], [0, 9, 0, 3]);
    assertEquals(packet.payload.slice(8), filled(size));
    assertEquals([packet.ttl, hex(packet.addresses)], [64, hex([...HOST6, ...station.ip6])]);
    assertEquals([frame.to, frame.from], [hex(station.mac), hex(station.lan.mac)]);
  }
});
define("ipv6: hop limit 1 reaches its destination", async (station) => {
  station.echo6(1, { hopLimit: 1 });
  assert(await station.answers6(1));
});
define("ipv6: another version is dropped", async (station) => {
  for (const version of [0, 4, 5, 7]) station.echo6(1, { version });
  await station.silence();
});
define("ipv6: a payload length beyond the frame is dropped", async (station) => {
  station.echo6(1, { length: 500 });
  await station.silence();
});
define("ipv6: padding behind a packet is no part of it", async (station) => {
  station.put6({ next: 58 }, icmp6(128, 0, [0, 1, 0, 1], text("abc"), station.ip6, HOST6), undefined, 20);
  const got = await station.packet((p) => p.payload[0] === 129);
  assertEquals(got![0].payload.slice(8), text("abc"));
});
define("ipv6: packets for others, and for groups not joined, are not answered", async (station) => {
  station.echo6(1, { destination: OTHER6 });
  station.echo6(2, { destination: [0xff, 2, ...HOST6.slice(2)] }, groupMac([0xff, 2, ...HOST6.slice(2)]));
  await station.silence();
});
define("ipv6: sources that are no host are not answered", async (station) => {
  const loopback = [...ANY6.slice(1), 1];
  for (const source of [ALL_NODES, loopback, HOST6]) station.echo6(1, { source });
  await station.silence();
});
define("ipv6: echo to all nodes is answered from our own address", async (station) => {
  station.echo6(1, { destination: ALL_NODES }, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.payload[0] === 129);
  assertEquals(hex(got![0].addresses), hex([...HOST6, ...station.ip6]));
});
define("ipv6: a neighbour's link-local address is answered from ours, which is defended", async (station) => {
  const us = linkLocal(station);
  station.ip6.splice(0, 16, ...us);
  station.echo6(1, { destination: ALL_NODES }, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.payload[0] === 129, 1000);
  const theirs = [...got![0].addresses.slice(0, 16)];
  assertEquals(theirs.slice(0, 8), us.slice(0, 8));
  station.solicit({ target: theirs });
  const told = await station.take((f) => isAdvertisement(f) && hex(f.payload.subarray(48, 64)) === hex(theirs));
  assertEquals([told?.to, hex(told?.payload.subarray(8, 24) ?? [])], [hex(station.mac), hex(theirs)]);
  station.echo6(2, { destination: theirs });
  assert(await station.answers6(2));
});
