import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { memorySwitch } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { type DnsMessage, readMessage } from "../../protocols/dns/reader.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";
import { dns } from "../../protocols/dns.ts";
import { dnsServer, type DnsServerOptions } from "../../protocols/dns_server.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import { failure } from "./world.ts";

const ZONE: DnsServerOptions = {
  zone: "Home.Example",
  ttl: 120,
  records: [
    { name: "home.example", type: "NS", data: "ns.home.example" },
    { name: "home.example", type: "MX", data: { preference: 10, exchange: "mail.home.example" } },
    { name: "ns.home.example", type: "A", data: "10.0.0.1" },
    { name: "www.home.example", type: "CNAME", data: "web.home.example" },
    { name: "web.home.example", type: "A", data: "10.0.0.7", ttl: 5 },
    { name: "out.home.example", type: "CNAME", data: "www.other.example" },
    { name: "loop.home.example", type: "CNAME", data: "loop.home.example" },
    { name: "*.any.home.example", type: "TXT", data: ["wild"] },
    { name: "a.b.c.home.example", type: "A", data: "10.0.0.8" },
    ...Array.from({ length: 100 }, (_, i) => ({ name: "big.home.example", type: "A", data: `10.1.0.${i}` }) as const),
  ],
};
const OTHER: DnsServerOptions = {
  zone: "other.example",
  records: [{ name: "www.other.example", type: "A", data: "192.0.2.1" }],
};

// deno-lint-ignore explicit-function-return-type
function world(options: DnsServerOptions = ZONE) {
  const clock = new ManualClock();
  const wire = memorySwitch();
  const common = (address: string, seed: number) => ({
    base: { driver: wire.port(), clock, random: seededRandom(seed) },
    below: [ethernet(), arp(), ipv4({ address }), icmp(), udp(), tcp()] as const,
  });
  const one = common("10.0.0.1/24", 1);
  const server = stack({ ...one.base, protocols: [...one.below, dnsServer(options)] });
  const two = common("10.0.0.2/24", 2);
  const client = stack({ ...two.base, protocols: [...two.below, dns({ servers: ["10.0.0.1"] })] });
  const three = common("10.0.0.3/24", 3);
  const other = stack({ ...three.base, protocols: [...three.below, dnsServer(OTHER)] });
  const stacks = [server, client, other];
  const wait = <T>(promise: Promise<T>): Promise<T> => simulate(clock, stacks, { until: promise, limit: 100_000 });
  /** Sends a query by hand; null when nothing comes back. */
  const ask = async (query: Partial<DnsMessage> | Uint8Array): Promise<DnsMessage | null> => {
    let got: DnsMessage | null = null;
    const socket = client.udp.bind({ port: 0 }, (data) => void (got = readMessage(data)));
    const message = { id: 7, flags: 0x100, questions: [], answers: [], authorities: [], additionals: [] };
    socket.send(
      query instanceof Uint8Array ? query : writeMessage({ ...message, ...query }),
      parseIpv4("10.0.0.1"),
      53,
    );
    await simulate(clock, stacks, { limit: 5000 });
    socket.close();
    return got;
  };
  const question = (name: string, type: string = "A", more: Partial<DnsMessage> = {}) =>
    ask({ questions: [{ name, type, class: 1 }], ...more });
  return { clock, server, client, wait, ask, question };
}

const opt = (size: number, ttl = 0) => ({ name: "", type: "TYPE41", class: size, ttl, data: new Uint8Array(0) });
const shown = ({ answers }: DnsMessage): string[] =>
  answers.map(({ name, type, ttl, data }) => `${name} ${ttl} ${type} ${JSON.stringify(data)}`);

test("names of the zone are answered with authority, aliases followed within it", async () => {
  const { question } = world();
  const web = (await question("WEB.home.example"))!;
  assertEquals([web.flags, web.id], [0x8500, 7]);
  assertEquals(web.questions[0]!.name, "WEB.home.example");
  assertEquals(shown(web), ['web.home.example 5 A "10.0.0.7"']);
  assertEquals(shown((await question("www.home.example"))!), [
    'www.home.example 120 CNAME "web.home.example"',
    'web.home.example 5 A "10.0.0.7"',
  ]);
  assertEquals(shown((await question("out.home.example"))!), ['out.home.example 120 CNAME "www.other.example"']);
  assertEquals(shown((await question("www.home.example", "CNAME"))!), [
    'www.home.example 120 CNAME "web.home.example"',
  ]);
  assertEquals(shown((await question("loop.home.example"))!), ['loop.home.example 120 CNAME "loop.home.example"']);
  assertEquals(shown((await question("home.example", "TYPE255"))!).length, 3);
});

