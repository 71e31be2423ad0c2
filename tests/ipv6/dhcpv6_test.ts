import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Ip } from "../../core/ip.ts";
import { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { type Dhcpv6, dhcpv6, type Dhcpv6Options } from "../../protocols/dhcpv6.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { slaac } from "../../protocols/slaac.ts";
import { udp } from "../../protocols/udp.ts";
import { ArrayDriver, Bench } from "../protocols/harness.ts";
import {
  frame6,
  groupMac,
  icmp6Packet,
  ip6,
  ipv6Packet,
  mac,
  OUR_MAC,
  packets,
  type Sent,
  u16,
  u32,
  udp6,
} from "./harness.ts";

const ROUTER = "fe80::1";
const DUID = [0, 3, 0, 1, ...mac(OUR_MAC)];
const DAY = 86_400_000;

type One = Bench<"ethernet", { ip: Ip; dhcpv6: Dhcpv6 }>;

/** A stack whose own address is settled. */
function bench(options: Dhcpv6Options = {}, random = 7): One {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ethernet", 1500);
  const net = stack({
    driver,
    clock,
    random: seededRandom(random),
    protocols: [ethernet({ mac: OUR_MAC }), ndp(), ipv6(), icmpv6(), slaac(), udp(), dhcpv6(options)],
  });
  const one = new Bench(clock, driver, net as unknown as Stack<{ ip: Ip; dhcpv6: Dhcpv6 }>);
  if (!options.always) one.pass(5000);
  return one;
}

/** A router advertisement (RFC 4861, 4.2): the O flag is 0x40, M is 0x80. */
function told(flags: number): Uint8Array {
  const body = [0, flags, ...u16(1800), ...u32(0), ...u32(0)];
  const fields = { source: ROUTER, destination: "ff02::1", hopLimit: 255 };
  return frame6(icmp6Packet(134, 0, body, fields), { to: groupMac("ff02::1") });
}

interface Asked {
  at: number;
  xid: number[];
  options: Map<number, number[]>;
  sent: Sent;
}

/** The DHCPv6 messages sent in so many milliseconds. */
function asked(one: One, ms: number, step = 50): Asked[] {
  const list: Asked[] = [];
  for (let at = step; at <= ms; at += step) {
    for (const sent of packets(one.pass(step, step))) {
      if (sent.next !== 17) continue;
      const { payload } = sent;
      assertEquals([...payload.subarray(0, 4)], u16(546, 547));
      assertEquals([sent.destination, payload[8]], ["ff02::1:2", 11]);
      assert(sent.source.startsWith("fe80::"));
      const options = new Map<number, number[]>();
      for (let i = 12; i < payload.length; i += 4 + payload[i + 3]!) {
        options.set(payload[i]! << 8 | payload[i + 1]!, [...payload.subarray(i + 4, i + 4 + payload[i + 3]!)]);
      }
      list.push({ at, xid: [...payload.subarray(9, 12)], options, sent });
    }
  }
  return list;
}

type Option = [code: number, value: number[]];

const SERVERS: Option = [23, [...ip6("2001:db8::53"), ...ip6("fe80::53")]];
const SEARCH: Option = [24, [4, ...Array.from("home", (c) => c.charCodeAt(0)), 0, 1, 120, 1, 121, 0]];

/** A reply to what was asked. */
function reply(
  to: Asked,
  more: Option[],
  { type = 7, xid = to.xid, client = DUID as number[] | null, server = [0, 3, 0, 1, 9] as number[] | null } = {},
): Uint8Array {
  const options: Option[] = [...more];
  if (server) options.push([2, server]);
  if (client) options.push([1, client]);
  const bytes = [type, ...xid, ...options.flatMap(([code, value]) => [...u16(code, value.length), ...value])];
  const ends = { source: ROUTER, destination: to.sent.source };
  return frame6(ipv6Packet(udp6(547, 546, bytes, ends), ends));
}

/** A stack that has asked, and what it asked. */
function asking(options: Dhcpv6Options = {}): [One, Asked] {
  const one = bench(options);
  one.put(told(0x40));
  const [first] = asked(one, 1050);
  return [one, first!];
}

test("only a router that says so lets us ask: O, or M, which means the same (RFC 4861, 4.2)", () => {
  for (const [flags, count] of [[0, 0], [0x40, 1], [0x80, 1]] as const) {
    const one = bench();
    one.put(told(flags), told(flags));
    assertEquals(asked(one, 1050).length, count, `${flags}`);
  }
});

test("the request names us, what we want and how long it takes (RFC 8415, 18.2.6)", () => {
  const [, { options }] = asking();
  assertEquals([...options], [[1, DUID], [6, u16(23, 24, 32, 83)], [8, [0, 0]]]);
});

test("the first request waits a random part of a second, the next ones double (RFC 8415, 15 and 7.6)", () => {
  const firsts = [1, 2, 3, 4].map((random) => {
    const one = bench({}, random);
    one.put(told(0x40));
    const list = asked(one, 40_000);
    assertEquals(list.length, 6);
    for (let i = 1; i < list.length; i++) {
      const gap = (list[i]!.at - list[i - 1]!.at) / (1000 * 2 ** (i - 1));
      // Each wanders by a tenth of the one before.
      assert(gap > 0.95 ** i - 0.11 && gap < 1.05 ** i + 0.11, `${i}: ${gap}`);
      assertEquals(list[i]!.xid, list[0]!.xid);
      const elapsed = list[i]!.options.get(8)!;
      assert(Math.abs((elapsed[0]! << 8 | elapsed[1]!) * 10 - (list[i]!.at - list[0]!.at)) <= 50);
    }
    return list[0]!.at;
  });
  assert(Math.max(...firsts) <= 1050 && new Set(firsts).size > 1, `${firsts}`);
});

test("requests are an hour apart at most, or what a server said (RFC 8415, 21.25)", () => {
  const [one, first] = asking();
  const long = asked(one, 5 * DAY / 24, 1000).map(({ at }) => at);
  assert(long.at(-1)! - long.at(-2)! > 3_200_000 && long.at(-1)! - long.at(-2)! < 3_970_000, `${long}`);
  // A server that could not says how often to ask: it is obeyed all the same; the request stays open.
  one.put(reply(first, [[13, [0, 1]], [83, u32(120)]]));
  const short = asked(one, DAY / 12, 1000).map(({ at }) => at);
  for (let i = 2; i < short.length; i++) assert(short[i]! - short[i - 1]! <= 133_000, `${short}`);
  assert(short.length > 30);
});

test("a reply gives servers and domains to whoever looks names up", async () => {
  const heard: unknown[] = [];
  const [one, first] = asking({ onInformation: (information) => heard.push(information) });
  const informed = one.net.dhcpv6.informed();
  one.put(reply(first, [SERVERS, SEARCH]));
  const information = { servers: ["2001:db8::53", "fe80::53"], search: ["home", "x.y"] };
  assertEquals(await informed, information);
  assertEquals(await one.net.dhcpv6.informed(), information);
  assertEquals([one.net.ip.nameServers.get("dhcpv6"), heard], [information, [information]]);
  assertEquals(asked(one, 80_000_000, 10_000), []);
});

test("it is asked again after a day, or when the server says, never within ten minutes (RFC 8415, 21.23)", () => {
  for (const [more, seconds] of [[[], 86_400], [[[32, u32(7200)]], 7200], [[[32, u32(5)]], 600]] as const) {
    const [one, first] = asking();
    one.put(reply(first, [SERVERS, ...more as unknown as Option[]]));
    assertEquals(asked(one, seconds * 1000 - 1000, 1000), []);
    const [again] = asked(one, 3000);
    assert(again!.xid.join() !== first.xid.join());
    assertEquals(again!.options.get(8), [0, 0]);
    one.put(reply(again!, [SEARCH]));
    assertEquals(one.net.ip.nameServers.get("dhcpv6"), { servers: [], search: ["home", "x.y"] });
  }
  const [one, first] = asking();
  one.put(reply(first, [SERVERS, [32, [255, 255, 255, 255]]]));
  assertEquals(asked(one, 3 * DAY, 60_000), []);
});

test("what is no reply to us is not read (RFC 8415, 16.10)", () => {
  const [one, first] = asking();
  one.put(
    reply(first, [SERVERS], { type: 2 }),
    reply(first, [SERVERS], { xid: [1, 2, 3] }),
    reply(first, [SERVERS], { server: null }),
    reply(first, [SERVERS], { client: null }),
    reply(first, [SERVERS], { client: [...DUID.slice(0, -1), 99] }),
    reply(first, [SERVERS, [13, [0, 1]]]),
  );
  assertEquals([one.counter("dhcpv6", "ignored"), one.counter("dhcpv6", "replies")], [6, 0]);
  assertEquals(one.net.dhcpv6.information, null);
  // And one that comes twice is read once.
  one.put(reply(first, [SERVERS]), reply(first, [SEARCH]));
  assertEquals([one.counter("dhcpv6", "ignored"), one.counter("dhcpv6", "replies")], [7, 1]);
});

test("cut replies are read without harm", () => {
  const [one, first] = asking();
  const whole = reply(first, [SERVERS, SEARCH]).subarray(62);
  const ends = { source: ROUTER, destination: first.sent.source };
  for (let length = 0; length < whole.length; length++) {
    one.put(frame6(ipv6Packet(udp6(547, 546, whole.subarray(0, length), ends), ends)));
  }
  assertEquals([one.counter("dhcpv6", "replies"), one.counter("loop", "faults")], [0, 0]);
  one.put(reply(first, [[23, [1, 2, 3]], [24, [9, 1]]]));
  assertEquals(one.net.dhcpv6.information, { servers: [], search: [] });
});

test("who says so asks without a router, once its address is settled", () => {
  const one = bench({ always: true });
  const list = asked(one, 5000);
  assert(list.length >= 2);
});

test("a stack that closes says so to who waits; options are checked", async () => {
  const [one] = asking();
  const informed = one.net.dhcpv6.informed();
  one.net.close();
  await assertRejects(() => informed, NetError, "the stack was closed");
  assertEquals(one.net.packetsTaken, 0);
  assertThrows(() => dhcpv6({ always: 1 as unknown as boolean }), TypeError, "always");
});
