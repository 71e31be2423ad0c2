import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import type { SlaacOptions } from "../../protocols/slaac.ts";
import type { Ipv6Options } from "../../protocols/ipv6.ts";
import {
  advertisement,
  ethernetBench,
  type EthernetBench6,
  frame6,
  groupMac,
  hex,
  icmp6Packet,
  ip6,
  ipv6Packet,
  mac,
  OUR_MAC,
  packets,
  PEER_MAC,
  type Sent,
  solicited,
  u16,
  u32,
  udp6,
} from "./harness.ts";

const ROUTER = "fe80::1";
const OTHER = "fe80::2";
const ALL = "ff02::1";
const HOUR = 3_600_000;

function bench(slaacOptions: SlaacOptions = {}, options: Ipv6Options = {}): EthernetBench6 {
  return ethernetBench({ options, slaacOptions });
}

function prefix(
  text: string,
  { flags = 0xc0, valid = 86_400, preferred = 14_400, length = 64 } = {},
): number[] {
  return [3, 4, length, flags, ...u32(valid), ...u32(preferred), 0, 0, 0, 0, ...ip6(text)];
}

/** A router advertisement (RFC 4861, 4.2), in its frame. */
function told(
  options: number[],
  { router = ROUTER, hopLimit = 0, flags = 0, lifetime = 1800, reachable = 0, retransmit = 0 } = {},
): Uint8Array {
  const body = [hopLimit, flags, ...u16(lifetime), ...u32(reachable), ...u32(retransmit), ...options];
  const fields = { source: router, destination: ALL, hopLimit: 255 };
  return frame6(icmp6Packet(134, 0, body, fields), { to: groupMac(ALL) });
}

const SOURCE_MAC = [1, 1, ...mac(PEER_MAC)];

/** Our addresses beyond the link's. */
function addresses(bench: EthernetBench6): string[] {
  return bench.net.ipv6.addresses.map(({ address }) => `${address}`).filter((text) => !text.startsWith("fe80:"));
}

function hop(bench: EthernetBench6, to: string): string {
  return `${bench.net.ipv6.nextHop(bench.net.ipv6.parse(to)!)}`;
}

function asked(frames: readonly Uint8Array[]): Sent[] {
  return packets(frames).filter(({ next, type }) => next === 58 && type === 135);
}

test("routers are asked for, ever more rarely, until one speaks (RFC 4861, 6.3.7; RFC 7559)", () => {
  const one = ethernetBench({ options: {}, slaacOptions: {}, fresh: true });
  const times: number[] = [];
  for (let ms = 0; ms < 50_000; ms += 50) {
    for (const sent of packets(one.pass(50))) {
      if (sent.next !== 58 || sent.type !== 133) continue;
      assertEquals([sent.destination, sent.hopLimit], ["ff02::2", 255]);
      assert(sent.source.startsWith("fe80::"));
      times.push(ms);
    }
  }
  assertEquals(times.length, 4);
  assert(times[0]! < 1000);
  for (let i = 1; i < 4; i++) {
    const gap = (times[i]! - times[i - 1]!) / (4000 * 2 ** (i - 1));
    assert(gap > 0.88 && gap < 1.12, `${times}`);
  }
  one.put(told([]));
  assertEquals(packets(one.pass(HOUR, 10_000)).filter(({ next, type }) => next === 58 && type === 133), []);
});

test("routers are told our MAC address, once the address that asks is ours for sure (RFC 4861, 4.1; RFC 4429, 3.2)", () => {
  const one = ethernetBench({ options: {}, slaacOptions: {}, fresh: true });
  const bodies: string[] = [];
  for (let ms = 0; ms < 20_000; ms += 50) {
    for (const { next, type, payload } of packets(one.pass(50))) {
      if (next === 58 && type === 133) bodies.push(hex(payload.subarray(4)));
    }
  }
  const [, ...rest] = bodies;
  const option = `0101${hex(mac(OUR_MAC))}`;
  assert(rest.length > 0 && rest.every((body) => body === `00000000${option}`), `${bodies}`);
  const none = ethernetBench({ options: {}, slaacOptions: {}, fresh: true, ndpOptions: { dad: "wait" } });
  const [first] = packets(none.pass(10_000, 100)).filter(({ next, type }) => next === 58 && type === 133);
  assertEquals(hex(first!.payload.subarray(8)), option);
});