test("what is not there has the SOA beside it, a name with names below it exists (RFC 2308, RFC 8020)", async () => {
  const { question } = world();
  for (
    const [name, type, code] of [
      ["none.home.example", "A", 3],
      ["web.home.example", "AAAA", 0],
      ["b.c.home.example", "A", 0],
      ["x.b.c.home.example", "A", 3],
    ] as const
  ) {
    const { flags, answers, authorities } = (await question(name, type))!;
    assertEquals([flags, answers.length], [0x8500 | code, 0], name);
    assertEquals(authorities.map(({ name, type, ttl }) => [name, type, ttl]), [["home.example", "SOA", 120]]);
  }
});

test("absence may be remembered for the lesser of the SOA's own time and its minimum (RFC 2308, 3)", async () => {
  const soa = { mname: "ns.home.example", rname: "a.home.example", serial: 1, refresh: 2, retry: 3, expire: 4 };
  for (const [ttl, minimum] of [[300, 30], [20, 600]] as const) {
    const { question } = world({
      zone: "home.example",
      records: [{ name: "home.example", type: "SOA", data: { ...soa, minimum }, ttl }],
    });
    assertEquals((await question("none.home.example"))!.authorities.map(({ ttl }) => ttl), [Math.min(ttl, minimum)]);
    assertEquals((await question("home.example", "SOA"))!.answers.map(({ ttl }) => ttl), [ttl]);
  }
});

test("the addresses of hosts that an answer names come with it (RFC 1034, 4.3.2; RFC 2782)", async () => {
  const host = (name: string, type: "A" | "AAAA", data: string) => ({ name: `${name}.home.example`, type, data });
  const { question } = world({
    zone: "home.example",
    records: [
      { name: "home.example", type: "NS", data: "ns.home.example" },
      { name: "home.example", type: "MX", data: { preference: 1, exchange: "Mail.home.example" } },
      { name: "home.example", type: "MX", data: { preference: 2, exchange: "mail.elsewhere.example" } },
      {
        name: "_x._tcp.home.example",
        type: "SRV",
        data: { priority: 0, weight: 0, port: 1, target: "ns.home.example" },
      },
      host("ns", "A", "10.0.0.1"),
      host("mail", "A", "10.0.0.2"),
      host("mail", "AAAA", "fd00:0:0:0:0:0:0:2"),
      { name: "mail.home.example", type: "TXT", data: ["not this"] },
    ],
  });
  const more = async (name: string, type: string): Promise<unknown[]> =>
    (await question(name, type))!.additionals.map(({ data }) => data);
  assertEquals(await more("home.example", "NS"), ["10.0.0.1"]);
  assertEquals(await more("home.example", "MX"), ["10.0.0.2", "fd00:0:0:0:0:0:0:2"]);
  assertEquals(await more("_x._tcp.home.example", "SRV"), ["10.0.0.1"]);
  assertEquals(await more("mail.home.example", "A"), []);
});

test("EDNS: two OPT records, or one with a name, are an error; the bit of DNSSEC comes back (RFC 6891, 6.1.1; RFC 3225)", async () => {
  const { question } = world();
  for (const additionals of [[opt(1232), opt(1232)], [{ ...opt(1232), name: "a.example" }]]) {
    assertEquals((await question("web.home.example", "A", { additionals }))!.flags & 15, 1);
  }
  const secure = (await question("web.home.example", "A", { additionals: [opt(1232, 0x8000)] }))!;
  assertEquals([secure.flags & 15, secure.additionals[0]!.ttl], [0, 0x8000]);
});

test("a wildcard stands for names that are not there (RFC 4592)", async () => {
  const { question } = world();
  assertEquals(shown((await question("x.any.home.example", "TXT"))!), ['x.any.home.example 120 TXT ["wild"]']);
  assertEquals(shown((await question("x.y.any.home.example", "TXT"))!), ['x.y.any.home.example 120 TXT ["wild"]']);
  const { flags, answers } = (await question("x.any.home.example", "A"))!;
  assertEquals([flags, answers.length], [0x8500, 0]);
});

test("names outside are refused, or asked of others", async () => {
  const alone = world();
  assertEquals((await alone.question("www.other.example"))!.flags, 0x8105);
  const { question, server } = world({ ...ZONE, forward: ["10.0.0.77", "10.0.0.3"], timeout: 500 });
  const { flags, answers } = (await question("www.other.example"))!;
  assertEquals([flags, answers.length], [0x8180, 1]);
  assertEquals((await question("none.other.example"))!.flags, 0x8183);
  // Who does not want others to be asked gets nothing of theirs.
  assertEquals((await question("www.other.example", "A", { flags: 0 }))!.flags, 0x8085);
  assertEquals(server.counters().dnsServer!.forwarded, 2);
  const dead = world({ forward: ["10.0.0.77"], timeout: 500 });
  assertEquals((await dead.question("www.other.example"))!.flags, 0x8182);
});

test("our resolver is served, over TCP where an answer is cut", async () => {
  const { client, wait, server } = world({ ...ZONE, forward: ["10.0.0.3"] });
  assertEquals(await wait(client.dns.lookup("www.home.example")), ["10.0.0.7"]);
  assertEquals(await wait(client.dns.lookup("out.home.example")), ["192.0.2.1"]);
  assertEquals((await wait(client.dns.lookup("big.home.example"))).length, 100);
  assertEquals(client.counters().dns!.overTcp, 1);
  assertEquals(server.counters().dnsServer!.truncated, 1);
  assertEquals(
    await wait(failure(client.dns.lookup("none.home.example"))),
    'ENOTFOUND: Cannot find host "none.home.example": it has no such record',
  );
});

