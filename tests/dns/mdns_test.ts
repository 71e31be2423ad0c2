import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv4, parseIpv4Cidr } from "../../core/ipv4_address.ts";
import { fraction, seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memorySwitch } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { type DnsMessage, readMessage } from "../../protocols/dns/reader.ts";
import type { DnsRecord } from "../../protocols/dns/record.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";
import { type Dns, dns } from "../../protocols/dns.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { type Ipv4, ipv4 } from "../../protocols/ipv4.ts";
import { type Mdns, mdns, type MdnsOptions } from "../../protocols/mdns.ts";
import { type Tcp, tcp } from "../../protocols/tcp.ts";
import { type Udp, udp } from "../../protocols/udp.ts";
import { failure } from "./world.ts";

const GROUP = parseIpv4("224.0.0.251");
const empty = { id: 0, flags: 0, questions: [], answers: [], authorities: [], additionals: [] };
type Host = Stack<{ mdns: Mdns; dns: Dns; udp: Udp; tcp: Tcp; ipv4: Ipv4 }>;

class Link {
  readonly clock: ManualClock = new ManualClock();
  readonly #wire = memorySwitch();
  readonly stacks: Stack<object>[] = [];

  host(address: string, options: MdnsOptions = {}): Host {
    const net = stack({
      driver: this.#wire.port(),
      clock: this.clock,
      random: seededRandom(this.stacks.length + 1),
      protocols: [ethernet(), arp(), ipv4({ address }), icmp(), udp(), tcp(), mdns(options), dns({ servers: [] })],
    });
    this.stacks.push(net);
    return net;
  }

  /** A scripted host: what it hears of mDNS, and how it speaks. */
  script(address: string, port: number = 5353) {
    const net = stack({
      driver: this.#wire.port(),
      clock: this.clock,
      random: seededRandom(99),
      protocols: [ethernet(), arp(), ipv4({ address }), icmp(), udp()],
    });
    this.stacks.push(net);
    const heard: { at: number; message: DnsMessage; from: string }[] = [];
    const socket = net.udp.bind({ port, multicastTtl: 255, loopback: false }, (data, from) => {
      heard.push({ at: this.clock.now(), message: readMessage(data)!, from: net.ipv4.format(from as never) });
    });
    socket.join(GROUP);
    const say = (message: Partial<DnsMessage> | Uint8Array, to = GROUP): void =>
      void socket.send(message instanceof Uint8Array ? message : writeMessage({ ...empty, ...message }), to, 5353);
    return { net, heard, say };
  }

  pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    return simulate(this.clock, this.stacks, { limit: ms }).then(() => this.clock.advanceTo(end));
  }

  wait<T>(promise: Promise<T>): Promise<T> {
    return simulate(this.clock, this.stacks, { until: promise, limit: 60_000 });
  }
}

const LAMP: MdnsOptions = {
  hostname: "lamp",
  services: [{ name: "Küchen.lampe", type: "_http._tcp", port: 80, txt: ["path=/", "v=1"] }],
};
const INSTANCE = "K\\195\\188chen\\046lampe._http._tcp.local";
const question = (name: string, type: string, more = 0) => ({ name, type, class: 1 | more });
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const shown = (records: readonly DnsRecord[]): string[] =>
  records.map(({ name, type, class: flags, ttl }) => `${name} ${type} ${flags & 0x8000 ? "flush " : ""}${ttl}`);