test("an address is made of a prefix: the same for the same secret, another for another prefix (RFC 7217)", () => {
  const made = ["a", "a", "b"].map((secret) => {
    const one = bench({}, { secret });
    one.put(told([...prefix("2001:db8::"), ...prefix("2001:db8:1::")]));
    return addresses(one);
  });
  assertEquals(made[0], made[1]);
  assert(made[0]![0] !== made[2]![0]);
  assert(made[0]![0]!.startsWith("2001:db8::") || made[0]![0]!.startsWith("2001:db8:0:0:"));
  assert(made[0]![0]!.split(":").slice(-4).join() !== made[0]![1]!.split(":").slice(-4).join());
});

test("the address is asked for, used and listened to; configured() resolves with it", async () => {
  const one = bench();
  const configured = one.net.slaac.configured();
  const frames = one.put(told([...prefix("2001:db8::"), ...SOURCE_MAC]));
  const [own] = addresses(one);
  assertEquals(`${(await configured).address}`, own);
  frames.push(...one.pass(1000));
  assertEquals(asked(frames).map(({ source, destination }) => [source, destination]), [["::", solicited(own!)]]);
  const echo = icmp6Packet(128, 0, [0, 1, 0, 1], { source: "2001:db8:9::9", destination: own! });
  const [reply] = packets(one.put(frame6(echo)));
  assertEquals([reply!.type, reply!.source, reply!.destination], [129, own!, "2001:db8:9::9"]);
});

test("the router's MAC address comes with its advertisement: nobody asks for it", () => {
  const one = bench();
  one.put(told([...prefix("2001:db8::"), ...SOURCE_MAC]));
  one.net.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), one.net.ipv6.parse("2001:db8:9::9")!, 9);
  const frames = one.turn();
  assertEquals(packets(frames).map(({ next }) => next), [17]);
  assertEquals([...frames[0]!.subarray(0, 6)], mac(PEER_MAC));
});

test("a router that tells of itself finds room among hosts that do not answer; one that is no default router does not", () => {
  for (const lifetime of [0, 1800]) {
    const one = ethernetBench({ ndpOptions: { neighbours: 8 }, slaacOptions: {} });
    const socket = one.net.udp.bind({ port: 0 }, () => {});
    const send = (to: string): Sent[] => {
      socket.send(new Uint8Array(1), one.net.ipv6.parse(to)!, 9);
      return packets(one.turn());
    };
    for (let i = 0; i < 100; i++) send(`fd00::1:${i.toString(16)}`);
    one.put(told(SOURCE_MAC, { lifetime }));
    // What is sent to the router itself, so that it shows who knows where it is.
    assertEquals(send(ROUTER).map(({ next }) => next), [lifetime > 0 ? 17 : 58]);
  }
});
test("hosts that do not answer make room before routers that nobody used yet", () => {
  const one = ethernetBench({ ndpOptions: { neighbours: 8 }, slaacOptions: {} });
  const socket = one.net.udp.bind({ port: 0 }, () => {});
  const send = (to: string): Sent[] => {
    socket.send(new Uint8Array(1), one.net.ipv6.parse(to)!, 9);
    return packets(one.turn());
  };
  for (let i = 0; i < 8; i++) send(`fd00::1:${i}`);
  one.pass(3500);
  one.put(told(SOURCE_MAC));
  for (let i = 0; i < 7; i++) send(`fd00::2:${i}`);
  assertEquals(send("2001:db8::9").map(({ next }) => next), [17]);
});