test("answers over UDP are as large as the asker takes, 512 bytes without EDNS and never more than 1232", async () => {
  const { question } = world();
  const size = async (additionals: DnsMessage["additionals"]): Promise<number> => {
    const message = (await question("big.home.example", "A", { additionals }))!;
    assertEquals(message.flags, 0x8700);
    return writeMessage(message).length;
  };
  const plain = await size([]);
  assert(plain > 490 && plain <= 512);
  const small = await size([opt(100)]);
  assert(small > 490 && small <= 512);
  const large = await size([opt(4096)]);
  assert(large > 1200 && large <= 1232);
  const { additionals } = (await question("web.home.example", "A", { additionals: [opt(4096)] }))!;
  assertEquals(additionals, [opt(1232)]);
  // A version to come: BADVERS (RFC 6891, 6.1.3).
  assertEquals((await question("web.home.example", "A", { additionals: [opt(4096, 1 << 16)] }))!.additionals, [
    opt(1232, 1 << 24),
  ]);
});

test("what is no query for one name is refused by its reason, and responses are never answered", async () => {
  const { ask, question, server } = world();
  assertEquals((await ask({}))!.flags, 0x8101);
  const q = { name: "web.home.example", type: "A", class: 1 };
  assertEquals((await ask({ questions: [q, q] }))!.flags, 0x8101);
  assertEquals((await ask(Uint8Array.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12])))!.flags, 0x8101);
  assertEquals((await ask({ flags: 0x2000, questions: [q] }))!.flags, 0xa004);
  assertEquals((await ask({ questions: [{ ...q, class: 3 }] }))!.flags, 0x8105);
  assertEquals((await question("home.example", "TYPE252"))!.flags, 0x8105);
  assertEquals(await ask({ flags: 0x8100, questions: [q] }), null);
  assertEquals(await ask(new Uint8Array(5)), null);
  assertEquals(server.counters().dnsServer!.malformed, 6);
});

test("many queries share a TCP connection, in pieces of any size, and the last are answered after a FIN (RFC 7766)", async () => {
  const { client, wait } = world({ ...ZONE, forward: ["10.0.0.3"] });
  const names = ["web.home.example", "big.home.example", "www.other.example", "none.home.example", "ns.home.example"];
  const queries = names.map((name, id) =>
    writeMessage({
      id,
      flags: 0x100,
      questions: [{ name, type: "A", class: 1 }],
      answers: [],
      authorities: [],
      additionals: [],
    })
  );
  const all = Uint8Array.from(queries.flatMap((query) => [query.length >> 8, query.length, ...query]));
  const conn = await wait(client.tcp.connect({ hostname: "10.0.0.1", port: 53 }));
  conn.setNoDelay();
  for (let at = 0; at < all.length; at += 7) await wait(conn.write(all.subarray(at, at + 7)));
  await wait(conn.closeWrite());
  const got: number[] = [];
  const buffer = new Uint8Array(4096);
  for (let size = await wait(conn.read(buffer)); size !== null; size = await wait(conn.read(buffer))) {
    got.push(...buffer.subarray(0, size));
  }
  const answers: (readonly [number, number])[] = [];
  for (let at = 0; at < got.length;) {
    const end = at + 2 + (got[at]! << 8 | got[at + 1]!);
    const { id, answers: records } = readMessage(Uint8Array.from(got.slice(at + 2, end)))!;
    answers.push([id, records.length]);
    at = end;
  }
  assertEquals(answers.sort(), [[0, 1], [1, 100], [2, 1], [3, 0], [4, 1]]);
  conn.close();
});

test("an idle TCP connection is closed after ten seconds", async () => {
  const { client, wait, clock } = world();
  const conn = await wait(client.tcp.connect({ hostname: "10.0.0.1", port: 53 }));
  assertEquals(await wait(conn.read(new Uint8Array(1))), null);
  assert(clock.now() >= 10_000 && clock.now() < 10_100);
  conn.close();
});

test("records outside of the zone, and data that is none, are refused at the start", () => {
  const start = (records: DnsServerOptions["records"]) => () => void world({ zone: "home.example", records: records! });
  assertThrows(
    start([{ name: "a.example", type: "A", data: "1.2.3.4" }]),
    RangeError,
    'lies outside of the zone "home.example"',
  );
  assertThrows(start([{ name: "a.home.example", type: "A", data: "1.2.3" }]), RangeError, "has data that is none");
  assertThrows(start([{ name: "a..home.example", type: "A", data: "1.2.3.4" }]), RangeError, "is no domain name");
  assertThrows(() => dnsServer({ zones: [] } as never), TypeError, 'there is no option "zones"');
});