test("a host probes three times, 250 ms apart, with what it wants to have, then announces it twice (RFC 6762, 8)", async () => {
  const link = new Link();
  const { heard } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.1/24", LAMP);
  assertEquals(host.mdns.ready, false);
  await link.pass(5000);
  assertEquals(host.mdns.ready, true);
  const [first, second, third, fourth, fifth, ...more] = heard;
  assertEquals(more, []);
  for (const probe of [first!, second!, third!]) {
    assertEquals(probe.message.flags, 0);
    assertEquals(probe.message.questions, [
      question("lamp.local", "TYPE255", 0x8000),
      question(INSTANCE, "TYPE255", 0x8000),
    ]);
    assertEquals(shown(probe.message.authorities), ["lamp.local A 120", `${INSTANCE} SRV 120`, `${INSTANCE} TXT 4500`]);
  }
  assert(first!.at <= 250);
  assertEquals([second!.at - first!.at, third!.at - second!.at, fourth!.at - third!.at, fifth!.at - fourth!.at], [
    250,
    250,
    250,
    1000,
  ]);
  assertEquals(fourth!.message.flags, 0x8400);
  assertEquals([fourth!.message.id, fourth!.message.questions], [0, []]);
  assertEquals(shown(fourth!.message.answers), [
    "lamp.local A flush 120",
    `${INSTANCE} SRV flush 120`,
    `${INSTANCE} TXT flush 4500`,
    "_http._tcp.local PTR 4500",
    "_services._dns-sd._udp.local PTR 4500",
  ]);
  assertEquals(fifth!.message, fourth!.message);
});

test("hosts find each other and their services by name, through every layer that takes one", async () => {
  const link = new Link();
  const lamp = link.host("10.0.0.1/24", LAMP);
  const other = link.host("10.0.0.2/24");
  lamp.tcp.listen({ port: 80 });
  await link.pass(3000);
  assertEquals(await link.wait(other.mdns.lookup("LAMP.local")), ["10.0.0.1"]);
  assertEquals(await link.wait(other.dns.lookup("lamp.local.")), ["10.0.0.1"]);
  const conn = await link.wait(other.tcp.connect({ hostname: "lamp.local", port: 80 }));
  assertEquals(conn.remoteAddr.hostname, "10.0.0.1");
  conn.close();
  const [instance] = await link.wait(other.mdns.query("_http._tcp.local", "PTR"));
  assertEquals(instance, INSTANCE);
  assertEquals(await link.wait(other.mdns.query(instance!, "SRV")), [
    { priority: 0, weight: 0, port: 80, target: "lamp.local" },
  ]);
  assertEquals(await link.wait(other.mdns.query("Küchen\\046lampe._http._tcp.local", "TXT")), [["path=/", "v=1"]]);
  assertEquals(await link.wait(other.mdns.query("_services._dns-sd._udp.local", "PTR")), ["_http._tcp.local"]);
});

test("a name that nobody has is not found within two seconds, asked for again after one (RFC 6762, 5.2)", async () => {
  const link = new Link();
  const { heard } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.2/24");
  const before = link.clock.now();
  assertEquals(
    await link.wait(failure(host.mdns.lookup("none.local"))),
    'ENOTFOUND: Cannot find host "none.local": nobody on the link has that name',
  );
  assertEquals(link.clock.now() - before, 2000);
  assertEquals(heard.map(({ message, at }) => [message.questions[0]!.class, at - before]), [[0x8001, 0], [1, 1000]]);
  assertEquals(
    await link.wait(failure(host.mdns.lookup("example.com"))),
    'ENOTFOUND: Cannot find host "example.com": nobody on the link has that name',
  );
  assertEquals(heard.length, 2);
});

test("a second host of the same name takes another (RFC 6762, 9), and so does its service", async () => {
  const link = new Link();
  link.host("10.0.0.1/24", LAMP);
  await link.pass(3000);
  const renamed: string[] = [];
  const second = link.host("10.0.0.2/24", { ...LAMP, onRename: (name) => renamed.push(name) });
  const third = link.host("10.0.0.3/24", { hostname: "lamp" });
  await link.pass(10_000);
  assertEquals(new Set([second.mdns.hostname, third.mdns.hostname]), new Set(["lamp-2", "lamp-3"]));
  assert(renamed.length > 0);
  const other = link.host("10.0.0.4/24");
  for (const host of [second, third]) {
    assertEquals(await link.wait(other.mdns.lookup(`${host.mdns.hostname}.local`)), [
      host === second ? "10.0.0.2" : "10.0.0.3",
    ]);
  }
  assertEquals((await link.wait(other.mdns.query("_http._tcp.local", "PTR"))).sort(), [
    INSTANCE,
    "K\\195\\188chen\\046lampe\\032(2)._http._tcp.local",
  ]);
});