// RFC 4862, 5.5.3.
for (
  const [what, options, on] of [
    ["without the autonomous flag", prefix("2001:db8::", { flags: 0x80 }), "2001:db8::9"],
    ["of another length than 64", prefix("2001:db8::", { length: 48 }), "2001:db8::9"],
    ["of the link", prefix("fe80::"), ""],
    ["preferred for longer than it is valid", prefix("2001:db8::", { valid: 10, preferred: 20 }), ""],
    ["valid for no time", prefix("2001:db8::", { valid: 0, preferred: 0 }), ""],
    ["of a multicast range", prefix("ff02::"), ""],
  ] as const
) {
  test(`no address is made of a prefix ${what}`, () => {
    const one = bench();
    one.put(told(options as number[]));
    assertEquals(addresses(one), []);
    assertEquals(hop(one, "2001:db8::9"), on || ROUTER);
  });
}

test("a prefix that is not on the link: its hosts are reached through the router", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::", { flags: 0x40 })));
  assertEquals([addresses(one).length, hop(one, "2001:db8::9")], [1, ROUTER]);
});

test("lifetimes: deprecated, then gone; on-link prefixes too", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::", { valid: 200, preferred: 100 }), { lifetime: 1800 }));
  const state =
    (): unknown[] => [addresses(one).length, one.net.ipv6.addresses[1]?.deprecated, hop(one, "2001:db8::9")];
  one.pass(99_000, 1000);
  assertEquals(state(), [1, false, "2001:db8::9"]);
  one.pass(2000, 1000);
  assertEquals(state(), [1, true, "2001:db8::9"]);
  one.pass(100_000, 1000);
  assertEquals(state(), [0, undefined, ROUTER]);
});

test("an infinite lifetime never ends", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::", { valid: 0xffffffff, preferred: 0xffffffff })));
  one.pass(1000 * HOUR, HOUR);
  assertEquals([addresses(one).length, one.net.ipv6.addresses[1]!.deprecated], [1, false]);
});

test("the two-hour rule: a forged short lifetime does not end an address at once (RFC 4862, 5.5.3 (e))", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::")));
  one.put(told(prefix("2001:db8::", { valid: 10, preferred: 10 })));
  one.pass(20_000, 1000);
  assertEquals([addresses(one).length, one.net.ipv6.addresses[1]!.deprecated], [1, true]);
  // With less than two hours left a shorter lifetime is ignored, a longer one taken.
  one.pass(HOUR, 10_000);
  one.put(told(prefix("2001:db8::", { valid: 10, preferred: 10 })));
  one.pass(HOUR - 60_000, 10_000);
  assertEquals(addresses(one).length, 1);
  one.put(told(prefix("2001:db8::", { valid: 600, preferred: 600 })));
  one.pass(300_000, 10_000);
  assertEquals(addresses(one).length, 1);
  one.pass(300_000, 10_000);
  assertEquals(addresses(one).length, 0);
});

test("when the address is taken another one is made, three at most", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::")));
  const tried = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const [own] = addresses(one);
    if (!own) break;
    tried.add(own);
    one.put(advertisement(own, 0x20, { destination: ALL, to: groupMac(ALL) }));
  }
  assertEquals([tried.size, addresses(one).length], [3, 0]);
});

test("temporary addresses: preferred as sources, renewed before a day is over (RFC 8981)", () => {
  const one = bench({ temporary: true });
  const advertise = (): void => void one.put(told(prefix("2001:db8::", { valid: 864_000, preferred: 604_800 })));
  advertise();
  const [stable, first] = addresses(one);
  const source = (): string => `${one.net.ipv6.sourceFor(one.net.ipv6.parse("2001:db8:9::1")!)}`;
  assertEquals(source(), first);
  for (let hour = 0; hour < 25; hour++) {
    one.pass(HOUR, 60_000);
    advertise();
  }
  const now = addresses(one);
  assert(now.length >= 3 && now.includes(stable!));
  assert(source() !== first && source() !== stable);
  for (let hour = 0; hour < 30; hour++) {
    one.pass(HOUR, 60_000);
    advertise();
  }
  assertEquals(addresses(one).includes(first!), false);
});

