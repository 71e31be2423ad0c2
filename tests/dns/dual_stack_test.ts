/** Names of hosts of both families, through `connect` and `fetch`, in virtual time (RFC 6724, RFC 8305). */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Driver, Medium, Plugin } from "../../core/driver.ts";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { PROTOCOL_TCP } from "../../core/ip.ts";
import type { Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { Timer } from "../../core/timers.ts";
import { memory } from "../../drivers/memory.ts";
import { impair } from "../../plugins/impair.ts";
import { readMessage } from "../../protocols/dns/reader.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";
import { dns } from "../../protocols/dns.ts";
import { http } from "../../protocols/http.ts";
import { icmp } from "../../protocols/icmp.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import { answer, record } from "./world.ts";

/** Delays what TCP sends over IPv6 by so many milliseconds, or drops it. */
class Selective<M extends Medium> extends DriverWrapper<M> {
  readonly #direct: Driver<M>;
  readonly #drop: boolean;

  constructor(direct: Driver<M>, slow: Driver<M>, drop: boolean) {
    super(slow);
    this.#direct = direct;
    this.#drop = drop;
  }

  override transmit(packet: Packet): boolean {
    const isSix = packet.u8(0) >> 4 === 6 && packet.u8(6) === PROTOCOL_TCP;
    return isSix && this.#drop || (isSix ? this.inner : this.#direct).transmit(packet);
  }
}

const slowSix = (delay: number): Plugin => (driver, context) =>
  new Selective(
    driver,
    impair({ delay: Math.min(delay, 10_000), direction: "transmit" })(driver, context),
    delay === Infinity,
  );

const FOUR = "10.0.0.1";
const SIX = "2001:db8::1";

/** What there is at the other end. */
interface Far {
  /** Milliseconds by which TCP over IPv6 is slower; infinite where it goes nowhere. */
  readonly slow?: number;
  /** Where the server listens; everywhere when left out. */
  readonly hostname?: string;
  /** The prefix of both hosts' IPv6 addresses. */
  readonly prefix?: string;
  /** Milliseconds after which the DNS server answers for a type. */
  readonly after?: { readonly A?: number; readonly AAAA?: number };
  /** What it says of an IPv6 address. */
  readonly data?: Uint8Array<ArrayBuffer>;
}

// deno-lint-ignore explicit-function-return-type
function world({ slow = 0, hostname, prefix = "2001:db8::", after = {}, data }: Far) {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const client = stack({
    driver: left,
    clock,
    random: seededRandom(1),
    plugins: slow > 0 ? [slowSix(slow)] : [],
    protocols: [
      ipv4({ address: "10.0.0.2/24" }),
      icmp(),
      ipv6({ address: `${prefix}2/64` }),
      icmpv6(),
      udp(),
      tcp(),
      dns({ servers: [FOUR] }),
      http(),
    ],
  });
  const server = stack({
    driver: right,
    clock,
    random: seededRandom(2),
    protocols: [
      ipv4({ address: `${FOUR}/24` }),
      icmp(),
      ipv6({ address: `${prefix}1/64` }),
      icmpv6(),
      udp(),
      tcp(),
      http(),
    ],
  });
  const names = server.udp.bind({ port: 53 }, (bytes, from, port) => {
    const query = readMessage(bytes)!;
    const { name, type } = query.questions[0]!;
    const reply = writeMessage(answer(query, [record(name, type, type === "A" ? FOUR : data ?? `${prefix}1`)]));
    const wait = after[type as "A"] ?? 0;
    const later = new Timer(() => void names.send(reply, from, port));
    if (wait !== Infinity) server.core.timers.arm(later, clock.now() + wait);
  });
  server.http.serve((_, info) => new Response((info.remoteAddr as Deno.NetAddr).hostname), {
    port: 80,
    ...(hostname === undefined ? {} : { hostname }),
  });
  const wait = <T>(promise: Promise<T>): Promise<T> =>
    simulate(clock, [client, server], { until: promise, limit: 1_000_000 });
  return { client, server, clock, wait };
}

for (
  const [what, far, family, at] of [
    ["that is reached is taken", {}, 6, 0],
    ["that is a black hole is passed by after 250 ms (RFC 8305, 5)", { slow: Infinity }, 4, 250],
    ["that refuses is passed by at once", { hostname: FOUR }, 4, 0],
    ["that is slow, but not too slow, is waited for", { slow: 200 }, 6, 200],
    ["that is too slow is passed by", { slow: 400 }, 4, 250],
    ["of unique local addresses comes after IPv4 (RFC 6724, 6, rule 6)", { prefix: "fd00::" }, 4, 0],
    ["whose answer is late is waited for 50 ms (RFC 8305, 3)", { after: { AAAA: 40 } }, 6, 40],
    ["whose answer does not come holds nothing up", { after: { AAAA: Infinity } }, 4, 50],
    ["whose answer comes first is tried when the other one's does, or soon", { after: { A: Infinity } }, 6, 50],
  ] as const
) {
  test(`an IPv6 address ${what}: connect and fetch`, async () => {
    for (const how of ["connect", "fetch"]) {
      const { client, server, clock, wait } = world(far);
      const connect = async (): Promise<string> => {
        using conn = await client.tcp.connect({ hostname: "www.example", port: 80 });
        return conn.localAddr.hostname;
      };
      const from = await wait(
        how === "connect" ? connect() : client.http.fetch("http://www.example/").then((response) => response.text()),
      );
      assertEquals(from.includes(":") ? 6 : 4, family, how);
      // A response over a slow way is later than its connection.
      if (how === "connect" || family === 4 || !("slow" in far)) assertEquals(clock.now(), at, how);
      // What was begun in vain is ended.
      const { tcp } = client.counters();
      assert(tcp!.activeOpens! <= 2, `${tcp!.activeOpens} connections`);
      await wait(
        new Promise<void>((resolve) => client.core.timers.arm(new Timer(() => resolve()), clock.now() + 5000)),
      );
      assertEquals([client.packetsTaken, client.counters().loop!.faults], [0, 0]);
      const { connections, timeWait } = client.counters().tcp!;
      // A connection to fetch with again is kept.
      assertEquals(connections! - timeWait!, how === "fetch" ? 1 : 0);
      client.close();
      server.close();
    }
  });
}

test("lookup gives the addresses of both families in the order of RFC 6724", async () => {
  const six = world({});
  assertEquals(await six.wait(six.client.dns.lookup("www.example")), [SIX, FOUR]);
  assertEquals(await six.wait(six.client.dns.lookup("www.example", { family: 4 })), [FOUR]);
  const local = world({ prefix: "fd00::" });
  assertEquals(await local.wait(local.client.dns.lookup("www.example")), [FOUR, "fd00::1"]);
  local.client.ipv4.withdraw(local.client.ipv4.addresses[0]!);
  assertEquals(await local.wait(local.client.dns.lookup("www.example")), ["fd00::1", FOUR]);
});

test("an IPv6 address of too many or too few bytes is none", async () => {
  for (const size of [15, 16, 17, 32]) {
    const { client, wait } = world({ data: new Uint8Array(size).fill(0x20) });
    // No way leads to the one that is an address, so that it comes last.
    const more = size === 16 ? ["2020:2020:2020:2020:2020:2020:2020:2020"] : [];
    assertEquals(await wait(client.dns.lookup("www.example")), [FOUR, ...more]);
  }
});

test("where neither family is reached, both failures are waited for, and one is told", async () => {
  const { client, wait } = world({ hostname: "10.0.0.1", slow: Infinity });
  const refused = client.tcp.connect({ hostname: "www.example", port: 81 });
  const outcome = await wait(refused.then(() => "connected", (error) => `${error.code}: ${error.message}`));
  assertMatch(outcome, /^ECONNREFUSED: /);
});

for (const slow of [249, 250, 251]) {
  test(`of two connections that are there at the same time, one is given up: IPv6 after ${slow} ms`, async () => {
    for (const how of ["connect", "fetch"]) {
      const { client, server, clock, wait } = world({ slow });
      const fetch = () => client.http.fetch("http://www.example/").then((response) => response.text());
      const connect = () => client.tcp.connect({ hostname: "www.example", port: 80 }).then((conn) => conn.close());
      await wait<unknown>(how === "connect" ? connect() : fetch());
      await wait(
        new Promise<void>((resolve) => client.core.timers.arm(new Timer(() => resolve()), clock.now() + 5000)),
      );
      const { connections, timeWait } = client.counters().tcp!;
      assertEquals(connections! - timeWait!, how === "fetch" ? 1 : 0, how);
      client.close();
      server.close();
    }
  });
}