test("of two that probe at the same time, the one with the greater records wins (RFC 6762, 8.2)", async () => {
  const link = new Link();
  const one = link.host("10.0.0.1/24", { hostname: "lamp" });
  const two = link.host("10.0.0.2/24", { hostname: "lamp" });
  await link.pass(10_000);
  assertEquals([one.mdns.hostname, two.mdns.hostname], ["lamp-2", "lamp"]);
});

test("a host that hears another one use its name probes again, and gives way", async () => {
  const link = new Link();
  const { say, heard } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.1/24", { hostname: "lamp" });
  await link.pass(3000);
  heard.length = 0;
  const theirs: DnsRecord = { name: "lamp.local", type: "A", class: 0x8001, ttl: 120, data: "10.0.0.9" };
  say({ flags: 0x8400, answers: [{ ...theirs, data: "10.0.0.1" }] });
  say({ flags: 0x8400, answers: [{ ...theirs, ttl: 0 }] });
  await link.pass(3000);
  assertEquals([host.mdns.hostname, heard.length], ["lamp", 0]);
  // It asks once more (9): nobody insists.
  say({ flags: 0x8400, answers: [theirs] });
  await link.pass(3000);
  assertEquals([host.mdns.hostname, host.mdns.ready], ["lamp", true]);
  assertEquals(heard.map(({ message }) => message.questions[0]?.name), [
    ...Array(3).fill("lamp.local"),
    undefined,
    undefined,
  ]);
  // Somebody does.
  say({ flags: 0x8400, answers: [theirs] });
  await link.pass(300);
  say({ flags: 0x8400, answers: [theirs] });
  await link.pass(3000);
  assertEquals([host.mdns.hostname, host.mdns.ready], ["lamp-2", true]);
  assertEquals(host.counters().mdns!.conflicts, 3);
});

test("answers go to everybody, or to the asker alone, at once or after a moment, and not twice in a second (RFC 6762, 6)", async () => {
  const link = new Link();
  const { say, heard } = link.script("10.0.0.9/24");
  link.host("10.0.0.1/24", LAMP);
  await link.pass(5000);
  const ask = async (questions: DnsMessage["questions"], more: Partial<DnsMessage> = {}): Promise<number> => {
    heard.length = 0;
    const before = link.clock.now();
    say({ questions, ...more });
    await link.pass(500);
    return heard.length > 0 ? heard[0]!.at - before : -1;
  };
  assertEquals(await ask([question("lamp.local", "A")]), 0);
  assertEquals(shown(heard[0]!.message.answers), ["lamp.local A flush 120"]);
  assertEquals(await ask([question("lamp.local", "A")]), -1);
  assertEquals(await ask([question("lamp.local", "A", 0x8000)]), 0);
  await link.pass(1000);
  assertEquals(await ask([question("Lamp.Local", "TYPE255")]), 0);
  // Of a name that is ours alone we know what it has not (6.1).
  assertEquals(await ask([question("lamp.local", "AAAA")]), 0);
  assertEquals(shown(heard[0]!.message.answers), ["lamp.local TYPE47 flush 120"]);
  assertEquals(
    heard[0]!.message.answers[0]!.data,
    Uint8Array.of(4, ...ascii("lamp"), 5, ...ascii("local"), 0, 0, 1, 0x40),
  );
  assertEquals(await ask([{ ...question("lamp.local", "A"), class: 3 }]), -1);
  assertEquals(await ask([{ ...question("lamp.local", "SRV"), class: 255 }]), 0);
  assertEquals(await ask([question("other.local", "A")]), -1);
  const delay = await ask([question("_http._tcp.local", "PTR")]);
  assert(delay >= 20 && delay <= 120, String(delay));
  assertEquals(heard[0]!.message.additionals.map(({ type }) => type), ["A", "SRV", "TXT"]);
  // What the asker knows is left out (7.1), unless it will forget it soon.
  await link.pass(1000);
  const known: DnsRecord = { name: "_http._tcp.local", type: "PTR", class: 1, ttl: 4500, data: INSTANCE };
  assertEquals(await ask([question("_http._tcp.local", "PTR")], { answers: [known] }), -1);
  assert(await ask([question("_http._tcp.local", "PTR")], { answers: [{ ...known, ttl: 2000 }] }) > 0);
});