// Routers (RFC 4861, 6.3.4 to 6.3.6; RFC 4191).

const AWAY = "2001:db8:9::9";

test("the router is the way to everywhere for as long as it says", () => {
  const one = bench();
  assertEquals(hop(one, AWAY), "null");
  one.put(told([], { lifetime: 100 }));
  assertEquals([hop(one, AWAY), `${one.net.slaac.router}`], [ROUTER, ROUTER]);
  one.pass(99_000, 1000);
  assertEquals(hop(one, AWAY), ROUTER);
  one.pass(2000, 1000);
  assertEquals(hop(one, AWAY), "null");
  one.put(told([]));
  one.put(told([], { lifetime: 0 }));
  assertEquals(hop(one, AWAY), "null");
});

test("preferences: high before medium before low; reserved counts as medium; of equals the first stays", () => {
  const one = bench();
  one.put(told([], { router: ROUTER, flags: 0x18 }));
  one.put(told([], { router: OTHER, flags: 0x10 }));
  assertEquals(hop(one, AWAY), OTHER);
  one.put(told([], { router: ROUTER }));
  assertEquals(hop(one, AWAY), OTHER);
  one.put(told([], { router: ROUTER, flags: 0x08 }));
  assertEquals(hop(one, AWAY), ROUTER);
});

test("a router that does not answer is left for another one, and taken again when it speaks", () => {
  const one = bench();
  one.put(told(prefix("2001:db8::"), { router: ROUTER, flags: 0x08 }));
  one.put(told(prefix("2001:db8::"), { router: OTHER }));
  one.net.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), one.net.ipv6.parse(AWAY)!, 9);
  one.pass(4000);
  assertEquals(hop(one, AWAY), OTHER);
  one.put(told([], { router: ROUTER, flags: 0x08 }));
  assertEquals(hop(one, AWAY), ROUTER);
});

test("a neighbour that says it is no router is one no more (RFC 4861, 7.2.5)", () => {
  const one = bench();
  one.put(told([]));
  one.put(advertisement(ROUTER, 0xa0, { destination: ALL, to: groupMac(ALL) }));
  assertEquals(hop(one, AWAY), ROUTER);
  one.put(advertisement(ROUTER, 0x20, { destination: ALL, to: groupMac(ALL) }));
  assertEquals(hop(one, AWAY), "null");
});

test("hop limit, times and MTU are the router's, within reason", () => {
  const one = bench();
  one.put(told([5, 1, 0, 0, ...u32(1400)], { hopLimit: 33, reachable: 1000, retransmit: 2000 }));
  const { ipv6, ndp } = one.net;
  assertEquals([ipv6.ttl, ipv6.mtu, ndp.retransmit], [33, 1400, 2000]);
  assert(ndp.lifetime >= 500 && ndp.lifetime <= 1500);
  for (const mtu of [1279, 1501]) one.put(told([5, 1, 0, 0, ...u32(mtu)]));
  one.put(told([], { retransmit: 1, reachable: 1 }));
  assertEquals([ipv6.ttl, ipv6.mtu, ndp.retransmit], [33, 1400, 100]);
  const path = ipv6.path(ipv6.parse("fe80::9")!, null);
  assertEquals(typeof path === "string" ? 0 : path.mms, 1360);
});

test("resolvers and domains are told to whoever asks, for as long as they hold (RFC 8106)", () => {
  const one = bench();
  const domain = [7, ..."example".split("").map((c) => c.charCodeAt(0)), 3, 99, 111, 109, 0, 0, 0, 0];
  const servers = [25, 5, 0, 0, ...u32(100), ...ip6("2001:db8::53"), ...ip6("2001:db8::54")];
  one.put(told([...servers, 31, 3, 0, 0, ...u32(50), ...domain]));
  const names = (): unknown => one.net.ip.nameServers.get("ndp");
  assertEquals(names(), { servers: ["2001:db8::53", "2001:db8::54"], search: ["example.com"] });
  one.pass(51_000, 1000);
  assertEquals(names(), { servers: ["2001:db8::53", "2001:db8::54"], search: [] });
  one.put(told([25, 3, 0, 0, ...u32(0), ...ip6("2001:db8::53")]));
  assertEquals(names(), { servers: ["2001:db8::54"], search: [] });
  one.pass(50_000, 1000);
  assertEquals(names(), undefined);
});

