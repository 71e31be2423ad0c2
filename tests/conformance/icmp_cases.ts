// ICMP for IPv4: echoes, timestamps, and errors about packets (RFC 792; RFC 1122, 3.2.2).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import {
  answersEcho,
  datagram,
  echo,
  filled,
  icmpMessage,
  ip,
  nextIcmp,
  QUIET,
  text,
  THEM,
  udpDatagram,
  US,
} from "./packets.ts";

export const ICMP_CASES: Case[] = [];
const define = into(ICMP_CASES);

define("icmp: echo is answered with the same id, sequence and data", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(9, filled(100), 3)));
  const got = await nextIcmp(wire);
  assertEquals(got!.payload.slice(8), filled(100));
  assertEquals([...got!.payload.slice(4, 8)], [0, 9, 0, 3]);
  assertEquals([got!.source, got!.destination], ["10.0.0.2", "10.0.0.1"]);
});
define("icmp: an unknown protocol is unreachable, code 2, with the header and 8 bytes quoted", async (wire) => {
  const sent = ip({ protocol: 200 }, filled(40));
  wire.put(sent);
  const got = await nextIcmp(wire);
  assertEquals([got!.payload[0], got!.payload[1]], [3, 2]);
  assertEquals(got!.payload.slice(8, 36), sent.slice(0, 28));
});
define("icmp: wrong checksum is dropped", async (wire) => {
  const message = echo(30);
  message[2]! ^= 1;
  wire.put(ip({ protocol: 1 }, message));
  assert(!await answersEcho(wire, 30));
});
define("icmp: echo to a broadcast address is not answered", async (wire) => {
  for (const destination of [[10, 0, 0, 255], [255, 255, 255, 255], [224, 0, 0, 1]]) {
    wire.put(ip({ protocol: 1, destination }, echo(31)));
  }
  assert(!await answersEcho(wire, 31));
});
define("icmp: unknown types and errors are not answered", async (wire) => {
  for (const type of [3, 4, 5, 11, 12, 1, 2, 40, 255]) {
    wire.put(
      ip(
        { protocol: 1 },
        icmpMessage(type, 0, [0, 0, 0, 0], ip({ protocol: 17, source: THEM, destination: US }, filled(8))),
      ),
    );
  }
  assertEquals(await nextIcmp(wire, QUIET), null);
});
define("icmp: errors are limited in rate", async (wire) => {
  for (let i = 0; i < 300; i++) wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 4444 }, text("x"))));
  let errors = 0;
  while (await nextIcmp(wire, QUIET)) errors++;
  assert(errors > 0 && errors < 300, String(errors));
});
define("icmp: the type of service of an echo is that of its answer", async (wire) => {
  for (const tos of [0, 0x10, 0x28, 0xb8]) {
    wire.put(ip({ protocol: 1, tos }, echo(1)));
    assertEquals((await nextIcmp(wire))!.bytes[1], tos);
  }
});
define("icmp: answers have a TTL of 64 at least, and fit the header's own rules", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(1)));
  const got = (await nextIcmp(wire))!;
  assert(got.ttl >= 64);
  assertEquals([got.bytes[0], got.view.getUint16(2), got.fragment & 0xbfff], [0x45, 29, 0]);
});
define("icmp: echoes of every size are answered", async (wire) => {
  for (const size of [0, 1, 2, 3, 1471, 1472]) {
    wire.put(ip({ protocol: 1 }, echo(1, filled(size))));
    assertEquals((await nextIcmp(wire))?.payload.slice(8), filled(size), String(size));
  }
});
define("icmp: an echo of 20,000 bytes in fragments is answered in fragments", async (wire) => {
  const whole = echo(1, filled(20_000));
  for (let at = 0; at < whole.length; at += 1480) {
    const fragment = at / 8 | (at + 1480 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 1, id: 77, fragment }, whole.subarray(at, at + 1480)));
  }
  assertEquals((await datagram(wire, 1))?.slice(8), filled(20_000));
});
define("icmp: a message below eight bytes is dropped", async (wire) => {
  for (const size of [0, 1, 4, 7]) wire.put(ip({ protocol: 1 }, echo(1).subarray(0, size)));
  assertEquals(await nextIcmp(wire, QUIET), null);
});
define("icmp: a timestamp request is answered with its time of origin (RFC 792)", async (wire) => {
  wire.put(ip({ protocol: 1 }, icmpMessage(13, 0, [0, 5, 0, 6], Uint8Array.of(0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0))));
  const got = (await nextIcmp(wire))!.payload;
  assertEquals([...got.slice(0, 2), ...got.slice(4, 12)], [14, 0, 0, 5, 0, 6, 0, 0, 1, 2]);
  assertEquals(got.length, 20);
});
define("icmp: a timestamp reply has twenty bytes and code 0, whatever the request has", async (wire) => {
  wire.put(ip({ protocol: 1 }, icmpMessage(13, 9, [0, 5, 0, 7], filled(30))));
  const got = (await nextIcmp(wire))!.payload;
  assertEquals([...got.slice(0, 2), ...got.slice(4, 12)], [14, 0, 0, 5, 0, 7, ...filled(4)]);
  assertEquals(got.length, 20);
});
define("icmp: the options of an echo that record its way come back with us in them", async (wire) => {
  const lists = [
    [[7, 7, 4, 0, 0, 0, 0, 1], [7, 7, 8, ...THEM]],
    [[7, 3, 4, 1], [7, 3, 4]],
    [[68, 4, 5, 0x20], [68, 4, 5, 0x30]],
    // Another host is named; a flag that means nothing.
    [[68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0], [68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0]],
    [[68, 8, 5, 2, 0, 0, 0, 0], [68, 8, 5, 2, 0, 0, 0, 0]],
  ] as const;
  for (const [options, back] of lists) {
    wire.put(ip({ protocol: 1, options }, echo(21)));
    const got = await nextIcmp(wire);
    assertEquals(got && [...got.bytes.slice(20, 20 + back.length)], [...back], String(options));
  }
});
define("icmp: information and address mask requests, and answers nobody waits for, are not answered", async (wire) => {
  for (const type of [0, 14, 15, 16, 17, 18, 30, 37]) {
    wire.put(ip({ protocol: 1 }, icmpMessage(type, 0, [0, 1, 0, 1], filled(12))));
  }
  assertEquals(await nextIcmp(wire, QUIET), null);
});
define("icmp: no error about fragments that are not the first, nor about broadcasts", async (wire) => {
  wire.put(ip({ protocol: 200, id: 9, fragment: 100 }, filled(40)));
  for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
    wire.put(ip({ protocol: 200, destination }, filled(40)));
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 4444, checksum: 0 }, text("x"))));
  }
  assertEquals(await nextIcmp(wire, QUIET), null);
});
