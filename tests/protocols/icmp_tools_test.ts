import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { icmp } from "../../protocols/icmp.ts";
import { discoverPathMtu, type EchoStack, ping, type PingReply, traceroute } from "../../protocols/icmp_tools.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ArrayDriver, checksum, icmpMessage, ipv4Packet, u16 } from "./harness.ts";

interface Way {
  /** Routers between us and the host, by the address that they tell; null for one that tells nothing. */
  routers: (string | null)[];
  /** The largest packet that each router passes on. */
  mtus?: number[];
  /** Whether routers tell of packets that are too big. */
  silent?: boolean;
  /** Milliseconds that a reply takes. */
  delay?: number;
  /** Whether the host answers. */
  host?: boolean | "unreachable" | "corrupt";
}

/** A host of ours at one end of a way, and the way: everything beyond our link. */
// deno-lint-ignore explicit-function-return-type
function way({ routers, mtus = [], silent = false, delay = 10, host = true }: Way) {
  const clock = new ManualClock();
  const driver = new ArrayDriver("ip", 1500);
  const net = stack({
    driver,
    clock,
    random: seededRandom(3),
    protocols: [ipv4({ address: "10.0.0.2/24", gateway: "10.0.0.1" }), icmp()],
  });
  const later: { at: number; packet: Uint8Array }[] = [];
  const sizes: number[] = [];
  const answer = (packet: Uint8Array): Uint8Array | null => {
    const destination = [...packet.subarray(16, 20)].join(".");
    sizes.push(packet.length);
    assertEquals(checksum(packet.subarray(20)), 0);
    for (const [i, router] of routers.entries()) {
      const tell = (type: number, code: number, rest: number[]): Uint8Array | null =>
        router === null ? null : ipv4Packet(icmpMessage(type, code, rest, packet.subarray(0, 28)), {
          protocol: 1,
          source: router,
          destination: "10.0.0.2",
        });
      if (packet[8]! <= i + 1) return tell(11, 0, [0, 0, 0, 0]);
      if (packet.length > (mtus[i] ?? 1500)) return silent ? null : tell(3, 4, [0, 0, ...u16(mtus[i]!)]);
      if (host === "unreachable" && i === routers.length - 1) return tell(3, 1, [0, 0, 0, 0]);
    }
    if (!host) return null;
    const data = [...packet.subarray(28)];
    if (host === "corrupt") data[0]! ^= 1;
    return ipv4Packet(icmpMessage(0, 0, [...packet.subarray(24, 28)], data), {
      protocol: 1,
      source: destination,
      destination: "10.0.0.2",
      ttl: 64 - routers.length,
    });
  };
  const beyond = {
    poll(): number {
      for (const packet of driver.sent.splice(0)) {
        const reply = answer(packet);
        if (reply) later.push({ at: clock.now() + delay, packet: reply });
      }
      while (later[0] && later[0].at <= clock.now()) driver.incoming.push(later.shift()!.packet);
      return later[0]?.at ?? Infinity;
    },
  };
  const wait = <T>(promise: Promise<T>): Promise<T> =>
    simulate(clock, [net, beyond, net], { until: promise, limit: 1_000_000 });
  return { net, clock, wait, sizes };
}

test("ping tells of each reply: its time, its TTL, who sent it", async () => {
  const { net, wait, clock, sizes } = way({ routers: ["10.9.1.1"] });
  const heard: PingReply[] = [];
  const report = await wait(ping(net, "192.0.2.1", { count: 3, interval: 500, onReply: (reply) => heard.push(reply) }));
  assertEquals([report.address, report.sent, report.received], ["192.0.2.1", 3, 3]);
  assertEquals(
    report.replies,
    [1, 2, 3].map((sequence) => ({ sequence, time: 10, from: "192.0.2.1", ttl: 63, error: null })),
  );
  assertEquals(heard, [...report.replies]);
  assertEquals(sizes, [84, 84, 84]);
  assertEquals(clock.now(), 1010);
  assertEquals(net.packetsTaken, 0);
});

for (const size of [0, 1, 1472, 1473, 65_507]) {
  test(`${size} bytes come back from another stack, and from ourselves`, async () => {
    const clock = new ManualClock();
    const [left, right] = memory("ip");
    const a = stack({
      driver: left,
      clock,
      random: seededRandom(1),
      protocols: [ipv4({ address: "10.0.0.1/24" }), icmp()],
    });
    const b = stack({
      driver: right,
      clock,
      random: seededRandom(2),
      protocols: [ipv4({ address: "10.0.0.2/24" }), icmp()],
    });
    for (const host of ["10.0.0.2", "10.0.0.1", "127.0.0.1"]) {
      const report = await simulate(clock, [a, b], { until: ping(a, host, { count: 2, size }) });
      assertEquals([report.received, report.replies[0]!.from], [2, host]);
    }
    assertEquals(a.packetsTaken + b.packetsTaken, 0);
  });
}

