import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import type { AnyProtocol } from "../../core/protocol.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { igmp } from "../../protocols/igmp.ts";
import { type Ipv4, ipv4 } from "../../protocols/ipv4.ts";
import { type Ipv6, ipv6 } from "../../protocols/ipv6.ts";
import { kernelFilter } from "../../protocols/kernel_filter.ts";
import { mld } from "../../protocols/mld.ts";
import { ndp } from "../../protocols/ndp.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { tcp } from "../../protocols/tcp.ts";
import { type Udp, udp } from "../../protocols/udp.ts";
import { udpTemplate } from "../../protocols/udp_template.ts";
import { parseIpv4Cidr } from "../../core/ipv4_address.ts";
import { icmp6Packet, ipv6Packet, udp6 } from "../ipv6/harness.ts";
import { bpfFault, runBpf } from "./bpf.ts";
import {
  arpMessage,
  ArrayDriver,
  Bench,
  checksum,
  frame,
  hex,
  icmpMessage,
  ip4,
  ipv4Packet,
  OUR_MAC,
  PEER_MAC,
  u16,
  udpDatagram,
} from "./harness.ts";

/** A wire whose far end runs the program that the stack attached, as a kernel does. */
class FilteringDriver extends ArrayDriver<"ethernet"> {
  program: Uint8Array | null = null;
  constructor() {
    super("ethernet", 1500);
  }
  filter(program: Uint8Array): boolean {
    this.program = program.slice();
    assertEquals(bpfFault(program), null);
    return true;
  }
  takes(frame: Uint8Array): boolean {
    return this.program === null || runBpf(this.program, frame) > 0;
  }
}

interface Gives {
  udp: Udp;
  ipv4: Ipv4;
  ipv6: Ipv6;
}

class FilterBench extends Bench<"ethernet", Gives> {
  readonly filtering: FilteringDriver;
  constructor(protocols: AnyProtocol[]) {
    const clock = new ManualClock(1000);
    const driver = new FilteringDriver();
    const options = { driver, clock, random: seededRandom(7), protocols: protocols as never };
    super(clock, driver, stack(options) as never);
    this.filtering = driver;
    this.pass(6000);
  }
}

const V4 = { address: "10.0.0.2/24", gateway: "10.0.0.254" };
const LINK = { mac: OUR_MAC, neighbour: PEER_MAC };
const SENSOR = { source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 };

const COMPOSITIONS: Record<string, () => AnyProtocol[]> = {
  "a host of IPv4": () => [ethernet({ mac: OUR_MAC }), arp(), ipv4(V4), icmp(), igmp(), udp(), tcp(), kernelFilter()],
  "a host of both families": () => [
    ...[ethernet({ mac: OUR_MAC }), arp(), ipv4(V4), ndp(), ipv6({ address: "fd00::2/64" }), icmp(), icmpv6()],
    ...[mld(), udp(), tcp(), kernelFilter()],
  ],
  "a host without ICMP": () => [ethernet({ mac: OUR_MAC }), arp(), ipv4(V4), udp(), kernelFilter()],
  "one listed before UDP": () => [ethernet({ mac: OUR_MAC }), arp(), ipv4(V4), icmp(), kernelFilter(), udp()],
  "a static link": () => [staticArp(LINK), ipv4(V4), icmp(), udp(), kernelFilter()],
  "a static link without ICMP": () => [staticArp(LINK), ipv4(V4), udp(), kernelFilter()],
  "a sensor": () => [staticArp(LINK), udpTemplate(SENSOR), kernelFilter()],
  "a sensor with ARP": () => [ethernet({ mac: OUR_MAC }), arp(), udpTemplate(SENSOR), kernelFilter()],
};

