// UDP over IPv4 (RFC 768; RFC 1122, 4.1).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { datagram, filled, ip, next, nextIcmp, nextUdp, QUIET, text, udpDatagram, udpEcho } from "./packets.ts";

export const UDP_CASES: Case[] = [];
const define = into(UDP_CASES);

define("udp: a datagram is echoed, an empty one too", async (wire) => {
  for (const data of [text("hello"), new Uint8Array(0), filled(1)]) {
    wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, data)));
    assertEquals(await udpEcho(wire), data);
  }
});
define("udp: checksum 0 means none; a wrong one is dropped", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, checksum: 0 }, text("none"))));
  assertEquals(await udpEcho(wire), text("none"));
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, checksum: 0x1234 }, text("wrong"))));
  assertEquals(await udpEcho(wire), null);
});
define("udp: its answer bears a checksum", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("sum"))));
  const got = await nextUdp(wire);
  assert(got!.payload[6]! | got!.payload[7]!);
});
define("udp: a length below 8 or beyond the datagram is dropped; bytes behind it are ignored", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 7, checksum: 0 }, text("short"))));
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 100, checksum: 0 }, text("long"))));
  assertEquals(await udpEcho(wire), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 10, checksum: 0 }, text("abcdef"))));
  assertEquals(await udpEcho(wire), text("ab"));
});
define("udp: a closed port is unreachable, code 3, the datagram quoted", async (wire) => {
  const sent = ip({ protocol: 17 }, udpDatagram({ destination: 4444 }, text("anyone?")));
  wire.put(sent);
  const got = await nextIcmp(wire);
  assertEquals([got!.payload[0], got!.payload[1]], [3, 3]);
  assertEquals(got!.payload.slice(8, 8 + sent.length), sent);
});
define("udp: a broadcast to a closed port is not answered", async (wire) => {
  const data = udpDatagram({ destination: 4444, checksum: 0 }, text("all"));
  wire.put(ip({ protocol: 17, destination: [255, 255, 255, 255] }, data));
  wire.put(ip({ protocol: 17, destination: [10, 0, 0, 255] }, data));
  assertEquals(await nextIcmp(wire, QUIET), null);
});
define(
  "udp: broadcasts and the group of all hosts for an open port are answered from our own address",
  async (wire) => {
    for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
      wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 7, them: destination }, text("all"))));
      const got = await nextUdp(wire);
      assertEquals([got?.source, got?.destination], ["10.0.0.2", "10.0.0.1"], String(destination));
    }
  },
);
define("udp: a group that nobody joined is not answered", async (wire) => {
  const destination = [239, 1, 2, 3];
  for (const port of [7, 4444]) {
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: port, them: destination }, text("all"))));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("udp: source port 0 is read, and not answered; port 0 is closed", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ source: 0, destination: 7 }, text("x"))));
  assertEquals(await nextUdp(wire, QUIET), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 0 }, text("x"))));
  assertEquals(await nextUdp(wire, QUIET), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("alive"))));
  assertEquals((await nextUdp(wire))?.payload.slice(8), text("alive"));
});
define("udp: a datagram below eight bytes is dropped", async (wire) => {
  for (const size of [0, 1, 7]) {
    wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("")).subarray(0, size)));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("udp: options of IP before it change nothing", async (wire) => {
  wire.put(ip({ protocol: 17, options: [148, 4, 0, 0] }, udpDatagram({ destination: 7 }, text("alert"))));
  assertEquals((await nextUdp(wire))?.payload.slice(8), text("alert"));
});
define("udp: fragments of eight bytes are put together", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(100));
  for (let at = whole.length - whole.length % 8; at >= 0; at -= 8) {
    const fragment = at / 8 | (at + 8 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 17, id: 78, fragment }, whole.subarray(at, at + 8)));
  }
  assertEquals((await nextUdp(wire))?.payload.slice(8), filled(100));
});
define("udp: the largest datagram is echoed", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(65_507));
  for (let at = 0; at < whole.length; at += 1480) {
    const fragment = at / 8 | (at + 1480 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 17, id: 80, fragment }, whole.subarray(at, at + 1480)));
  }
  assertEquals((await datagram(wire, 17, 1000))?.slice(8), filled(65_507));
});
