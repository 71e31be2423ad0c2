// Headers, addresses and options of IPv4 (RFC 791; RFC 1122, 3.2; RFC 6864).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { answersEcho, echo, ip, next, nextIcmp, nextUdp, QUIET, text, udpDatagram } from "./packets.ts";

export const IPV4_CASES: Case[] = [];
const define = into(IPV4_CASES);

define("ip: wrong header checksum is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, badChecksum: true }, echo(10)));
  assert(!await answersEcho(wire, 10));
});
define("ip: another version is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, version: 5 }, echo(11)));
  assert(!await answersEcho(wire, 11));
});
define("ip: a header length below five words is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, headerWords: 4 }, echo(12)));
  assert(!await answersEcho(wire, 12));
});
define("ip: a total length beyond the packet is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, length: 500 }, echo(13)));
  assert(!await answersEcho(wire, 13));
});
define("ip: bytes behind the total length are ignored", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(14, text("abc")), 20));
  const got = await nextIcmp(wire);
  assertEquals(got!.payload.slice(8), text("abc"));
});
define("ip: TTL 1 reaches its destination", async (wire) => {
  wire.put(ip({ protocol: 1, ttl: 1 }, echo(15)));
  assert(await answersEcho(wire, 15));
});
define("ip: a packet for another host is not answered", async (wire) => {
  wire.put(ip({ protocol: 1, destination: [10, 0, 0, 77] }, echo(16)));
  assert(!await answersEcho(wire, 16));
});
define("ip: sources that are no host are not answered", async (wire) => {
  for (
    const source of [[255, 255, 255, 255], [224, 0, 0, 1], [127, 0, 0, 1], [10, 0, 0, 2], [0, 0, 0, 0], [240, 0, 0, 1]]
  ) {
    wire.put(ip({ protocol: 1, source }, echo(17)));
  }
  assertEquals(await nextIcmp(wire, QUIET), null);
});
define("ip: no-operation, record route and unknown options are accepted", async (wire) => {
  const lists = [[1, 1, 1, 1], [7, 7, 4, 0, 0, 0, 0, 1], [0x9e, 4, 0, 0], [68, 8, 5, 0, 0, 0, 0, 0], [0, 0, 0, 0]];
  for (const [i, options] of lists.entries()) {
    wire.put(ip({ protocol: 1, options }, echo(18 + i)));
    assert(await answersEcho(wire, 18 + i), String(options));
  }
});
define("ip: destinations that are no host's are not answered", async (wire) => {
  for (const destination of [[0, 0, 0, 0], [127, 0, 0, 1], [240, 0, 0, 1], [10, 0, 0, 0], [127, 255, 255, 255]]) {
    wire.put(ip({ protocol: 1, destination }, echo(1)));
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 7, them: destination }, text("x"))));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("ip: packets that routers may fragment differ in their identification (RFC 6864)", async (wire) => {
  const seen = new Set<number>();
  for (let i = 0; i < 10; i++) {
    wire.put(ip({ protocol: 1 }, echo(i)));
    const got = (await nextIcmp(wire))!;
    seen.add(got.fragment & 0x4000 ? 100_000 + i : got.id);
  }
  assertEquals(seen.size, 10);
});
define("ip: the reserved flag and don't fragment change nothing", async (wire) => {
  for (const fragment of [0x4000, 0x8000, 0xc000]) {
    wire.put(ip({ protocol: 1, fragment }, echo(1)));
    assert(await nextIcmp(wire), String(fragment));
  }
});
define("ip: TTL 0 reaches its destination", async (wire) => {
  wire.put(ip({ protocol: 1, ttl: 0 }, echo(1)));
  assert(await nextIcmp(wire));
});
define("ip: malformed options are told of, pointing to them", async (wire) => {
  const lists = [
    [[7, 2, 4, 0], 21],
    [[1, 7, 3, 3], 23],
    [[7, 6, 4, 0, 0, 0, 0, 0], 22],
    [[68, 3, 5, 0], 21],
    [[68, 4, 4, 0], 22],
    [[68, 8, 5, 1, 0, 0, 0, 0], 22],
    [[130, 1, 0, 0], 20],
    [[1, 1, 1, 130], 23],
    [[130, 9, 0, 0], 20],
    // The count of hosts that found no room overflows (RFC 791, 3.1).
    [[68, 8, 9, 0xf0, 0, 0, 0, 0], 23],
    // At most once in a datagram.
    [[7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0], 27],
    [[68, 8, 5, 0, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0], 28],
    // A source route is read before it is refused.
    [[131, 2, 0, 0], 21],
    [[137, 7, 3, 10, 0, 0, 9], 22],
    [[148, 3, 0, 0], 21],
  ] as const;
  for (const [options, pointer] of lists) {
    wire.put(ip({ protocol: 17, options }, udpDatagram({ destination: 7 }, text("x"))));
    const got = await nextIcmp(wire);
    assertEquals(got && [...got.payload.slice(0, 2), got.payload[4]], [12, 0, pointer], String(options));
  }
});
define("ip: source routes are refused", async (wire) => {
  for (const type of [131, 137]) {
    wire.put(ip({ protocol: 17, options: [type, 7, 4, 10, 0, 0, 9] }, udpDatagram({ destination: 7 }, text("x"))));
  }
  assertEquals(await nextUdp(wire, QUIET), null);
});
