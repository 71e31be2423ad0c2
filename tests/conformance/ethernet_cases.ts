// Ethernet frames (RFC 894; RFC 1122, 2.3), and IPv4 in them.

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL, ARP, groupMac, hex, IPV4, OTHER_MAC } from "./frames.ts";
import { filled, icmpMessage, ip, text, udpDatagram } from "./packets.ts";
import { onLink } from "./station.ts";
import { TcpPeer } from "./tcp_peer.ts";
import { HOST } from "./wire.ts";

export const ETHERNET_CASES: FrameCase[] = [];
const define = onLink(ETHERNET_CASES);

define("ethernet: an echo is answered to who sent it", async (station) => {
  station.echo4(1);
  const got = await station.answers4(1);
  assertEquals([got?.to, got?.from], [hex(station.mac), hex(station.lan.mac)]);
});
define("ethernet: frames for other hosts are dropped", async (station) => {
  station.echo4(1, {}, OTHER_MAC);
  assert(!await station.answers4(1));
});
define("ethernet: unknown types are dropped", async (station) => {
  for (const type of [0x88b5, 0x0842, 0x6003, 0x8035, 0x8847, 0x8864, 0xffff]) {
    station.frame(
      type,
      ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x"))),
    );
  }
  await station.silence();
  await station.alive4();
});
define("ethernet: frames with a length, as of 802.3 and LLC, are dropped", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  for (const head of [[], [0xaa, 0xaa, 3, 0, 0, 0, 8, 0], [0xff, 0xff], [0x42, 0x42, 3], [6, 6, 3]]) {
    station.frame(head.length + packet.length, Uint8Array.from([...head, ...packet]));
  }
  await station.silence();
  await station.alive4();
});
define("ethernet: runts and empty frames are dropped", async (station) => {
  for (let size = 1; size < 14; size++) {
    station.lan.put(Uint8Array.from([...station.lan.mac, ...station.mac, 8, 0]).subarray(0, size));
  }
  for (const type of [IPV4, ARP, 0x86dd]) {
    for (const size of [0, 1, 19]) station.frame(type, filled(size));
  }
  await station.silence();
  await station.alive4();
});
define("ethernet: padding behind a packet is no part of it", async (station) => {
  station.echo4(1, {}, undefined, 60);
  const got = await station.packet((p) => p.protocol === 1);
  assertEquals([...got![0].payload.subarray(4)], [0, 1, 0, 1, 1, 2, 3]);
  station.put4(
    { protocol: 17 },
    udpDatagram({ destination: 7, us: station.ip, them: HOST }, text("a")),
    undefined,
    17,
  );
  const datagram = await station.packet((p) => p.protocol === 17);
  assertEquals(datagram?.[0].payload.length, 9);
});
define("ethernet: frames of a VLAN are dropped", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  station.frame(0x8100, Uint8Array.from([0, 5, 8, 0, ...packet]));
  station.frame(0x88a8, Uint8Array.from([0, 5, 8, 0, ...packet]));
  station.frame(0x8100, Uint8Array.from([0]));
  await station.silence();
  await station.alive4();
});
define("ethernet: a frame with a priority but no VLAN is read (IEEE 802.1Q)", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  station.frame(0x8100, Uint8Array.from([0xa0, 0, 8, 0, ...packet]));
  const got = await station.answers4(1);
  assertEquals(got?.type, IPV4);
});
define("ethernet: a SYN in a frame for many is dropped", async (station) => {
  for (const to of [ALL, groupMac([224, 0, 0, 1])]) {
    const wire = station.wire(4);
    const peer = new TcpPeer({ ...wire, put: (bytes) => station.frame(IPV4, bytes, to) }, 7);
    peer.put({ flags: "S" });
    await peer.silence();
  }
});
define("ethernet: a datagram for a closed port in a frame for many is not answered", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip, them: HOST }, text("x"));
  station.put4({ protocol: 17 }, data, ALL);
  await station.silence();
});
define("ethernet: a broadcast datagram for an open port is answered from our own address", async (station) => {
  for (const destination of [[255, 255, 255, 255], [10, 1, 0, 255]]) {
    const data = udpDatagram({ destination: 7, us: station.ip, them: destination }, text("all"));
    station.put4({ protocol: 17, destination }, data, ALL);
    const got = await station.packet((p) => p.protocol === 17);
    assertEquals(got?.[0].source, HOST.join("."), String(destination));
  }
});
define("ethernet: TCP connections work", async (station) => {
  const peer = new TcpPeer(station.wire(4), 7);
  await peer.open();
  peer.put({ flags: "PA", data: "hello" });
  assertEquals(await peer.collect(5), text("hello"));
  peer.reset();
});
define("ethernet: the group of all hosts is heard", async (station) => {
  const destination = [224, 0, 0, 1];
  const data = udpDatagram({ destination: 7, us: station.ip, them: destination }, text("all"));
  station.put4({ protocol: 17, destination }, data, groupMac(destination));
  assertEquals((await station.packet((p) => p.protocol === 17))?.[0].source, HOST.join("."));
});
define("ethernet: who is in no network that we know a way to is not answered, nor asked for", async (station) => {
  const source = [192, 168, 9, 9];
  station.put4({ protocol: 1, source }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  const peer = new TcpPeer({ ...station.wire(4), us: source }, 7);
  peer.put({ flags: "S" });
  const asks = await station.take(({ type, payload }) =>
    type === ARP && hex(payload.subarray(24, 28)) === hex(source) || hex(payload.subarray(16, 20)) === hex(source)
  );
  assertEquals(asks, null);
});
define("icmp: a host redirects nobody from itself (RFC 1122, 3.2.2.2)", async (station) => {
  station.echo4(1);
  assert(await station.answers4(1));
  const ours = ip({ protocol: 17, source: HOST, destination: station.ip }, udpDatagram({ destination: 9 }, text("x")));
  station.put4({ protocol: 1 }, icmpMessage(5, 1, [10, 1, 0, 127], ours));
  station.echo4(2);
  assert(await station.answers4(2));
});
define("ethernet: a connection of a stranger: it is asked for, then gets its SYN,ACK", async (station) => {
  station.answers = false;
  const peer = new TcpPeer(station.wire(4), 7);
  peer.put({ flags: "S" });
  const asked = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4);
  assertEquals(asked?.type, ARP);
  station.arp({ operation: 2, targetMac: station.lan.mac, to: station.lan.mac });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.reset();
});
define("ethernet: a connection follows its peer to another hardware address", async (station) => {
  const peer = new TcpPeer(station.wire(4), 7);
  await peer.open();
  await station.take(() => false, 1200);
  station.mac = [2, 0, 0, 0, 2, station.number];
  station.arp({ target: station.ip });
  peer.put({ flags: "PA", data: "moved" });
  const got = await station.take((frame) => frame.type === IPV4 && frame.payload[9] === 6);
  assertEquals(got?.to, hex(station.mac));
  peer.reset();
});
