import { assert, assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { NetError } from "../../core/net_error.ts";
import { fraction, seededRandom } from "../../core/random.ts";
import { FLAG_RESPONSE, FLAG_TRUNCATED } from "../../protocols/dns/codes.ts";
import type { DnsMessage } from "../../protocols/dns/reader.ts";
import type { DnsRecord } from "../../protocols/dns/record.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";
import { resolve } from "../../protocols/dns_records.ts";
import { answer, failure, record, SECOND, SERVER, soa, world } from "./world.ts";

const A = record("example.com", "A", "192.0.2.1");

test("a name is looked up once, then remembered for its TTL (RFC 1035, 3.2.1)", async () => {
  const { client, queries, wait, clock } = world((query) => [answer(query, [A])]);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(await wait(client.dns.lookup("Example.COM")), ["192.0.2.1"]);
  assertEquals(queries.length, 1);
  clock.advance(59_900);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(queries.length, 1);
  clock.advance(200);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(queries.length, 2);
  assertEquals(client.counters().dns!.cached, 2);
  client.close();
});

test("a query is one question with recursion desired and EDNS of 1232 bytes (RFC 6891, RFC 9715)", async () => {
  const { client, queries, wait } = world((query) => [answer(query, [A])]);
  await wait(client.dns.lookup("example.com"));
  const { message } = queries[0]!;
  assertEquals(message.questions, [{ name: "example.com", type: "A", class: 1 }]);
  assertEquals(message.flags, 0x100);
  assertEquals(message.additionals, [{ name: "", type: "TYPE41", class: 1232, ttl: 0, data: new Uint8Array(0) }]);
});

test("identifiers and ports are random, new for each query (RFC 5452, 9.2)", async () => {
  const { client, queries, wait } = world((query) => [answer(query, [{ ...A, name: query.questions[0]!.name }])]);
  for (let i = 0; i < 100; i++) await wait(client.dns.lookup(`n${i}.example.com`));
  assert(new Set(queries.map(({ port }) => port)).size > 90);
  assert(new Set(queries.map(({ message }) => message.id)).size > 95);
  const high = queries.filter(({ message }) => message.id > 0x7fff).length;
  assert(high > 25 && high < 75);
  assert(queries.every(({ port }) => port >= 49_152));
});

test("concurrent lookups of a name share a query", async () => {
  const { client, queries, wait } = world((query) => [answer(query, [A])]);
  const all = await wait(Promise.all([1, 2, 3].map(() => client.dns.lookup("example.com"))));
  assertEquals(all, [["192.0.2.1"], ["192.0.2.1"], ["192.0.2.1"]]);
  assertEquals(queries.length, 1);
});

test("what answers another question is ignored: id, name, type, class, count, no response, garbage", async () => {
  const wrong = record("example.com", "A", "192.0.2.66");
  const { client, wait } = world((query) => {
    const [question] = query.questions;
    const evil = (more: Partial<DnsMessage>): DnsMessage => answer(query, [wrong], more);
    return [
      evil({ id: query.id ^ 1 }),
      evil({ questions: [{ ...question!, name: "example.org" }] }),
      evil({ questions: [{ ...question!, type: "AAAA" }] }),
      evil({ questions: [{ ...question!, class: 3 }] }),
      evil({ questions: [] }),
      evil({ questions: [question!, question!] }),
      evil({ flags: 0x100 }),
      new Uint8Array(3),
      answer(query, [A]),
    ];
  });
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(client.counters().dns!.ignored, 8);
});

test("a datagram from another address or port answers nothing", async () => {
  const { client, server, queries, wait } = world((query) => {
    const evil = writeMessage(answer(query, [record("example.com", "A", "192.0.2.66")]));
    const { port } = queries[queries.length - 1]!;
    server.udp.bind({ port: 5353, hostname: SERVER }, () => {}).send(evil, 0x0a000002 as never, port);
    server.udp.bind({ port: 5353, hostname: SECOND }, () => {}).send(evil, 0x0a000002 as never, port);
    return [answer(query, [A])];
  });
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(client.counters().udp!.noPort, 2);
});

test("a cut answer is asked for again over TCP (RFC 7766, 5)", async () => {
  const many: DnsRecord[] = Array.from(
    { length: 300 },
    (_, i) => record("big.example", "A", `10.1.${i >> 8}.${i & 255}`),
  );
  const { client, wait } = world((query, over) => [
    over === "udp" ? answer(query, [], { flags: FLAG_RESPONSE | FLAG_TRUNCATED }) : answer(query, many),
  ]);
  assertEquals((await wait(client.dns.lookup("big.example"))).length, 300);
  assertEquals(client.counters().dns!.overTcp, 1);
  assertEquals(client.packetsTaken, 0);
});

test("without tcp() a cut answer is refused", async () => {
  const { client, wait } = world((query) => [answer(query, [], { flags: FLAG_RESPONSE | FLAG_TRUNCATED })], {
    withTcp: false,
  });
  assertEquals(
    await wait(failure(client.dns.lookup("big.example"))),
    'EMSGSIZE: Cannot find host "big.example": the answer fits into no datagram: list tcp() before dns()',
  );
});

test("a TCP server that hangs up or is silent is a failure, not a wait without end", async () => {
  const { client, server, wait } = world((query, over) =>
    over === "udp" ? [answer(query, [], { flags: FLAG_RESPONSE | FLAG_TRUNCATED })] : [new Uint8Array(12)]
  );
  assertMatch(await wait(failure(client.dns.lookup("a.example"))), /^EPROTO: .*talks nonsense$/);
  server.close();
  assertMatch(await wait(failure(client.dns.lookup("b.example"))), /^ETIMEDOUT: .*did not answer within 8000 ms$/);
});

test("an alias leads to its name, whether the server says where to or not (RFC 1034, 3.6.2)", async () => {
  const { client, queries, wait } = world((query) => {
    const { name } = query.questions[0]!;
    if (name === "www.example.com") return [answer(query, [record(name, "CNAME", "example.com", 20), A])];
    if (name === "far.example.com") return [answer(query, [record(name, "CNAME", "example.com", 20)])];
    return [answer(query, [A])];
  });
  assertEquals(await wait(client.dns.lookup("www.example.com")), ["192.0.2.1"]);
  assertEquals(queries.length, 1);
  assertEquals(await wait(client.dns.lookup("far.example.com")), ["192.0.2.1"]);
  assertEquals(queries.length, 3);
  assertEquals(await wait(resolve(client, "far.example.com", "CNAME")), ["example.com"]);
});

for (const length of [16, 17, 64]) {
  test(`a chain of ${length} aliases is ${length > 16 ? "refused" : "followed"}`, async () => {
    const { client, wait } = world((query) => [
      answer(query, [
        ...Array.from({ length }, (_, i) => record(i ? `a${i}.example` : "www.example", "CNAME", `a${i + 1}.example`)),
        record(`a${length}.example`, "A", "192.0.2.1"),
      ]),
    ]);
    const outcome = await wait(failure(client.dns.lookup("www.example")));
    assertEquals(
      outcome,
      length > 16
        ? 'EPROTO: Cannot find host "www.example": more than 16 aliases lead on from it'
        : 'no failure: ["192.0.2.1"]',
    );
  });
}

test("aliases in a circle, in one answer or over many, end", async () => {
  const one = world((query) => [
    answer(query, [record("a.example", "CNAME", "b.example"), record("b.example", "CNAME", "a.example")]),
  ]);
  assertMatch(await one.wait(failure(one.client.dns.lookup("a.example"))), /^EPROTO: .*aliases/);
  const many = world((query) => {
    const { name } = query.questions[0]!;
    return [answer(query, [record(name, "CNAME", name === "a.example" ? "b.example" : "a.example")])];
  });
  assertMatch(await many.wait(failure(many.client.dns.lookup("a.example"))), /^EPROTO: .*aliases/);
  assertEquals(many.queries.length, 17);
});

test("records of other names than those asked for are not believed", async () => {
  const { client, queries, wait } = world((query) => {
    const { name } = query.questions[0]!;
    return [
      name === "example.com" ? answer(query, [A, record("bank.example", "A", "192.0.2.66")]) : answer(query, [
        record("bank.example", "A", "192.0.2.7"),
      ]),
    ];
  });
  await wait(client.dns.lookup("example.com"));
  assertEquals(await wait(client.dns.lookup("bank.example")), ["192.0.2.7"]);
  assertEquals(queries.length, 2);
});

test("the absence of a name or a type is remembered as long as the SOA says (RFC 2308, 5)", async () => {
  for (const flags of [FLAG_RESPONSE | 3, FLAG_RESPONSE]) {
    const { client, clock, queries, wait } = world((query) => [
      answer(query, [], { flags, authorities: [soa("example", 30, 300)] }),
    ]);
    assertEquals(
      await wait(failure(client.dns.lookup("none.example"))),
      'ENOTFOUND: Cannot find host "none.example": it has no such record',
    );
    await wait(failure(client.dns.lookup("none.example")));
    assertEquals(queries.length, 1);
    clock.advance(29_000);
    await wait(failure(client.dns.lookup("none.example")));
    assertEquals(queries.length, 1);
    clock.advance(1100);
    await wait(failure(client.dns.lookup("none.example")));
    assertEquals(queries.length, 2);
  }
});

test("without a SOA, and with a TTL of 0, nothing is remembered; a TTL beyond 2^31 is 0 (RFC 2181, 8)", async () => {
  const { client, queries, wait } = world((query) => {
    const { name } = query.questions[0]!;
    if (name === "none.example") return [answer(query, [], { flags: FLAG_RESPONSE | 3 })];
    return [answer(query, [record(name, "A", "192.0.2.1", name === "zero.example" ? 0 : 0x80000000)])];
  });
  for (const name of ["none.example", "zero.example", "huge.example"]) {
    const before = queries.length;
    await wait(failure(client.dns.lookup(name)));
    await wait(failure(client.dns.lookup(name)));
    assertEquals(queries.length - before, 2, name);
  }
});

test("servers are asked in turn, each again after a while that doubles, and the one that answers first from then on", async () => {
  const { client, queries, wait, clock } = world(
    (query) =>
      queries[queries.length - 1]!.to === SECOND
        ? [answer(query, [
          { ...A, name: query.questions[0]!.name },
        ])]
        : [],
    { options: { servers: [SERVER, SECOND], timeout: 1000, attempts: 2 } },
  );
  await wait(client.dns.lookup("a.example"));
  assertEquals(queries.map(({ to, at }) => [to, at]), [[SERVER, 0], [SECOND, 1000]]);
  await wait(client.dns.lookup("b.example"));
  assertEquals(queries.length, 3);
  assertEquals(queries[2]!.to, SECOND);
  assertEquals(clock.now(), 1000);
});

test("servers that are silent time out after every round", async () => {
  const { client, queries, wait, clock } = world(() => [], {
    options: { servers: [SERVER, SECOND], timeout: 1000, attempts: 2 },
  });
  assertEquals(
    await wait(failure(client.dns.lookup("a.example"))),
    `ETIMEDOUT: Cannot find host "a.example": DNS server ${SECOND} did not answer within 2000 ms`,
  );
  assertEquals(queries.map(({ at }) => at), [0, 1000, 2000, 4000]);
  assertEquals(clock.now(), 6000);
  assertEquals(client.counters().dns!.unanswered, 4);
  // A failure is not remembered.
  await wait(failure(client.dns.lookup("a.example")));
  assertEquals(queries.length, 8);
});

test("a server that refuses at once is left at once", async () => {
  const { client, wait, clock } = world((query) => [answer(query, [A])], {
    options: { servers: ["10.0.0.1"], port: 54, timeout: 1000, attempts: 2 },
  });
  assertEquals(
    await wait(failure(client.dns.lookup("example.com"))),
    'ECONNREFUSED: Cannot find host "example.com": 10.0.0.1 port 54: port unreachable',
  );
  assertEquals(clock.now(), 0);
});

test("a server that fails is left for the next", async () => {
  const { client, queries, wait } = world(
    (query) => [queries.length === 1 ? answer(query, [], { flags: FLAG_RESPONSE | 2 }) : answer(query, [A])],
    { options: { servers: [SERVER, SECOND] } },
  );
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(queries.map(({ to }) => to), [SERVER, SECOND]);
  const all = world((query) => [answer(query, [], { flags: FLAG_RESPONSE | 5 })], {
    options: { servers: [SERVER], attempts: 1 },
  });
  assertEquals(
    await all.wait(failure(all.client.dns.lookup("example.com"))),
    'EPROTO: Cannot find host "example.com": DNS server 10.0.0.1 failed with code 5',
  );
});

test("a server from before EDNS is asked again without it (RFC 6891, 7)", async () => {
  const { client, queries, wait } = world((query) => [
    query.additionals.length > 0 ? answer(query, [], { flags: FLAG_RESPONSE | 1 }) : answer(query, [A]),
  ]);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(queries.map(({ message }) => message.additionals.length), [1, 0]);
});

test("a server from before EDNS may answer with a bare header, a forged one of another query counts for nothing", async () => {
  const { client, queries, wait } = world((query) => {
    const header = (id: number): Uint8Array => Uint8Array.of(id >> 8, id, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0);
    return query.additionals.length > 0 ? [header(query.id ^ 1), header(query.id)] : [answer(query, [A])];
  });
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals([queries.length, client.counters().dns!.ignored], [2, 1]);
});

test("the addresses of one candidate are not mixed with those of the next", async () => {
  const { client, queries, wait } = world((query) => {
    const { name, type } = query.questions[0]!;
    return [name === "x.a.example" ? answer(query, [record(name, type, "192.0.2.1")]) : answer(query, [])];
  }, { options: { servers: [SERVER], search: ["a.example", "b.example"] } });
  assertEquals(await wait(client.dns.lookup("x")), ["192.0.2.1"]);
  assertEquals(queries.map(({ message }) => message.questions[0]!.name), ["x.a.example"]);
});

test("names in other letters than ASCII are asked for as they are written", async () => {
  const { client, queries, wait } = world((
    query,
  ) => [answer(query, [record(query.questions[0]!.name, "A", "192.0.2.1")])]);
  assertEquals(await wait(client.dns.lookup("bücher.example.")), ["192.0.2.1"]);
  assertEquals(queries[0]!.message.questions[0]!.name, "b\\195\\188cher.example");
});

test("servers of a family that the stack has not, or that are no addresses, are passed over", async () => {
  const { client, wait, clock } = world((query) => [answer(query, [A])], {
    options: { servers: ["fd00::1", "dns.example", SERVER] },
  });
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
  assertEquals(clock.now(), 0);
  const none = world(() => [], { options: { servers: ["dns.example"] } });
  assertMatch(await none.wait(failure(none.client.dns.lookup("example.com"))), /^ENOTFOUND: .*no DNS server is known$/);
});

test("the cache is bounded", async () => {
  const { client, queries, wait } = world((
    query,
  ) => [answer(query, [record(query.questions[0]!.name, "A", "192.0.2.1")])]);
  for (let i = 0; i < 512; i++) await wait(client.dns.lookup(`n${i}.example`));
  await wait(client.dns.lookup("n0.example"));
  assertEquals(queries.length, 512);
  await wait(client.dns.lookup("n512.example"));
  await wait(client.dns.lookup("n0.example"));
  assertEquals(queries.length, 514);
});

test("records of another class are not believed", async () => {
  const { client, wait } = world((
    query,
  ) => [answer(query, [{ ...record("example.com", "A", "192.0.2.66"), class: 3 }, A])]);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
});

test("data that is no address is passed over", async () => {
  const { client, wait } = world((query) => [
    answer(query, [
      { ...A, data: new Uint8Array(3) },
      { ...A, data: new Uint8Array(16) },
      { ...A, data: new Uint8Array(0) },
      A,
    ]),
  ]);
  assertEquals(await wait(client.dns.lookup("example.com")), ["192.0.2.1"]);
});

test("the search list is gone through by the number of dots", async () => {
  const asked = async (name: string): Promise<string[]> => {
    const { client, queries, wait } = world(
      (query) => [answer(query, [], { flags: FLAG_RESPONSE | 3, authorities: [soa("example")] })],
      { options: { servers: [SERVER], search: ["a.example", "b.example."] } },
    );
    assertMatch(await wait(failure(client.dns.lookup(name))), /^ENOTFOUND/);
    return queries.map(({ message }) => message.questions[0]!.name);
  };
  assertEquals(await asked("x"), ["x.a.example", "x.b.example", "x"]);
  assertEquals(await asked("x.y"), ["x.y", "x.y.a.example", "x.y.b.example"]);
  assertEquals(await asked("x.y.z"), ["x.y.z", "x.y.z.a.example", "x.y.z.b.example"]);
  assertEquals(await asked("x."), ["x"]);
});

test("what the network tells to search in may be no domain, or too long with a name", async () => {
  const { client, queries, wait } = world(
    (query) => [answer(query, [record(query.questions[0]!.name, "A", "192.0.2.1")])],
    { options: { servers: [SERVER], search: ["a..b", `${"x.".repeat(125)}x`, "a.example"] } },
  );
  assertEquals(await wait(client.dns.lookup("host")), ["192.0.2.1"]);
  assertEquals(queries.map(({ message }) => message.questions[0]!.name), ["host.a.example"]);
});

test("types and names are told apart in the cache, whatever digits they are of", async () => {
  const { client, wait } = world((query) => {
    const { name, type } = query.questions[0]!;
    return [answer(query, [record(name, type, type === "PTR" ? "host.example" : "192.0.2.1")])];
  });
  // PTR is 12, A is 1.
  assertEquals(await wait(resolve(client, "8.example", "PTR")), ["host.example"]);
  assertEquals(await wait(client.dns.lookup("28.example")), ["192.0.2.1"]);
});

test("who gives up does not wait for a server that is silent", async () => {
  const { client, wait, clock } = world(() => []);
  for (const early of [true, false]) {
    const controller = new AbortController();
    const { signal } = controller;
    if (early) controller.abort(new Error("enough"));
    const connected = client.tcp.connect({ hostname: "x.example", port: 80, signal }).catch((error) => error.message);
    if (!early) controller.abort(new Error("enough"));
    assertEquals([await wait(connected), clock.now()], ["enough", 0]);
  }
});

test("addresses and localhost need no server", async () => {
  const { client, queries, wait } = world(() => []);
  assertEquals(await wait(client.dns.lookup("192.0.2.9")), ["192.0.2.9"]);
  assertEquals(await wait(client.dns.lookup("localhost")), ["127.0.0.1"]);
  assertEquals(await wait(client.dns.lookup("app.localhost.")), ["127.0.0.1"]);
  assertMatch(await wait(failure(client.dns.lookup("localhost", { family: 6 }))), /^ENOTFOUND/);
  assertEquals(queries.length, 0);
});

test("what is no name, no type, and a family or a server that there is none of", async () => {
  const { client, wait } = world(() => []);
  const long = "x".repeat(64);
  assertEquals(
    await wait(client.dns.lookup(`${long}.com`).catch((error) => `${error.name}: ${error.message}`)),
    `SyntaxError: Cannot parse "${long}.com" as a domain name such as "example.com"`,
  );
  assertEquals(
    await wait(resolve(client, "a", "AXFR" as never).catch((error) => `${error.name}: ${error.message}`)),
    'TypeError: There is no DNS type "AXFR"',
  );
  assertMatch(await wait(failure(client.dns.lookup("a.example", { family: 6 }))), /^ENOTFOUND/);
  const none = world(() => [], { options: {} });
  assertEquals(
    await none.wait(failure(none.client.dns.lookup("a.example"))),
    'ENOTFOUND: Cannot find host "a.example": no DNS server is known',
  );
});

test("records of every type are read", async () => {
  const data: Record<string, DnsRecord["data"]> = {
    A: "192.0.2.1",
    AAAA: "2001:db8:0:0:1:0:0:1",
    CNAME: "b.example",
    MX: { preference: 10, exchange: "mail.example" },
    NS: "ns.example",
    PTR: "host.example",
    SOA: {
      mname: "ns.example",
      rname: "root.example",
      serial: 4294967295,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    },
    SRV: { priority: 1, weight: 2, port: 443, target: "host.example" },
    TXT: ["v=spf1", "", "ü"],
  };
  const { client, wait } = world((query) => {
    const { type } = query.questions[0]!;
    return [answer(query, [record("a.example", type, data[type]!)])];
  });
  for (const type of Object.keys(data)) {
    assertEquals(await wait(resolve(client, "a.example", type as "A")), [data[type] as string]);
  }
});

test("a stack that closes ends what is under way", async () => {
  const { client, wait } = world(() => []);
  const lookup = failure(client.dns.lookup("a.example"));
  client.poll();
  client.close();
  assertMatch(await wait(lookup), /^EPIPE/);
});

test("a stack that was closed waits for nothing", async () => {
  const { client } = world(() => []);
  client.close();
  assertMatch(await failure(client.dns.lookup("a.example")), /^ENETDOWN/);
  assertMatch(await failure(client.tcp.connect({ hostname: "a.example", port: 80 })), /^ENETDOWN/);
  assertMatch(await failure(client.tcp.connect({ hostname: SERVER, port: 80 })), /^ENETDOWN/);
});

test("tcp and udp take names", async () => {
  const { client, server, wait } = world((query) => [
    answer(query, [record("srv.example", "A", "10.0.0.1"), record("srv.example", "A", "10.0.0.3")]),
  ]);
  server.tcp.listen({ port: 7, hostname: "10.0.0.3" });
  const conn = await wait(client.tcp.connect({ hostname: "srv.example", port: 7 }));
  assertEquals(conn.remoteAddr.hostname, "10.0.0.3");
  conn.close();
  assertMatch(await wait(failure(client.tcp.connect({ hostname: "srv.example", port: 9 }))), /^ECONNREFUSED/);
  const got: number[] = [];
  server.udp.bind({ port: 9 }, (data) => void got.push(data.length));
  const socket = client.udp.listen({ port: 0 });
  await wait(socket.send(new Uint8Array(3), { hostname: "srv.example", port: 9 }));
  await wait(socket.connect({ hostname: "srv.example", port: 9 }));
  await wait(socket.send(new Uint8Array(4)));
  await wait(client.dns.lookup("10.0.0.1"));
  assertEquals(got, [3, 4]);
  socket.close();
});

test("a signal gives up on a connection by name", async () => {
  const { client, wait } = world((query) => [answer(query, [record("gone.example", "A", "10.0.0.77")])]);
  const controller = new AbortController();
  const connect = client.tcp.connect({ hostname: "gone.example", port: 9, signal: controller.signal });
  const outcome = connect.then(() => "connected", (error) => error);
  await wait(client.dns.lookup("gone.example"));
  controller.abort(new NetError("ETIMEDOUT", "enough"));
  assertEquals((await wait(outcome) as NetError).message, "enough");
});

test("5,000 mangled responses: every lookup ends in addresses or a NetError", async () => {
  const random = seededRandom(7);
  const upTo = (most: number): number => Math.floor(fraction(random) * (most + 1));
  const { client, wait } = world((query, over) => {
    const { name, type } = query.questions[0]!;
    const records = [record(name, "CNAME", "b.example"), record("b.example", type, "192.0.2.1")];
    const flags = FLAG_RESPONSE | 0x180 | (over === "udp" && upTo(9) === 0 ? FLAG_TRUNCATED : 0);
    const bytes = writeMessage(answer(query, records, { flags, authorities: [soa("example")] }));
    // What shows whose response it is mostly stays.
    for (let n = upTo(3); n > 0; n--) bytes[upTo(9) ? 12 + upTo(bytes.length - 13) : upTo(11)] = upTo(255);
    return [upTo(9) ? bytes : bytes.slice(0, upTo(bytes.length))];
  }, { options: { servers: [SERVER], attempts: 1, timeout: 100 } });
  let found = 0;
  for (let i = 0; i < 5000; i++) {
    const outcome = await wait(client.dns.lookup(`n${i}.example`).catch((error) => error));
    if (Array.isArray(outcome)) found++;
    else assert(outcome instanceof NetError, String(outcome));
  }
  assert(found > 500 && found < 5000, String(found));
  assertEquals(client.counters().loop!.faults, 0);
  assertEquals(client.packetsTaken, 0);
});