test("an asker that knows more than fits into a message is waited for (RFC 6762, 7.2)", async () => {
  const link = new Link();
  const { say, heard } = link.script("10.0.0.9/24");
  link.host("10.0.0.1/24", LAMP);
  await link.pass(5000);
  const known: DnsRecord = { name: "_http._tcp.local", type: "PTR", class: 1, ttl: 4500, data: INSTANCE };
  for (const knows of [false, true]) {
    heard.length = 0;
    const before = link.clock.now();
    say({ flags: 0x0200, questions: [question("_http._tcp.local", "PTR")] });
    await link.pass(100);
    if (knows) say({ answers: [known] });
    await link.pass(1000);
    if (knows) assertEquals(heard.length, 0);
    else assert(heard.length === 1 && heard[0]!.at - before >= 400 && heard[0]!.at - before <= 620);
  }
});

test("a host whose address changes says so (RFC 6762, 8.4)", async () => {
  const link = new Link();
  const { heard } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.1/24", { hostname: "lamp" });
  await link.pass(5000);
  heard.length = 0;
  host.ipv4.withdraw(host.ipv4.addresses[0]!);
  await link.pass(3000);
  assertEquals(heard.length, 0);
  host.ipv4.assign(parseIpv4Cidr("10.0.0.5/24"));
  await link.pass(3000);
  assertEquals(heard.map(({ message }) => message.answers.map(({ data }) => data)), [["10.0.0.5"], ["10.0.0.5"]]);
});

test("responses from another port than that of mDNS are ignored (RFC 6762, 6)", async () => {
  const link = new Link();
  const { say } = link.script("10.0.0.9/24", 40_000);
  const host = link.host("10.0.0.1/24", { hostname: "lamp" });
  await link.pass(3000);
  const lookup = host.mdns.lookup("other.local");
  say({ flags: 0x8400, answers: [{ name: "other.local", type: "A", class: 1, ttl: 120, data: "10.0.0.66" }] });
  say({ flags: 0x8400, answers: [{ name: "lamp.local", type: "A", class: 1, ttl: 120, data: "10.0.0.66" }] });
  assertMatch(await link.wait(failure(lookup)), /^ENOTFOUND/);
  assertEquals(host.counters().mdns!.conflicts, 0);
});

test("what comes from beyond the link is not believed, and not answered (RFC 6762, 5.5 and 11)", async () => {
  const link = new Link();
  const ours = parseIpv4("10.0.0.1");
  const host = link.host("10.0.0.1/24", { hostname: "lamp" });
  const far = link.script("192.0.2.5/24");
  far.net.ipv4.addRoute(parseIpv4Cidr("10.0.0.0/24"), 0 as never);
  const near = link.script("10.0.0.9/24");
  await link.pass(3000);
  const other: DnsRecord = { name: "other.local", type: "A", class: 1, ttl: 120, data: "10.0.0.66" };
  const found = async ({ say }: typeof far, to?: typeof ours): Promise<boolean> => {
    const lookup = host.mdns.lookup("other.local").then(() => true, () => false);
    say({ flags: 0x8400, answers: [other] }, to);
    return await link.wait(lookup);
  };
  const answered = async ({ say }: typeof far, to?: typeof ours): Promise<boolean> => {
    await link.pass(1000);
    const before = host.counters().mdns!.responses!;
    say({ questions: [question("lamp.local", "A")] }, to);
    await link.pass(1000);
    return host.counters().mdns!.responses! > before;
  };
  assertEquals([await found(far, ours), await answered(far, ours)], [false, false]);
  assertEquals([await found(near, ours), await answered(near, ours)], [true, true]);
  // Routers do not pass on what is for the group, so that hosts of other networks on this link are heard.
  assertEquals([await found(far), await answered(far)], [true, true]);
  assertEquals(host.counters().mdns!.distant, 2);
});

