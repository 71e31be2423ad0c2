import { assert, assertEquals, assertThrows } from "@std/assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { type Link, NO_OFFLOAD, type Offload } from "../../core/driver.ts";
import { type Ipv4Address, parseIpv4 } from "../../core/ipv4_address.ts";
import type { Core } from "../../core/protocol.ts";
import { seededRandom } from "../../core/random.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { udp } from "../../protocols/udp.ts";
import { setPayloadU16, UdpTemplate, udpTemplate, type UdpTemplateOptions } from "../../protocols/udp_template.ts";
import { hasProgram, testWith } from "../needs.ts";
import { ROOT, runtime } from "../tap/namespace.ts";
import { ArrayDriver, hex, ipv4Packet, OUR_MAC, OURS, PEER, PEER_MAC, u16, udpDatagram } from "./harness.ts";

const OPTIONS: UdpTemplateOptions = { source: OURS, sourcePort: 49_152, destination: PEER, destinationPort: 5683 };

// deno-lint-ignore explicit-function-return-type
function bench(options: UdpTemplateOptions = OPTIONS, offload: Offload = NO_OFFLOAD) {
  const driver = Object.assign(new ArrayDriver("ip", 1500), { offload });
  const net = stack({ driver, clock: new ManualClock(), random: seededRandom(1), protocols: [udpTemplate(options)] });
  return { driver, net, datagram: net.datagram, last: () => driver.sent.pop()! };
}

/** The packet that the RFCs want, made from nothing. */
function packet(data: ArrayLike<number>, ttl = 64): Uint8Array {
  const datagram = udpDatagram(49_152, 5683, data, { source: OURS, destination: PEER });
  return ipv4Packet(datagram, { source: OURS, destination: PEER, id: 0, flags: 0x4000, ttl });
}

function bytes(random: () => number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, random);
}

test("every length from 0 to 1472 makes the packet that RFC 791 and RFC 768 want", () => {
  const { datagram, last } = bench();
  const random = seededRandom(2);
  const sizes = Array.from({ length: 1473 }, (_, size) => size);
  // Up, down, and twice the same: whatever the last length left behind.
  for (const size of [...sizes, ...sizes.reverse(), 7, 7]) {
    const data = bytes(random, size);
    assert(datagram.send(data));
    assertEquals(hex(last()), hex(packet(data)), `${size} bytes`);
  }
  assertEquals([datagram.sent, datagram.unsent], [2948, 0]);
});

test("a checksum that comes out as 0 is sent as 65,535 (RFC 768)", () => {
  const { datagram, last } = bench();
  datagram.send(Uint8Array.of(0, 0, 1));
  const sum = last().subarray(26, 28);
  const data = Uint8Array.of(sum[0]!, sum[1]!, 1);
  datagram.send(data);
  assertEquals([...last().subarray(26, 28)], [255, 255]);
  // The same by the difference.
  datagram.send(Uint8Array.of(0, 0, 1));
  setPayloadU16(datagram, 0, sum[0]! << 8 | sum[1]!);
  datagram.send();
  driverAgrees(last(), data);
  // And away from it again.
  setPayloadU16(datagram, 0, 0);
  datagram.send();
  driverAgrees(last(), Uint8Array.of(0, 0, 1));

  function driverAgrees(sent: Uint8Array, data: Uint8Array): void {
    assertEquals(hex(sent), hex(packet(data)));
  }
});

test("a word that changes changes the checksum by its difference: as if it were summed anew (RFC 1624)", () => {
  const { datagram, last } = bench();
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    const data = bytes(random, 2 + (random() >>> 0) % 80);
    // Sums near 0 and 65,535 are where the equations differ.
    if (round % 3 === 0) data.fill(round % 2 ? 0 : 255);
    datagram.send(data);
    for (let change = 0; change < 20; change++) {
      const at = ((random() >>> 0) % (data.length >> 1)) * 2;
      const value = change % 4 === 0 ? 0 : change % 4 === 1 ? 0xffff : random() & 0xffff;
      setPayloadU16(datagram, at, value);
      data[at] = value >>> 8;
      data[at + 1] = value;
      if (change % 5 === 0) datagram.send();
    }
    datagram.send();
    assertEquals(hex(last()), hex(packet(data)));
  }
});