test("what does not come back, or comes back changed, times out; what is told of has its reason", async () => {
  for (const host of [false, "corrupt"] as const) {
    const { net, wait } = way({ routers: [], host });
    const { received, replies } = await wait(ping(net, "10.0.0.9", { count: 2, timeout: 300 }));
    assertEquals(received, 0);
    assertEquals(replies[1]!.error!.message, "10.0.0.9 did not answer within 300 ms");
    assertEquals(replies[1]!.error!.code, "ETIMEDOUT");
  }
  const { net, wait } = way({ routers: ["10.9.1.1", "10.9.2.1"] });
  const { replies } = await wait(ping(net, "192.0.2.1", { count: 1, ttl: 2 }));
  assertEquals([replies[0]!.from, replies[0]!.time], ["10.9.2.1", 10]);
  assertEquals(replies[0]!.error!.message, "192.0.2.1: the packet's time was exceeded on the way");
});

test("a signal ends a ping early, with what came until then", async () => {
  const { net, wait } = way({ routers: [] });
  const controller = new AbortController();
  const onReply = ({ sequence }: PingReply): void => void (sequence === 3 && controller.abort());
  const report = await wait(ping(net, "10.0.0.9", { count: 1e9, onReply, signal: controller.signal }));
  assertEquals([report.sent, report.received], [3, 3]);
});

test("hosts that cannot be pinged are refused, and options that do not fit", async () => {
  const { net } = way({ routers: [] });
  await assertRejects(() => ping(net, "example.com"), NetError, "the stack has no resolver");
  await assertRejects(() => ping(net, "10.0.0.255"), NetError, "it names more than one host");
  await assertRejects(() => ping(net, "224.0.0.1"), NetError, "it names more than one host");
  await assertRejects(() => ping(net, "10.0.0.1", { size: 65_508 }), RangeError, 'ping(): option "size"');
  const { icmp: _, ...without } = { core: net.core, ip: net.ip, icmp: net.icmp };
  await assertRejects(() => ping(without as EchoStack, "10.0.0.1"), NetError, "the stack has no ICMP for it");
});

test("traceroute names the routers, silent ones too, and ends at the host", async () => {
  const { net, wait } = way({ routers: ["10.9.1.1", null, "10.9.3.1"] });
  const hops = await wait(traceroute(net, "192.0.2.1"));
  assertEquals(
    hops.map(({ ttl, from, times, reached }) => [ttl, from, times.join(), reached]),
    [
      [1, "10.9.1.1", "10,10,10", false],
      [2, null, ",,", false],
      [3, "10.9.3.1", "10,10,10", false],
      [4, "192.0.2.1", "10,10,10", true],
    ],
  );
});

test("traceroute ends where a router knows no way on, and after as many hops as it may take", async () => {
  const { net, wait } = way({ routers: ["10.9.1.1", "10.9.2.1"], host: "unreachable" });
  const hops = await wait(traceroute(net, "192.0.2.1"));
  assertEquals(hops.map(({ from }) => from), ["10.9.1.1", "10.9.2.1", "10.9.2.1"]);
  assertEquals(hops[2]!.error!.message, "192.0.2.1: host unreachable");
  const silent = way({ routers: [], host: false });
  assertEquals((await silent.wait(traceroute(silent.net, "192.0.2.1", { maxHops: 4, probes: 1 }))).length, 4);
});

test("the MTU of a way is what routers tell, and connections use it", async () => {
  const { net, wait, sizes } = way({ routers: ["10.9.1.1", "10.9.2.1", "10.9.3.1"], mtus: [1400, 1500, 1300] });
  assertEquals(await wait(discoverPathMtu(net, "192.0.2.1")), 1300);
  assertEquals(sizes, [1500, 1400, 1300]);
  const path = net.ipv4.path(parseIpv4("192.0.2.1"), null);
  assert(typeof path !== "string");
  assertEquals(path.mms, 1280);
  assertEquals(await wait(discoverPathMtu(net, "192.0.2.77")), 1300);
});

test("where routers are silent, it is what comes back, to within 8 bytes", async () => {
  for (const mtu of [576, 1000, 1280, 1399, 1492, 1500]) {
    const { net, wait } = way({ routers: ["10.9.1.1"], mtus: [mtu], silent: true });
    const found = await wait(discoverPathMtu(net, "192.0.2.1"));
    assert(found <= mtu && found > mtu - 9, `${found} for ${mtu}`);
  }
});

test("the MTU of a way to nobody is not known", async () => {
  const { net, wait } = way({ routers: [], host: false });
  await assertRejects(() => wait(discoverPathMtu(net, "192.0.2.1")), NetError, "it does not answer");
  const unreachable = way({ routers: ["10.9.1.1"], host: "unreachable" });
  await assertRejects(
    () => unreachable.wait(discoverPathMtu(unreachable.net, "192.0.2.1")),
    NetError,
    "Cannot reach 192.0.2.1: host unreachable",
  );
});
