// UDP and TCP over IPv6 (RFC 8200, 8; RFC 8201).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL_NODES, groupMac, hex, IPV6 } from "./frames.ts";
import { filled, ip6, text, udpDatagram } from "./packets.ts";
import { onLink } from "./station.ts";
import { TcpPeer } from "./tcp_peer.ts";
import { HOST6 } from "./wire.ts";

export const TRANSPORTS_OVER_IPV6_CASES: FrameCase[] = [];
const define = onLink(TRANSPORTS_OVER_IPV6_CASES);

define("udp over IPv6: a datagram is echoed, an empty one too", async (station) => {
  for (const data of [text("hello"), new Uint8Array(0), filled(1), filled(1452)]) {
    station.put6({ next: 17 }, udpDatagram({ destination: 7, us: station.ip6, them: HOST6 }, data));
    const got = await station.packet((p) => p.six && p.protocol === 17);
    assertEquals(got?.[0].payload.slice(8), data);
    const sum = udpDatagram({ source: 7, destination: 5000, us: HOST6, them: station.ip6 }, data);
    assertEquals(got?.[0].payload.slice(), sum, "checksum");
  }
});
define("udp over IPv6: no checksum, and a wrong one, are dropped", async (station) => {
  for (const checksum of [0, 0x1234]) {
    station.put6({ next: 17 }, udpDatagram({ destination: 7, checksum }, text("x")));
    station.put6({ next: 17 }, udpDatagram({ destination: 4444, checksum }, text("x")));
  }
  await station.silence();
});
define("udp over IPv6: a length below 8 or beyond the packet is dropped", async (station) => {
  for (const length of [1, 7, 100]) {
    station.put6({ next: 17 }, udpDatagram({ destination: 7, length, us: station.ip6, them: HOST6 }, text("x")));
  }
  await station.silence();
});
define("udp over IPv6: a datagram to all nodes for an open port is answered from our own address", async (station) => {
  const data = udpDatagram({ destination: 7, us: station.ip6, them: ALL_NODES }, text("all"));
  station.put6({ next: 17, destination: ALL_NODES }, data, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.protocol === 17);
  assertEquals(hex(got![0].addresses), hex([...HOST6, ...station.ip6]));
});
define("tcp over IPv6: data is echoed, then the connection closed", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  peer.put({ flags: "S", options: [2, 4, 0x05, 0xa0] });
  const got = await peer.expect({ flags: "SA", ack: 1 });
  assertEquals(got.options.slice(0, 4), [2, 4, 0x05, 0xa0]);
  peer.acked = 1;
  peer.put({ flags: "PA", data: "hello" });
  assertEquals(await peer.collect(5), text("hello"));
  peer.put({ flags: "FA" });
  let end = await peer.expect({});
  if (!end.flags.includes("F")) end = await peer.expect({});
  assertEquals([end.flags, end.ack], ["FA", 7]);
  peer.acked = 7;
  peer.put({});
  await peer.silence();
});
define("tcp over IPv6: a closed port refuses", async (station) => {
  const peer = new TcpPeer(station.wire(6), 4444);
  peer.put({ flags: "S" });
  const got = await peer.expect({ flags: "RA", ack: 1 });
  assertEquals(got.rawSeq, 0);
});
define("tcp over IPv6: wrong checksum, groups and frames for many are dropped", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  peer.put({ flags: "S", badChecksum: true });
  peer.put({ flags: "S", seq: 0, destination: ALL_NODES });
  await peer.silence();
  const many = new TcpPeer({ ...station.wire(6), put: (bytes) => station.frame(IPV6, bytes, groupMac(ALL_NODES)) }, 7);
  many.put({ flags: "S" });
  await many.silence();
});
define("tcp over IPv6: the MSS is 1220 where the peer does not say", async (station) => {
  const peer = new TcpPeer(station.wire(6), 19);
  await peer.open([]);
  for (let i = 0; i < 4; i++) {
    const got = await peer.expect({});
    assert(got.data.length <= 1220, String(got.data.length));
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp over IPv6: packet too big makes segments smaller, and sends what was lost again", async (station) => {
  const peer = new TcpPeer(station.wire(6), 19);
  await peer.open([2, 4, 0x05, 0xa0]);
  const first = await peer.expect({});
  assert(first.data.length > 1280, String(first.data.length));
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 19);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + 1);
  const quoted = ip6({ next: 6, source: HOST6, destination: station.ip6 }, bytes);
  station.put58(2, 0, [0, 0, 1280 >> 8, 1280 & 255], quoted);
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    if (got.seq !== 1) continue;
    assert(got.data.length <= 1220, String(got.data.length));
    break;
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp over IPv6: errors do not end an established connection", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  await peer.open([2, 4, 0x05, 0xa0]);
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 7);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + 1);
  const quoted = ip6({ next: 6, source: HOST6, destination: station.ip6 }, bytes);
  for (const [type, code] of [[1, 0], [1, 1], [1, 3], [1, 4], [3, 0], [4, 0], [4, 1]] as const) {
    station.put58(type, code, [0, 0, 0, 0], quoted);
  }
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp over IPv6: a connection follows its peer to another hardware address", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  await peer.open([2, 4, 0x05, 0xa0]);
  station.mac = [2, 0, 0, 0, 2, station.number];
  station.advertise({ flags: 0x20, destination: ALL_NODES, to: groupMac(ALL_NODES) });
  peer.put({ flags: "PA", data: "moved" });
  const got = await station.take((frame) => frame.type === IPV6 && frame.payload[6] === 6);
  assertEquals(got?.to, hex(station.mac));
  peer.reset();
});