test("setPayloadU16 refuses places where no word begins", () => {
  const { datagram } = bench();
  assertThrows(() => setPayloadU16(datagram, 0, 1), RangeError, "Cannot set a word at byte 0 of a payload of 0 bytes");
  datagram.send(new Uint8Array(5));
  for (const offset of [-2, -1, 1, 3, 4, 5, 6, 1e9, NaN]) {
    assertThrows(() => setPayloadU16(datagram, offset, 1), RangeError, `at byte ${offset} of a payload of 5 bytes`);
  }
  setPayloadU16(datagram, 2, 1);
});

test("before anything was sent, the last datagram is an empty one", () => {
  const { datagram, last } = bench();
  datagram.send();
  assertEquals(hex(last()), hex(packet([])));
});

test("what the link does not carry is refused, and leaves the template whole", () => {
  const { datagram, driver, last } = bench();
  datagram.send(Uint8Array.of(1, 2, 3));
  driver.sent = [];
  assertThrows(() => datagram.send(new Uint8Array(1473)), RangeError);
  assertEquals(driver.sent.length, 0);
  datagram.send();
  assertEquals(hex(last()), hex(packet([1, 2, 3])));
});

test("a datagram that the driver does not take is counted", () => {
  const { net, datagram, driver } = bench();
  driver.space = 1;
  assertEquals([datagram.send(new Uint8Array(1)), datagram.send(new Uint8Array(1))], [true, false]);
  assertEquals(net.counters().datagram, { sent: 1, unsent: 1 });
});

test("hops, the source port and the router are as asked for", () => {
  const { ttl, datagram } = { ttl: 3, ...bench({ ...OPTIONS, ttl: 3 }) };
  const last = (): Uint8Array => new Uint8Array(datagram.packet.view());
  datagram.send(Uint8Array.of(9));
  assertEquals(hex(last()), hex(packet([9], ttl)));
  const same = bench({ source: OURS, destination: PEER, destinationPort: 9 });
  same.datagram.send();
  assertEquals([...same.last().subarray(20, 24)], [...u16(9, 9)]);
  const none = bench({ ...OPTIONS, sourcePort: 0 });
  none.datagram.send();
  assertEquals([...none.last().subarray(20, 24)], [...u16(0, 5683)]);
});

test("the next hop is the router where there is one, and asked for again when its entry is gone", () => {
  const asked: number[] = [];
  const claimed: number[] = [];
  const entries: { live: boolean; transmit(): boolean }[] = [];
  const link = {
    mtu: 1500,
    claim: (address: number) => claimed.push(address) > 0,
    neighbour(address: number) {
      asked.push(address);
      entries.push({ live: true, transmit: () => true });
      return entries.at(-1)!;
    },
  } as unknown as Link<Ipv4Address>;
  const core = { offload: NO_OFFLOAD, wake() {}, count() {} } as unknown as Core;
  const datagram = new UdpTemplate(core, link, { ...OPTIONS, destination: "192.0.2.1", gateway: "10.0.0.254" });
  assertEquals(claimed, [parseIpv4(OURS)]);
  datagram.send();
  datagram.send();
  entries[0]!.live = false;
  datagram.send();
  datagram.send();
  assertEquals(asked, Array(2).fill(parseIpv4("10.0.0.254")));
});

test("a driver that finishes checksums has nothing to do", () => {
  const { datagram, last } = bench(OPTIONS, { ...NO_OFFLOAD, transmitChecksum: true });
  datagram.send(Uint8Array.of(7, 7));
  assertEquals(hex(last()), hex(packet([7, 7])));
  assertEquals(datagram.packet.verified, false);
});

test("options that cannot be are refused in a sentence", () => {
  const refused = (options: object, kind: new () => Error, sentence: string): void =>
    void assertThrows(() => bench({ ...OPTIONS, ...options }), kind, sentence);
  refused(
    { destinationPort: 0 },
    RangeError,
    'udpTemplate(): option "destinationPort" must be an integer of at least 1',
  );
  refused({ sourcePort: 65_536 }, RangeError, '"sourcePort"');
  refused({ ttl: 256 }, RangeError, '"ttl"');
  refused({ mtu: 5 }, TypeError, 'there is no option "mtu"');
  refused({ source: 5 }, TypeError, "must be a string, not 5");
  refused({ source: undefined }, TypeError, 'option "source" is required');
  refused({ destination: "10.0.0" }, SyntaxError, 'Cannot parse "10.0.0" as an IPv4 address');
  refused({ gateway: "10.0.0.256" }, SyntaxError, 'Cannot parse "10.0.0.256"');
});

