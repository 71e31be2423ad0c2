import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Ipv4Cidr } from "../../core/ipv4_address.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memorySwitch } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { dhcp } from "../../protocols/dhcp.ts";
import { dhcpServer } from "../../protocols/dhcp_server.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ping } from "../../protocols/icmp_tools.ts";
import { type Ipv4, ipv4 } from "../../protocols/ipv4.ts";
import { type LinkLocal, linkLocal, type LinkLocalOptions } from "../../protocols/link_local.ts";
import { type Udp, udp } from "../../protocols/udp.ts";
import {
  address,
  arpMessage,
  ArrayDriver,
  Bench,
  frame,
  hex,
  icmpMessage,
  ipv4Packet,
  OUR_MAC,
} from "../protocols/harness.ts";

const ALL = "ff:ff:ff:ff:ff:ff";

type One = Bench<"ethernet", { ipv4: Ipv4; udp: Udp; linkLocal: LinkLocal }>;

function bench(options: LinkLocalOptions = {}, { mac = OUR_MAC, random = 7 } = {}): One {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ethernet", 1500);
  const net = stack({
    driver,
    clock,
    random: seededRandom(random),
    protocols: [ethernet({ mac }), arp(), ipv4(), icmp(), udp(), linkLocal(options)],
  });
  return new Bench(clock, driver, net as unknown as Stack<{ ipv4: Ipv4; udp: Udp; linkLocal: LinkLocal }>);
}

/** A stack that has its address, all announced. */
function settled(options: LinkLocalOptions = {}): One {
  const one = bench(options);
  one.pass(12_000);
  return one;
}

/** ARP messages sent, as `[time, sender, target]`, in so many milliseconds. */
function asked(one: One, ms: number): [number, string, string][] {
  const list: [number, string, string][] = [];
  const dotted = (bytes: Uint8Array): string => bytes.join(".");
  for (let at = 50; at <= ms; at += 50) {
    for (const sent of one.pass(50)) {
      if (sent[13] === 6) list.push([at, dotted(sent.subarray(28, 32)), dotted(sent.subarray(38, 42))]);
    }
  }
  return list;
}

/** Another host uses an address. */
function conflict(text: string): Uint8Array {
  return frame(0x806, arpMessage(1, { sender: text, target: text }), { to: ALL });
}

test("an address is probed for three times, announced twice, then used (RFC 3927, 2.2 to 2.4)", async () => {
  const addresses: (string | null)[] = [];
  const one = bench({ onAddress: (text) => addresses.push(text) });
  const configured = one.net.linkLocal.configured();
  const list = asked(one, 20_000);
  const own = one.net.linkLocal.address!;
  assertEquals([await configured, addresses], [own, [own]]);
  assertEquals(list.map(([, sender, target]) => [sender, target]), [
    ...Array(3).fill(["0.0.0.0", own]),
    ...Array(2).fill([own, own]),
  ]);
  const [first, second, third, fourth, fifth] = list.map(([at]) => at) as [number, number, number, number, number];
  assert(first <= 1050, "PROBE_WAIT");
  for (const gap of [second - first, third - second]) {
    assert(gap >= 950 && gap <= 2050, `PROBE_MIN to PROBE_MAX: ${gap}`);
  }
  assert(Math.abs(fourth - third - 2000) <= 50, "ANNOUNCE_WAIT");
  assert(Math.abs(fifth - fourth - 2000) <= 50, "ANNOUNCE_INTERVAL");
  assertEquals(one.net.ipv4.addresses.map(({ prefix }) => prefix), [16]);
});

test("the address comes from the MAC address, and lies from 169.254.1.0 to 169.254.254.255 (RFC 3927, 2.1)", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    const [a, b] = [1, 2].map((random) => {
      const one = bench({}, { mac, random });
      one.pass(9000);
      return one.net.linkLocal.address!;
    });
    assertEquals(a, b);
    const [net, link, third] = a!.split(".").map(Number);
    assert(net === 169 && link === 254 && third! >= 1 && third! <= 254, a);
    seen.add(a!);
  }
  assert(seen.size >= 59);
});

test("an address that another host has, or probes for too, is not taken (RFC 3927, 2.2.1)", () => {
  for (const probe of [false, true]) {
    const one = bench();
    const [, , taken] = asked(one, 1100)[0]!;
    const claim = arpMessage(1, { sender: probe ? "0.0.0.0" : taken, target: taken });
    one.put(frame(0x806, claim, { to: ALL }));
    assertEquals(one.net.linkLocal.address, null);
    const list = asked(one, 20_000);
    const own = one.net.linkLocal.address!;
    assert(own !== taken);
    assertEquals(list.filter(([, sender]) => sender === "0.0.0.0").map(([, , target]) => target), [own, own, own]);
    assertEquals([one.counter("linkLocal", "conflicts"), one.counter("linkLocal", "tried")], [1, 2]);
  }
});

test("after ten conflicts one address a minute is tried (RFC 3927, 2.2.1)", () => {
  const one = bench();
  const times: number[] = [];
  for (let ms = 0; ms < 300_000; ms += 50) {
    for (const sent of one.pass(50)) {
      if (sent[13] !== 6) continue;
      times.push(ms);
      one.put(conflict([...sent.subarray(38, 42)].join(".")));
    }
  }
  assert(times[9]! < 10_500, `${times}`);
  assert(times.length >= 14);
  for (let i = 10; i < times.length; i++) assert(times[i]! - times[i - 1]! >= 59_000, `${times}`);
});

