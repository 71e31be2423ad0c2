// The packets that carry TCP: addresses, checksums, options and fragments of IPv4, and whose connection a segment is for.

import { assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { ip, next, text } from "./packets.ts";
import { TcpPeer } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_PACKET_CASES: Case[] = [];
const define = into(TCP_PACKET_CASES);

define("tcp: wrong checksum and wrong data offset are dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", badChecksum: true });
  peer.put({ flags: "S", seq: 0, headerWords: 4 });
  peer.put({ flags: "S", seq: 0, headerWords: 15 });
  await peer.silence();
});
define("tcp: a SYN to a broadcast or group address is dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
    peer.put({ flags: "S", seq: 0, destination });
  }
  await peer.silence();
});
define("tcp: a SYN from a broadcast or group address is dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  for (const source of [[255, 255, 255, 255], [224, 0, 0, 1]]) peer.put({ flags: "S", seq: 0, source });
  await peer.silence();
});

/** A peer whose packets are changed on their way. */
function changed(wire: Wire, port: number, change: (segment: Uint8Array) => Uint8Array[]): TcpPeer {
  return new TcpPeer({ ...wire, put: (bytes) => change(bytes.slice(20)).forEach((packet) => wire.put(packet)) }, port);
}

define("tcp: segments in fragments of IP are read, however they come", async (wire) => {
  let id = 500;
  const peer = changed(wire, 7, (segment) => {
    id++;
    const first = ip({ protocol: 6, id, fragment: 0x2000 }, segment.subarray(0, 8));
    const second = ip({ protocol: 6, id, fragment: 1 }, segment.subarray(8));
    return id & 1 ? [second, first] : [first, second];
  });
  await peer.open();
  peer.put({ flags: "PA", data: "in pieces" });
  assertEquals(await peer.collect(9), text("in pieces"));
  peer.reset();
});
define("tcp: options of IP before it change nothing", async (wire) => {
  for (const options of [[1, 1, 1, 1], [7, 7, 4, 0, 0, 0, 0, 0], [148, 4, 0, 0], [0x9e, 4, 0, 0]]) {
    const peer = changed(wire, 7, (segment) => [ip({ protocol: 6, options }, segment)]);
    await peer.open();
    peer.put({ flags: "PA", data: "hello" });
    assertEquals(await peer.collect(5), text("hello"), String(options));
    peer.reset();
  }
});
define("tcp: a source route is refused", async (wire) => {
  const peer = changed(wire, 7, (segment) => [ip({ protocol: 6, options: [131, 7, 4, 10, 0, 0, 9] }, segment)]);
  peer.put({ flags: "S" });
  await peer.silence();
});
define("tcp: padding behind the packet is no data", async (wire) => {
  const peer = changed(wire, 7, (segment) => [ip({ protocol: 6 }, segment, 10)]);
  await peer.open();
  peer.put({ flags: "PA", data: "hi" });
  assertEquals(await peer.collect(2), text("hi"));
  await peer.silence(100);
  peer.reset();
});
define("tcp: segments must not be fragmented on their way", async (wire) => {
  wire.put(ip({ protocol: 6 }, new Uint8Array(0)));
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  const got = await next(wire, (p) => p.protocol === 6);
  assertEquals([got!.fragment, got!.ttl], [0x4000, 64]);
  peer.reset();
});
define("tcp: segments shorter than a header are dropped", async (wire) => {
  for (const size of [0, 1, 8, 19]) {
    const peer = changed(wire, 7, (segment) => [ip({ protocol: 6 }, segment.subarray(0, size))]);
    peer.put({ flags: "S" });
    await peer.silence(60);
  }
});
define("tcp: two connections from one host are kept apart", async (wire) => {
  const one = new TcpPeer(wire, 7);
  const two = new TcpPeer(wire, 7);
  await one.open();
  await two.open();
  one.put({ flags: "PA", data: "one" });
  assertEquals(await one.collect(3), text("one"));
  two.put({ flags: "PA", data: "two" });
  assertEquals(await two.collect(3), text("two"));
  one.reset();
  two.reset();
});
define("tcp: a segment from another host does not belong to the connection", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ flags: "PA", data: "x", seq: 1, source: [10, 0, 0, 9] });
  const got = await next(wire, (p) => p.protocol === 6 && p.destination === "10.0.0.9");
  assertEquals(got!.payload[13]! & 4, 4);
  peer.put({ flags: "PA", data: "mine" });
  assertEquals(await peer.collect(4), text("mine"));
  peer.reset();
});