/** Our whole stack, as the host that readings are sent to. */
// deno-lint-ignore explicit-function-return-type
function receiver<M extends "ip" | "ethernet">(medium: M, macs = { mac: PEER_MAC }) {
  const clock = new ManualClock();
  const [left, right] = memory(medium);
  const rest = [ipv4({ address: `${PEER}/24` }), icmp(), udp()] as const;
  const host = stack({
    driver: right,
    clock,
    random: seededRandom(2),
    protocols: (medium === "ip" ? rest : [ethernet(macs), arp(), ...rest]) as never,
  }) as unknown as Stack<{ udp: import("../../protocols/udp.ts").Udp }>;
  const got: string[] = [];
  host.udp.bind({ port: 5683 }, (data, address, port) => {
    assertEquals([address, port], [parseIpv4(OURS), 49_152]);
    got.push(hex(data));
  });
  return { clock, left, host, got };
}

for (const way of ["bare IP", "a permanent ARP entry", "ARP"]) {
  test(`our whole stack reads every length, over ${way}`, () => {
    const { clock, left, host, got } = receiver(way === "bare IP" ? "ip" : "ethernet");
    const below = way === "bare IP"
      ? []
      : way === "ARP"
      ? [ethernet({ mac: OUR_MAC }), arp()]
      : [staticArp({ mac: OUR_MAC, neighbour: PEER_MAC })];
    const sensor = stack({
      driver: left,
      clock,
      random: seededRandom(1),
      protocols: [...below, udpTemplate(OPTIONS)] as never,
    }) as unknown as Stack<{ datagram: UdpTemplate }>;
    const settle = (): void => {
      for (let i = 0; i < 4; i++) {
        sensor.poll();
        host.poll();
      }
    };
    settle();
    const random = seededRandom(4);
    for (let size = 0; size <= 1472; size++) {
      const data = bytes(random, size);
      assert(sensor.datagram.send(data));
      settle();
      assertEquals(got, [hex(data)]);
      got.length = 0;
    }
    const counters = host.counters();
    assertEquals([counters.udp!.delivered, counters.udp!.badChecksum, counters.ipv4!.badChecksum], [1473, 0, 0]);
    assertEquals([sensor.packetsTaken, host.packetsTaken], [0, 0]);
    sensor.close();
    host.close();
  });
}

testWith(["tshark"], "tshark finds every checksum good", () => {
  const { datagram, driver } = bench();
  const random = seededRandom(5);
  for (let size = 0; size <= 1472; size += size < 64 ? 1 : 37) datagram.send(bytes(random, size));
  setPayloadU16(datagram, 8, 0x1234);
  datagram.send();
  const folder = mkdtempSync(join(tmpdir(), "bonsai-udp-template-"));
  try {
    const file = join(folder, "sent.pcap");
    const records = driver.sent.flatMap((sent, i) => {
      const head = new Uint8Array(new Uint32Array([i, 0, sent.length, sent.length]).buffer);
      return [head, sent];
    });
    // Version 2.4, snapshots of 65,535 bytes, raw IP.
    const head = new Uint8Array(new Uint32Array([0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 101]).buffer);
    writeFileSync(file, [head, ...records].reduce((all, part) => Uint8Array.of(...all, ...part), new Uint8Array(0)));
    const fields = [
      "ip.checksum.status",
      "udp.checksum.status",
      "udp.length",
      "ip.src",
      "udp.dstport",
    ];
    const out = execFileSync("tshark", [
      ...["-r", file, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields"],
      ...fields.flatMap((field) => ["-e", field]),
    ], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const lines = out.trimEnd().split("\n").map((line) => line.trimEnd());
    assertEquals(lines, driver.sent.map((sent) => `1\t1\t${sent.length - 20}\t${OURS}\t5683`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

testWith(["deno"], "a million sends allocate nothing", () => {
  // Every allocation of a million small objects fills the young generation several times over.
  const [program = "", ...args] = runtime("deno");
  const out = execFileSync(
    hasProgram(program) ? program : process.execPath,
    [...args, "--v8-flags=--trace-gc,--single-threaded-gc", "tests/protocols/udp_template_million.ts"],
    { cwd: ROOT, encoding: "utf8" },
  );
  const between = /begin\n([^]*)end\n/.exec(out)?.[1];
  assertEquals(between, "", `the garbage collector ran: ${out}`);
});