test("a conflict is defended once, the next within ten seconds loses the address (RFC 3927, 2.5)", () => {
  const addresses: (string | null)[] = [];
  const one = settled({ onAddress: (text) => addresses.push(text) });
  const own = one.net.linkLocal.address!;
  const defence = frame(0x806, arpMessage(1, { senderMac: OUR_MAC, sender: own, target: own }), {
    to: ALL,
    from: OUR_MAC,
  });
  for (let i = 0; i < 3; i++) {
    assertEquals(one.put(conflict(own)).map(hex), [hex(defence)]);
    one.pass(10_000);
    assertEquals(one.net.linkLocal.address, own);
  }
  one.put(conflict(own));
  one.pass(9000);
  one.put(conflict(own));
  assertEquals([one.net.linkLocal.address, one.net.ipv4.addresses.length], [null, 0]);
  one.pass(12_000);
  const next = one.net.linkLocal.address!;
  assert(next !== own);
  assertEquals(addresses, [own, null, next]);
  // The lost one is not ours any more.
  assertEquals(one.put(frame(0x806, arpMessage(1, { target: own }), { to: ALL })), []);
});

test("every ARP message with such an address goes to all, answers too (RFC 3927, 2.5)", () => {
  const one = settled();
  const own = one.net.linkLocal.address!;
  const [reply] = one.put(frame(0x806, arpMessage(1, { sender: "169.254.9.9", target: own })));
  assertEquals(hex(reply!.subarray(0, 6)), "ffffffffffff");
  assertEquals([reply![21], [...reply!.subarray(38, 42)].join(".")], [2, "169.254.9.9"]);
});

test("everything is on the link: what is for whatever address is asked for there (RFC 3927, 2.6.2)", () => {
  const one = settled();
  const socket = one.net.udp.bind({ port: 5 }, () => {});
  for (const to of ["169.254.7.7", "10.9.9.9"]) {
    socket.send(Uint8Array.of(1), address(to), 9);
    assertEquals(asked(one, 400), [[50, one.net.linkLocal.address!, to]]);
  }
});

test("a host with a routable address asks for 169.254.0.0/16 itself, whatever its gateway (RFC 3927, 2.6.2)", () => {
  const one = bench({ delay: 5 });
  one.net.ipv4.assign({ address: address("10.0.0.2"), prefix: 24, mask: -256 });
  one.net.ipv4.addRoute({ address: 0, prefix: 0, mask: 0 } as Ipv4Cidr, address("10.0.0.254"));
  one.pass(20_000);
  assertEquals(one.net.linkLocal.address, null);
  one.net.udp.bind({ port: 5 }, () => {}).send(Uint8Array.of(1), address("169.254.7.7"), 9);
  assertEquals(asked(one, 500), [[50, "10.0.0.2", "169.254.7.7"]]);
});

test("an address that is known beyond the link takes its place, and it comes back after (RFC 3927, 1.9)", () => {
  const one = settled();
  const own = one.net.linkLocal.address!;
  const cidr = { address: address("10.0.0.2"), prefix: 24, mask: -256 };
  one.net.ipv4.assign(cidr);
  assertEquals([one.net.linkLocal.address, one.net.ipv4.addresses], [null, [cidr]]);
  const echo = ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 1]), { source: "169.254.9.9", destination: own, protocol: 1 });
  assertEquals(one.put(frame(0x800, echo)).filter((sent) => sent[13] === 0), []);
  assertEquals(one.net.ipv4.nextHop(address("192.0.2.1")), null);
  one.pass(10_000);
  one.net.ipv4.withdraw(cidr);
  one.pass(12_000);
  assertEquals(one.net.linkLocal.address, own);
  // Nor does it go on with its probes.
  const early = bench();
  early.pass(2000);
  early.net.ipv4.assign(cidr);
  assertEquals(asked(early, 20_000).filter(([, sender]) => sender === "0.0.0.0"), []);
  assertEquals(early.net.linkLocal.address, null);
});

test("two hosts find each other; a DHCP server that comes later gives them others", async () => {
  const clock = new ManualClock();
  const wire = memorySwitch();
  const hosts = [1, 2].map((seed) =>
    stack({
      driver: wire.port(),
      clock,
      random: seededRandom(seed),
      protocols: [ethernet(), arp(), ipv4(), icmp(), udp(), dhcp({ probe: false }), linkLocal()],
    })
  );
  const [a, b] = hosts as [typeof hosts[number], typeof hosts[number]];
  const both = Promise.all(hosts.map(({ linkLocal }) => linkLocal.configured()));
  const [, there] = await simulate(clock, hosts, { until: both, limit: 60_000 });
  assert(clock.now() >= 10_000, "a DHCP server may answer first");
  const { received } = await simulate(clock, hosts, { until: ping(a, there!, { count: 2 }), limit: 60_000 });
  assertEquals(received, 2);
  const server = stack({
    driver: wire.port(),
    clock,
    random: seededRandom(9),
    protocols: [
      ethernet(),
      arp(),
      ipv4({ address: "10.0.0.1/24" }),
      udp(),
      dhcpServer({ range: "10.0.0.100-10.0.0.102" }),
    ],
  });
  const leases = Promise.all(hosts.map(({ dhcp }) => dhcp.bound()));
  await simulate(clock, [...hosts, server], { until: leases, limit: 200_000 });
  for (const host of hosts) {
    assertEquals(host.linkLocal.address, null);
    assertEquals(host.ipv4.addresses.map(({ address }) => host.ipv4.format(address).slice(0, 7)), ["10.0.0."]);
  }
  for (const net of [a, b, server]) net.close();
});

test("options are checked", () => {
  assertThrows(() => linkLocal({ delay: -1 }), RangeError, "delay");
});
