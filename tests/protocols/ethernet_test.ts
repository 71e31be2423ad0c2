import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { formatMac, parseMac } from "../../core/mac_address.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { ArrayDriver, frame, hex, mac, OUR_MAC, PEER_MAC } from "./harness.ts";

// deno-lint-ignore explicit-function-return-type
function bench(seed = 1, options = { mac: OUR_MAC } as { mac?: string }) {
  const driver = new ArrayDriver("ethernet", 1500);
  const net = stack({ driver, clock: new ManualClock(), random: seededRandom(seed), protocols: [ethernet(options)] });
  const got: string[] = [];
  net.ethernet.attach(0x88b5, { receive: (packet) => void got.push(`${packet.cast} ${hex(packet.view())}`) });
  const put = (...frames: Uint8Array[]): void => {
    driver.incoming.push(...frames);
    net.poll();
  };
  return { driver, net, got, put, counters: net.ethernet.counters };
}

test("frames for us, for everybody and for our groups come in, and say so", () => {
  const { net, got, put, counters } = bench();
  const group = "01:00:5e:00:00:fb";
  const to = (target: string): void => put(frame(0x88b5, [1], { to: target }));
  for (const target of [OUR_MAC, "ff:ff:ff:ff:ff:ff", group, "02:00:00:00:00:03", "ff:ff:ff:ff:ff:fe"]) to(target);
  assertEquals(got, ["0 01", "2 01"]);
  assertEquals(counters.foreign, 3);
  net.ethernet.join(parseMac(group));
  net.ethernet.join(parseMac(group));
  to(group);
  net.ethernet.leave(parseMac(group));
  to(group);
  net.ethernet.leave(parseMac(group));
  net.ethernet.leave(parseMac(group));
  to(group);
  assertEquals(got.slice(2), ["1 01", "1 01"]);
});

test("runts, group sources, lengths and unknown protocols are dropped by reason", () => {
  const { got, put, counters } = bench();
  for (let size = 0; size < 14; size++) put(frame(0x88b5, []).slice(0, size));
  put(frame(0x88b5, [1], { from: "03:00:00:00:00:01" }), frame(46, [1]), frame(0x5ff, [1]), frame(0x600, [1]));
  put(frame(0x8100, [0, 5, 8, 0]));
  assertEquals({ ...counters }, { foreign: 0, runts: 14, badSource: 1, lengths: 2, unknown: 2 });
  assertEquals(got, []);
});

test("a path writes RFC 894's header, at even and odd places", () => {
  const { driver, net } = bench();
  const path = net.ethernet.path(parseMac(PEER_MAC), 0x88b5);
  for (const shift of [0, 1, 2, 3]) {
    const packet = new Packet(HEADROOM + 100);
    packet.start += shift;
    packet.end = packet.start + 3;
    packet.bytes.set([7, 8, 9], packet.start);
    assert(path.transmit(packet));
    const expected = frame(0x88b5, [7, 8, 9], { to: PEER_MAC, from: OUR_MAC });
    assertEquals(hex(driver.sent.pop()!), hex(expected));
  }
  assert(path.leadsTo(Uint8Array.from(mac(PEER_MAC)), 0));
  assert(!path.leadsTo(Uint8Array.from(mac(OUR_MAC)), 0));
});

test("a MAC address that is not given is random, local and that of one host", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const { net } = bench(seed, {});
    assertEquals(net.ethernet.mac[0]! & 3, 2);
    seen.add(formatMac(net.ethernet.mac));
  }
  assertEquals(seen.size, 100);
});

test("ethernet refuses what is no MAC address of one host", () => {
  for (const bad of ["", "02:00", "01:00:5e:00:00:01", "02-00-00-00-00-01", "02:00:00:00:00:0g"]) {
    assertThrows(() => ethernet({ mac: bad }), RangeError, 'ethernet(): option "mac" must be a string such as "02:');
  }
  assertNotEquals(ethernet({ mac: "aa:bb:cc:dd:ee:ff" }), null);
});