test("askers from before mDNS get their answer as from a DNS server (RFC 6762, 6.7)", async () => {
  const link = new Link();
  const { say, heard } = link.script("10.0.0.9/24", 40_000);
  link.host("10.0.0.1/24", LAMP);
  await link.pass(3000);
  heard.length = 0;
  say({ id: 77, questions: [question("lamp.local", "A")] }, parseIpv4("10.0.0.1"));
  await link.pass(500);
  const { message, from } = heard[0]!;
  assertEquals([message.id, message.flags, from], [77, 0x8400, "10.0.0.1"]);
  assertEquals(message.questions, [question("lamp.local", "A")]);
  assertEquals(shown(message.answers), ["lamp.local A 10"]);
});

test("a host that leaves says so (RFC 6762, 10.1)", async () => {
  const link = new Link();
  const { heard } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.1/24", LAMP);
  await link.pass(3000);
  heard.length = 0;
  host.close();
  link.stacks.splice(link.stacks.indexOf(host), 1);
  await link.pass(100);
  assertEquals(heard[0]!.message.answers.map(({ ttl }) => ttl), [0, 0, 0, 0, 0]);
});

test("who asks hears that the stack closes, or was closed", async () => {
  const host = new Link().host("10.0.0.1/24");
  const before = [host.mdns.query("other.local", "A"), failure(host.mdns.lookup("other.local"))];
  host.close();
  const after = [host.mdns.query("other.local", "A"), failure(host.mdns.lookup("other.local"))];
  for (const asked of [before, after]) {
    const [none, fault] = await Promise.all(asked);
    assertEquals(none, []);
    assertMatch(fault as string, /^ENOTFOUND/);
  }
});

test("100,000 pieces of garbage leave a host with its name", async () => {
  const link = new Link();
  const { say, net } = link.script("10.0.0.9/24");
  const host = link.host("10.0.0.1/24", LAMP);
  await link.pass(3000);
  const random = seededRandom(5);
  const upTo = (most: number): number => Math.floor(fraction(random) * (most + 1));
  const good = [
    writeMessage({ ...empty, questions: [question("lamp.local", "A"), question("_http._tcp.local", "PTR")] }),
    writeMessage({
      ...empty,
      flags: 0x8400,
      answers: [{ name: "x.local", type: "A", class: 1, ttl: 9, data: "1.2.3.4" }],
    }),
  ];
  for (let i = 0; i < 100_000; i++) {
    const bytes = upTo(1) ? good[upTo(1)]!.slice() : Uint8Array.from({ length: upTo(60) }, () => upTo(255));
    for (let n = upTo(3); n > 0 && bytes.length > 0; n--) bytes[upTo(bytes.length - 1)] = upTo(255);
    say(bytes);
    if (i % 32 === 0) {
      net.poll();
      host.poll();
      link.clock.advance(1);
    }
  }
  await link.pass(10_000);
  assertEquals(host.counters().loop!.faults, 0);
  const asker = link.host("10.0.0.2/24");
  assertEquals(await link.wait(asker.mdns.lookup(`${host.mdns.hostname}.local`)), ["10.0.0.1"]);
});

test("services that are none are refused", () => {
  const bad = (service: object) => () => void mdns({ hostname: "a", services: [service as never] });
  assertThrows(bad({ name: "x", type: "http", port: 80 }), RangeError, "is no service such as");
  assertThrows(bad({ name: "x", type: "_http._tcp", port: 99_999 }), RangeError, "is no service such as");
  assertThrows(bad({ name: "x".repeat(64), type: "_http._tcp", port: 80 }), RangeError, "is no service such as");
  assertThrows(() => mdns({ hostname: "a.b" }), RangeError, 'option "hostname" must be');
});
