// Fragments of IPv4 (RFC 791; RFC 815; RFC 1122, 3.3.2).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { answersEcho, echo, filled, ip, nextIcmp, udpDatagram, udpEcho } from "./packets.ts";

export const IPV4_FRAGMENT_CASES: Case[] = [];
const define = into(IPV4_FRAGMENT_CASES);

function fragments(id: number, payload: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    const more = at + size < payload.length ? 0x2000 : 0;
    const bytes = ip({ protocol: 17, id, fragment: more | at / 8 }, payload.subarray(at, at + size));
    at += size;
    return bytes;
  });
}

define("fragments in order, backwards and twice are put together", async (wire) => {
  const data = filled(2992);
  for (const [i, order] of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 0, 1, 1, 2]].entries()) {
    const parts = fragments(100 + i, udpDatagram({ destination: 7 }, data), [1000, 1000, 1000]);
    for (const index of order) wire.put(parts[index]!);
    assertEquals(await udpEcho(wire), data, String(order));
  }
});
define("fragments of different datagrams are kept apart", async (wire) => {
  const a = fragments(200, udpDatagram({ destination: 7 }, filled(1000)), [504, 504]);
  const b = fragments(201, udpDatagram({ destination: 7 }, filled(1000).reverse()), [504, 504]);
  wire.put(a[0]!);
  wire.put(b[0]!);
  wire.put(b[1]!);
  assertEquals(await udpEcho(wire), filled(1000).reverse());
  wire.put(a[1]!);
  assertEquals(await udpEcho(wire), filled(1000));
});
define("fragments that overlap with other bytes drop the datagram", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(2992));
  wire.put(ip({ protocol: 17, id: 300, fragment: 0x2000 }, whole.subarray(0, 1000)));
  wire.put(ip({ protocol: 17, id: 300, fragment: 0x2000 | 992 / 8 }, whole.subarray(992, 2000)));
  wire.put(ip({ protocol: 17, id: 300, fragment: 2000 / 8 }, whole.subarray(2000)));
  assertEquals(await udpEcho(wire), null);
});
define("a fragment that ends beyond 65,535 bytes is dropped", async (wire) => {
  wire.put(ip({ protocol: 17, id: 301, fragment: 0x1fff }, filled(1000)));
  wire.put(ip({ protocol: 1 }, echo(32)));
  assert(await answersEcho(wire, 32));
});
define("a datagram of 8,000 bytes is echoed in fragments", async (wire) => {
  const data = filled(8000);
  const sizes = [1480, 1480, 1480, 1480, 1480, 608];
  for (const part of fragments(302, udpDatagram({ destination: 7 }, data), sizes)) wire.put(part);
  assertEquals(await udpEcho(wire), data);
});
define("a datagram that is not complete in time: time exceeded, code 1, when its first fragment came", async (wire) => {
  const [first] = fragments(303, udpDatagram({ destination: 7 }, filled(2992)), [1000, 1000, 1000]);
  wire.put(first!);
  const got = await nextIcmp(wire, 65_000);
  assertEquals([got!.payload[0], got!.payload[1]], [11, 1]);
  assertEquals(got!.payload.slice(8, 36), first!.slice(0, 28));
});