test("what routers say is bounded: prefixes, routers and resolvers", () => {
  const one = bench();
  for (let i = 0; i < 100; i++) {
    const text = i.toString(16);
    const options = [...prefix(`2001:db8:${text}::`), 25, 3, 0, 0, ...u32(1000), ...ip6(`2001:db8::${text}`)];
    one.put(told(options, { router: `fe80::1:${text}` }));
  }
  assertEquals([addresses(one).length, one.net.ip.nameServers.get("ndp")!.servers.length], [16, 8]);
});

// Redirects (RFC 4861, 8).

/** A redirect, put in from a router in the name of our first address. */
function redirected(options: SlaacOptions = {}): {
  one: EthernetBench6;
  redirect(target: string, destination: string, options?: number[], source?: string): void;
} {
  const one = bench(options);
  one.put(told([...prefix("2001:db8::", { flags: 0xc0 }), ...SOURCE_MAC]));
  const own = `${one.net.ipv6.addresses[0]!.address}`;
  return {
    one,
    redirect(target, destination, options = [], source = ROUTER) {
      const body = [0, 0, 0, 0, ...ip6(target), ...ip6(destination), ...options];
      one.put(frame6(icmp6Packet(137, 0, body, { source, destination: own, hopLimit: 255 })));
    },
  };
}

test("redirects to a better router, and to a neighbour, are followed", () => {
  const { one, redirect } = redirected();
  redirect(OTHER, AWAY, [2, 1, ...mac("02:00:00:00:00:09")]);
  assertEquals([hop(one, AWAY), hop(one, "2001:db8:9::8")], [OTHER, ROUTER]);
  // The MAC address came with it.
  one.net.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), one.net.ipv6.parse(AWAY)!, 9);
  assertEquals([...one.turn()[0]!.subarray(0, 6)], mac("02:00:00:00:00:09"));
  redirect("2001:db8:9::7", "2001:db8:9::7");
  assertEquals(hop(one, "2001:db8:9::7"), "2001:db8:9::7");
  assertEquals(one.counter("slaac", "redirects"), 2);
});

test("redirects from another than the router in use, to a group, or to a target beyond the link are not", () => {
  const { one, redirect } = redirected();
  redirect(OTHER, AWAY, [], "fe80::66");
  redirect(OTHER, "ff02::5");
  redirect("2001:db8::5", AWAY);
  assertEquals([hop(one, AWAY), one.counter("slaac", "badRedirects")], [ROUTER, 3]);
  const off = redirected({ redirects: false });
  off.redirect(OTHER, AWAY);
  assertEquals(hop(off.one, AWAY), ROUTER);
});

test("redirects are bounded, and end with a target that does not answer", () => {
  const { one, redirect } = redirected();
  for (let i = 0; i < 200; i++) redirect(OTHER, `2001:db8:9::1:${i.toString(16)}`);
  assertEquals([hop(one, "2001:db8:9::1:0"), hop(one, "2001:db8:9::1:c7")], [ROUTER, OTHER]);
  one.net.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), one.net.ipv6.parse("2001:db8:9::1:c7")!, 9);
  one.pass(4000);
  assertEquals(hop(one, "2001:db8:9::1:c7"), ROUTER);
});

// MLDv2 (RFC 3810).