/** Frames that make sense, each part drawn from what a stack tells apart. */
class Frames {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }
  #below(limit: number): number {
    return (this.#random() >>> 0) % limit;
  }
  #one<T>(...list: T[]): T {
    return list[this.#below(list.length)]!;
  }
  #bytes(most: number): Uint8Array {
    return Uint8Array.from({ length: this.#below(most) }, this.#random);
  }

  next(): Uint8Array {
    const to = this.#one(
      ...[OUR_MAC, OUR_MAC, OUR_MAC, "ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:77"],
      ...["01:00:5e:00:00:01", "01:00:5e:01:02:03", "01:00:5e:00:00:fb", "33:33:00:00:00:01", "33:33:ff:00:00:02"],
      ...["33:33:ff:00:00:99", "33:33:00:00:00:fb", "01:80:c2:00:00:00"],
    );
    let [type, payload] = this.#one(() => this.#arp(), () => this.#ipv4(), () => this.#ipv4(), () => this.#ipv6())();
    if (this.#below(40) === 0) type = this.#one(0x88cc, 0x86dd, 0x0800, 0x0806, 46, 0x9999);
    if (this.#below(12) === 0) {
      payload = [...u16(this.#one(0, 0x2000, 0x2005, 1), type), ...payload];
      type = 0x8100;
    }
    const bytes = frame(type, payload, { to, from: this.#one(PEER_MAC, PEER_MAC, PEER_MAC, "03:00:00:00:00:01") });
    if (this.#below(10) === 0) bytes[this.#below(bytes.length)] = this.#random();
    return this.#below(20) === 0 ? bytes.slice(0, this.#below(bytes.length)) : bytes;
  }

  #arp(): [number, number[]] {
    const hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "0.0.0.0"];
    return [0x0806, arpMessage(this.#one(1, 1, 1, 2), { sender: this.#one(...hosts), target: this.#one(...hosts) })];
  }

  #ipv4(): [number, number[]] {
    const destination = this.#one(
      ...["10.0.0.2", "10.0.0.2", "10.0.0.2", "10.0.0.3", "10.0.0.255", "255.255.255.255"],
      ...["224.0.0.1", "239.1.2.3", "224.0.0.251", "127.0.0.1", "192.168.0.1"],
    );
    const source = this.#one("10.0.0.1", "10.0.0.1", "10.0.0.9", "192.0.2.7");
    const [protocol, payload] = this.#one<() => [number, ArrayLike<number>]>(
      () => [17, udpDatagram(this.#port(), this.#port(), this.#bytes(20), { source, destination })],
      () => [17, udpDatagram(this.#port(), this.#port(), this.#bytes(20), { source, destination })],
      () => [1, icmpMessage(this.#one(8, 0, 3, 11, 13, 17), this.#below(3), [0, 1, 0, 2], this.#bytes(40))],
      () => [6, this.#syn(source, destination)],
      () => [2, icmpMessage(0x11, 10, ip4("0.0.0.0"))],
      () => [this.#below(256), this.#bytes(30)],
    )();
    const packet = ipv4Packet(payload, {
      ...{ source, destination, protocol, id: this.#below(4) },
      flags: this.#below(6) === 0 ? this.#one(0x2000, 1, 0x2001, 3, 0x4000, 0x8000) : 0,
      options: this.#below(6) === 0
        ? this.#one([148, 4, 0, 0], [7, 7, 4, 0, 0, 0, 0, 0], [131, 3, 4, 0], [99, 99, 0, 0])
        : [],
    });
    return [0x0800, [...packet]];
  }

  #port(): number {
    return this.#one(9, 53, 5353, 4444, this.#below(65536));
  }

  #syn(source: string, destination: string): number[] {
    const segment = [...u16(5, this.#port()), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, this.#one(2, 16, 4), 4, 0, 0, 0, 0, 0];
    segment.splice(16, 2, ...u16(checksum([...ip4(source), ...ip4(destination), 0, 6, 0, 20, ...segment])));
    return segment;
  }

  #ipv6(): [number, number[]] {
    const ends = {
      source: this.#one("fd00::1", "fe80::1", "::"),
      destination: this.#one(
        "fd00::2",
        "fd00::2",
        "fd00::3",
        "ff02::1",
        "ff02::fb",
        "ff02::1:ff00:2",
        "ff02::1:ff00:99",
      ),
    };
    const target = [...new Uint8Array(4), 0xfd, ...new Uint8Array(14), this.#one(2, 3)];
    const solicitation = () => icmp6Packet(135, 0, target, { ...ends, hopLimit: 255 });
    const unread = () => ipv6Packet(this.#bytes(30), { ...ends, next: this.#below(256) });
    const packet = this.#one<() => Uint8Array>(
      () => ipv6Packet(udp6(this.#port(), this.#port(), this.#bytes(20), ends), { ...ends, next: 17 }),
      () => icmp6Packet(this.#one(128, 1, 3), 0, [0, 1, 0, 2, ...this.#bytes(20)], ends),
      solicitation,
      unread,
      // Destination options of an unknown kind that asks for an answer, even from a group (RFC 8200, 4.2).
      () => ipv6Packet([17, 0, this.#one(0x80, 0xc0, 0x3e), 4, 0, 0, 0, 0], { ...ends, next: this.#one(0, 60) }),
    )();
    return [0x86dd, [...packet]];
  }
}

for (const [name, protocols] of Object.entries(COMPOSITIONS)) {
  test(`kernel_filter: ${name} sends and delivers the same with the filter as without`, () => {
    const plain = new FilterBench(protocols());
    const filtered = new FilterBench(protocols());
    const heard: string[][] = [[], []];
    for (const [i, { net }] of [plain, filtered].entries()) {
      if (!net.udp) continue;
      const hear = (data: Uint8Array, from: unknown, port: number) => heard[i]!.push(`${hex(data)} ${from} ${port}`);
      net.udp.bind({ port: 9 }, hear);
      const group = net.udp.bind({ port: 5353 }, hear);
      group.join("224.0.0.251");
      if (net.ipv6) group.join("ff02::fb");
    }
    assert(filtered.filtering.program);
    const frames = new Frames(3);
    let dropped = 0;
    const count = 10_000;
    for (let i = 0; i < count; i++) {
      const bytes = frames.next();
      const expected = plain.put(bytes).map(hex);
      const takes = filtered.filtering.takes(bytes);
      if (!takes) dropped++;
      const sent = (takes ? filtered.put(bytes) : filtered.turn()).map(hex);
      assertEquals(sent, expected, `after ${hex(bytes)}`);
      assertEquals(heard[1]!.length, heard[0]!.length, `after ${hex(bytes)}`);
      if (i % 50 === 0) assertEquals(filtered.pass(997).map(hex), plain.pass(997).map(hex));
    }
    assertEquals(heard[1], heard[0]);
    // It must be worth its while, and there must be something left to compare.
    assert(dropped > count / 4, `${dropped} of ${count} frames dropped`);
    if (plain.net.udp) assert(heard[0]!.length > 50, `${heard[0]!.length} datagrams heard`);
  });
}

function broadcast(port: number): Uint8Array {
  const destination = "10.0.0.255";
  const datagram = udpDatagram(5, port, [1], { destination });
  return frame(0x0800, ipv4Packet(datagram, { destination }), { to: "ff:ff:ff:ff:ff:ff" });
}

test("kernel_filter: a port, a group and an address come through from the moment that they are ours", () => {
  const { filtering, net } = new FilterBench(COMPOSITIONS["a host of IPv4"]!());
  assertEquals(filtering.takes(broadcast(7)), false);
  const socket = net.udp.bind({ port: 7 }, () => {});
  assertEquals(filtering.takes(broadcast(7)), true);
  const destination = "239.9.9.9";
  const datagram = ipv4Packet(udpDatagram(5, 7, [1], { destination }), { destination });
  const grouped = frame(0x0800, datagram, { to: "01:00:5e:09:09:09" });
  assertEquals(filtering.takes(grouped), false);
  socket.join(destination);
  assertEquals(filtering.takes(grouped), true);
  socket.close();
  assertEquals(filtering.takes(grouped), false);
  assertEquals(filtering.takes(broadcast(7)), false);
  const other = frame(0x0800, ipv4Packet(udpDatagram(5, 7, [1]), { destination: "10.1.0.2" }));
  assertEquals(filtering.takes(other), false);
  const cidr = parseIpv4Cidr("10.1.0.2/24");
  net.ipv4.assign(cidr);
  assertEquals(filtering.takes(other), true);
  net.ipv4.withdraw(cidr);
  assertEquals(filtering.takes(other), false);
});

test("kernel_filter: a datagram for a closed port comes through only where ICMP answers it", () => {
  const datagram = frame(0x0800, ipv4Packet(udpDatagram(5, 4444, [1])));
  for (const [name, takes] of [["a host of IPv4", true], ["a host without ICMP", false]] as const) {
    assertEquals(new FilterBench(COMPOSITIONS[name]!()).filtering.takes(datagram), takes, name);
  }
});

test("kernel_filter: a sensor is woken by requests for its address and by nothing else", () => {
  const { filtering } = new FilterBench(COMPOSITIONS["a sensor"]!());
  const everybody = { to: "ff:ff:ff:ff:ff:ff" };
  assertEquals(filtering.takes(frame(0x0806, arpMessage(1, { target: "10.0.0.2" }), everybody)), true);
  assertEquals(filtering.takes(frame(0x0806, arpMessage(1, { target: "10.0.0.3" }), everybody)), false);
  assertEquals(filtering.takes(frame(0x0800, ipv4Packet(udpDatagram(5, 5683, [1])))), false);
});

test("kernel_filter: more ports than are worth telling apart are all let through, in a program that the kernel takes", () => {
  const { filtering, net } = new FilterBench(COMPOSITIONS["a host of both families"]!());
  for (let port = 1; port <= 300; port++) net.udp.bind({ port }, () => {});
  assertEquals(bpfFault(filtering.program!), null);
  for (const port of [1, 300, 301]) assertEquals(filtering.takes(broadcast(port)), true);
});

test("kernel_filter: a driver that cannot filter, and a layer of frames that is not known, get no program", () => {
  const plain = new ArrayDriver("ethernet", 1500);
  const clock = new ManualClock(0);
  const random = seededRandom(1);
  const net = stack({ driver: plain, clock, random, protocols: [ethernet(), kernelFilter()] });
  net.poll();
  assertEquals(net.counters().kernelFilter, { programs: 0, instructions: 0 });
  const first = [kernelFilter(), ethernet({ mac: OUR_MAC }), arp(), ipv4(V4), icmp(), udp()];
  for (const protocols of [[kernelFilter()], first]) assertEquals(new FilterBench(protocols).filtering.program, null);
});

test("kernel_filter: programs pass through plugins", () => {
  const driver = new FilteringDriver();
  const net = stack({
    driver,
    clock: new ManualClock(0),
    random: seededRandom(1),
    plugins: [(inner) => new DriverWrapper(inner)],
    protocols: [ethernet(), kernelFilter()],
  });
  net.poll();
  assert(driver.program);
  assertEquals(new DriverWrapper(new ArrayDriver("ethernet", 1500)).filter, undefined);
});

test("kernel_filter: its MAC address is ours", () => {
  const { filtering } = new FilterBench([
    ethernet({ mac: "02:00:00:00:00:fe" }),
    arp(),
    ipv4(V4),
    icmp(),
    kernelFilter(),
  ]);
  const request = ipv4Packet(icmpMessage(8, 0, [0, 1, 0, 2]), { protocol: 1 });
  assertEquals(filtering.takes(frame(0x0800, request, { to: "02:00:00:00:00:fe" })), true);
  assertEquals(filtering.takes(frame(0x0800, request, { to: OUR_MAC })), false);
});