function reports(frames: readonly Uint8Array[], from = "fe80:"): [number, string][] {
  const list: [number, string][] = [];
  for (const sent of packets(frames)) {
    if (sent.next !== 0 || !sent.source.startsWith(from)) continue;
    // A Router Alert, hop limit 1, from the link, to all MLDv2 routers.
    assertEquals([...sent.payload.subarray(0, 8)], [58, 0, 5, 2, 0, 0, 1, 0]);
    assertEquals([sent.hopLimit, sent.destination, sent.payload[8]], [1, "ff02::16", 143]);
    const count = sent.payload[15]!;
    assertEquals(sent.payload.length, 16 + 20 * count);
    for (let i = 0; i < count; i++) {
      const at = 16 + 20 * i;
      const group = [...sent.payload.subarray(at + 4, at + 20)];
      const text = Array.from({ length: 8 }, (_, j) => (group[2 * j]! << 8 | group[2 * j + 1]!).toString(16)).join(":");
      list.push([sent.payload[at]!, text]);
    }
  }
  return list;
}

const GROUP = "ff02:0:0:0:0:0:0:77";

function query(group: string, code = 1000, fields = {}): Uint8Array {
  const message = icmp6Packet(130, 0, [...u16(code, 0), ...ip6(group), 2, 125, 0, 0], {
    source: ROUTER,
    destination: ALL,
  }).subarray(40);
  const packet = ipv6Packet([58, 0, 5, 2, 0, 0, 1, 0, ...message], {
    source: ROUTER,
    destination: ALL,
    next: 0,
    hopLimit: 1,
    ...fields,
  });
  return frame6(packet, { to: groupMac(ALL) });
}

test("groups are reported when they are joined and left, twice; solicited-node groups too, that of all nodes never", () => {
  const fresh = ethernetBench({ options: {}, slaacOptions: {}, fresh: true });
  const first = reports(fresh.pass(2000));
  assertEquals(first.length, 2);
  assert(first.every(([kind, group]) => kind === 4 && group!.startsWith("ff02:0:0:0:0:1:ff")));
  const one = bench();
  const socket = one.net.udp.bind({ port: 9 }, () => {});
  socket.join("ff02::77");
  assertEquals(reports(one.pass(2000)), [[4, GROUP], [4, GROUP]]);
  // Another socket in the same group is nothing to tell.
  const other = one.net.udp.bind({ port: 10 }, () => {});
  other.join("ff02::77");
  other.leave("ff02::77");
  assertEquals(reports(one.pass(2000)), []);
  socket.leave("ff02::77");
  assertEquals(reports(one.pass(2000)), [[3, GROUP], [3, GROUP]]);
});

test("until the link's address may be used reports come from nobody; routers are told after it (RFC 3810, 5.2.13)", () => {
  const one = ethernetBench({ options: {}, slaacOptions: {}, fresh: true, ndpOptions: { dad: "wait" } });
  const frames = one.pass(5000);
  const early = reports(frames, "::");
  assert(early.length > 0);
  // Before it is asked for, so that switches let the question through.
  const report = packets(frames).findIndex(({ next }) => next === 0);
  assert(report >= 0 && report < packets(frames).findIndex(({ type }) => type === 135));
  assertEquals(reports(frames), [early[0], early[0]]);
});

test("queries, general and for a group, are answered within their time", () => {
  const one = bench();
  one.net.udp.bind({ port: 9 }, () => {}).join("ff02::77");
  one.pass(2000);
  one.put(query("::", 10_000));
  const all = reports(one.pass(10_000));
  assertEquals(all.map(([kind]) => kind), [2, 2]);
  assert(all.some(([, group]) => group === GROUP));
  const frames = one.put(query("ff02::77"));
  frames.push(...one.pass(1000));
  assertEquals(reports(frames), [[2, GROUP]]);
  one.put(query("ff02::99"));
  assertEquals(reports(one.pass(2000)), []);
});

test("queries from beyond the link are not answered", () => {
  const one = bench();
  one.put(query("::", 1000, { hopLimit: 2 }));
  assertEquals([reports(one.pass(2000)).length, one.counter("mld", "badQueries")], [0, 1]);
});

test("nothing of this leaks", () => {
  const one = bench();
  one.put(told([...prefix("2001:db8::"), ...SOURCE_MAC]), frame6(ipv6Packet(udp6(1, 2, [3]))));
  one.pass(3000);
  assertEquals(one.net.packetsTaken, 0);
});
