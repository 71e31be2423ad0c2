import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { formatIpv4, type Ipv4Address, parseIpv4 } from "../../core/ipv4_address.ts";
import {
  classlessRoutes,
  clientId,
  domainName,
  everyOption,
  hostname,
  searchList,
} from "../../protocols/dhcp_options.ts";
import { ACK, DECLINE, type DhcpMessage, DISCOVER, NAK, OFFER, OPTION, RELEASE, REQUEST, words } from "./messages.ts";
import { type Client, option, reply, type Script, SERVER, stateOf, World } from "./world.ts";

const ADDRESS = "10.0.0.50";
const address = [10, 0, 0, 50];
const server = [10, 0, 0, 1];

/** A server that grants an address to whoever asks. */
const grants = (lease = 3600, more: [number, number[]][] = []): Script => (message, type) =>
  type === DISCOVER
    ? [reply(message, OFFER, ADDRESS, { lease, more })]
    : type === REQUEST
    ? [reply(message, ACK, ADDRESS, { lease, more })]
    : [];

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

function addresses(client: Client): string[] {
  return client.ipv4.addresses.map(({ address, prefix }) => `${formatIpv4(address)}/${prefix}`);
}

test("INIT, SELECTING, REQUESTING, BOUND: what each message says (RFC 2131, 4.4.1)", async () => {
  const world = new World();
  const seen = world.scripted(grants());
  const client = world.client({ options: [hostname("sensor"), searchList] });
  assertEquals(stateOf(client), "INIT");
  const lease = await world.wait(client.dhcp.bound());
  assertEquals(stateOf(client), "BOUND");
  assertEquals(lease.address, ADDRESS);
  assertEquals(addresses(client), ["10.0.0.50/24"]);
  assertEquals(seen.map(({ type, from, at }) => [type, from, at]), [[DISCOVER, "0.0.0.0", 0], [REQUEST, "0.0.0.0", 0]]);
  const [discover, request] = seen.map(({ message }) => message) as [DhcpMessage, DhcpMessage];
  for (const message of [discover, request]) {
    assertEquals(message.op, 1);
    assertEquals(message.flags, 0x8000);
    assertEquals([message.ciaddr, message.yiaddr, message.siaddr, message.giaddr, message.secs], [0, 0, 0, 0, 0]);
    assertEquals(option(message, OPTION.client), undefined);
    assertEquals(option(message, OPTION.parameters), [119, 1, 3, 6]);
    assertEquals(option(message, OPTION.size), [1500 >> 8, 1500 & 255]);
    assertEquals(option(message, OPTION.hostname), text("sensor"));
  }
  assertEquals(discover.xid, request.xid);
  assertEquals([option(discover, OPTION.requested), option(discover, OPTION.server)], [undefined, undefined]);
  assertEquals([option(request, OPTION.requested), option(request, OPTION.server)], [address, server]);
});

test("everything that a lease tells is taken up, and dropped with it", async () => {
  const world = new World();
  world.scripted(grants(100, [
    [OPTION.router, words(parseIpv4("10.0.0.254"), parseIpv4("10.0.0.253"))],
    [OPTION.dns, words(parseIpv4("10.0.0.1"), parseIpv4("9.9.9.9"))],
    [OPTION.domain, text("home.example\0")],
    [OPTION.mtu, [5, 0]],
  ]));
  const client = world.client({ options: everyOption });
  const { servers, search, mtu } = await world.wait(client.dhcp.bound());
  assertEquals([servers, search, mtu], [["10.0.0.1", "9.9.9.9"], ["home.example"], 1280]);
  assertEquals(client.ipv4.mtu, 1280);
  assertEquals([...client.udp.ip.nameServers.values()].map(({ servers }) => servers), [["10.0.0.1", "9.9.9.9"]]);
  const far = parseIpv4("192.0.2.1");
  assert(typeof client.ipv4.path(far, null) !== "string");
  client.dhcp.release();
  assertEquals(stateOf(client), "INIT");
  assertEquals(client.ipv4.path(far, null), "ENETUNREACH");
  assertEquals(client.udp.ip.nameServers.size, 0);
  assertEquals(addresses(client), []);
});

test("classless routes take the place of the router (RFC 3442), and the search list that of the domain (RFC 3397)", async () => {
  const world = new World();
  const routes = [24, 192, 0, 2, 10, 0, 0, 7, 0, 10, 0, 0, 8, 32, 9, 9, 9, 9, 0, 0, 0, 0];
  const search = [1, 97, 7, 101, 120, 97, 109, 112, 108, 101, 0, 1, 98, 0xc0, 2];
  world.scripted(grants(100, [
    [OPTION.router, words(parseIpv4("10.0.0.254"))],
    [OPTION.routes, routes],
    [OPTION.domain, text("home.example")],
    [OPTION.search, search],
  ]));
  const client = world.client({ options: [domainName, searchList, classlessRoutes] });
  const lease = await world.wait(client.dhcp.bound());
  assertEquals(
    lease.routes.map(({ target, gateway }) => `${formatIpv4(target.address)}/${target.prefix} ${formatIpv4(gateway)}`),
    ["192.0.2.0/24 10.0.0.7", "0.0.0.0/0 10.0.0.8", "9.9.9.9/32 0.0.0.0"],
  );
  assertEquals(lease.search, ["a.example", "b.example"]);
});

test("DISCOVER is repeated after 4, 8, 16, 32 and 64 seconds, each give or take one (RFC 2131, 4.1)", async () => {
  const world = new World();
  const seen = world.scripted(() => []);
  const client = world.client();
  await world.pass(300_000);
  const gaps = seen.slice(1).map(({ at }, i) => at - seen[i]!.at);
  for (const [i, nominal] of [4000, 8000, 16_000, 32_000, 64_000, 64_000].entries()) {
    assert(Math.abs(gaps[i]! - nominal) <= 1000, `gap ${i}: ${gaps[i]}`);
  }
  assert(new Set(gaps.map((gap) => gap % 1000)).size > 3);
  assertEquals(seen.map(({ message }) => message.secs), seen.map(() => 0));
  assertEquals(new Set(seen.map(({ message }) => message.xid)).size, 1);
  assertEquals(stateOf(client), "SELECTING");
});

test("DISCOVER is repeated every 64 seconds, however long there is no server", async () => {
  const world = new World();
  const seen = world.scripted(() => []);
  world.client();
  await world.pass(6 * 3_600_000);
  const gaps = seen.slice(1).map(({ at }, i) => at - seen[i]!.at).slice(4);
  assert(gaps.length > 300);
  assert(gaps.every((gap) => Math.abs(gap - 64_000) <= 1000), `${gaps}`);
});

test("a lease of no time is none, and neither is one of an address that no host has", async () => {
  const leases = [[ADDRESS, 0], ["0.0.0.0", 3600], ["224.0.0.9", 3600], ["127.0.0.2", 3600], ["255.255.255.255", 3600]];
  for (const [address, lease] of leases as [string, number][]) {
    const world = new World();
    const seen = world.scripted((message, type) =>
      type === DISCOVER
        ? [reply(message, OFFER, ADDRESS)]
        : type === REQUEST
        ? [reply(message, ACK, address, { lease })]
        : []
    );
    const client = world.client();
    await world.pass(60_000);
    assertEquals(client.dhcp.lease, null);
    assert(seen.length < 12, `${seen.length} messages in a minute`);
  }
});

test("what a server tells anew at a renewal is taken up: routes, resolvers, mask", async () => {
  const world = new World();
  let more: [number, number[]][] = [[OPTION.router, [10, 0, 0, 254]], [OPTION.dns, [10, 0, 0, 1]]];
  world.scripted((message, type) => grants(100, more)(message, type));
  const client = world.client();
  await world.wait(client.dhcp.bound());
  more = [[OPTION.dns, [10, 0, 0, 2]], [OPTION.mask, [255, 255, 0, 0]]];
  await world.pass(50_100);
  assertEquals(stateOf(client), "BOUND");
  assertEquals(addresses(client), ["10.0.0.50/16"]);
  assertEquals(client.udp.ip.nameServers.get("dhcp")!.servers, ["10.0.0.2"]);
  assertEquals(client.ipv4.path(parseIpv4("192.0.2.1"), null), "ENETUNREACH");
});

test("a server that offers but never grants is given up after four requests", async () => {
  const world = new World();
  const seen = world.scripted((message, type) => type === DISCOVER ? [reply(message, OFFER, ADDRESS)] : []);
  world.client();
  await world.pass(70_000);
  assertEquals(seen.map(({ type }) => type).slice(0, 7), [
    DISCOVER,
    REQUEST,
    REQUEST,
    REQUEST,
    REQUEST,
    DISCOVER,
    REQUEST,
  ]);
  assert(seen[0]!.message.xid !== seen[5]!.message.xid);
  // A repeated REQUEST says the same seconds as the DISCOVER that began it (RFC 2131, 3.1).
  assertEquals(seen.slice(1, 5).map(({ message }) => message.secs), [0, 0, 0, 0]);
});

test("at T1 the lease is renewed from its server alone, and only its end moves (RFC 2131, 4.4.5)", async () => {
  const world = new World();
  const seen = world.scripted(grants(3600));
  const client = world.client();
  const first = await world.wait(client.dhcp.bound());
  assertEquals([first.renewal, first.rebinding, first.expiry], [1_800_000, 3_150_000, 3_600_000]);
  await world.pass(1_800_100);
  assertEquals(seen.length, 3);
  const { message, from, at, type } = seen[2]!;
  assertEquals([type, from, at], [REQUEST, ADDRESS, 1_800_000]);
  assertEquals([formatIpv4(message.ciaddr as Ipv4Address), message.flags], [ADDRESS, 0]);
  assertEquals([option(message, OPTION.requested), option(message, OPTION.server)], [undefined, undefined]);
  assertEquals(stateOf(client), "BOUND");
  assertEquals(client.dhcp.lease!.expiry, 1_800_000 + 3_600_000);
  assertEquals(addresses(client), ["10.0.0.50/24"]);
});

test("RENEWING and REBINDING ask at half of what is left, at least a minute apart; at the end the address is dropped", async () => {
  const world = new World();
  let silent = false;
  const seen = world.scripted((message, type) => silent ? [] : grants(3600)(message, type));
  const client = world.client();
  await world.wait(client.dhcp.bound());
  silent = true;
  const states: string[] = [];
  while (client.dhcp.lease) {
    states.push(stateOf(client));
    await world.pass(10_000);
  }
  assertEquals([...new Set(states)], ["BOUND", "RENEWING", "REBINDING"]);
  const times = seen.slice(2).filter(({ type }) => type === REQUEST).map(({ at }) => at / 1000);
  // T1 1800, T2 3150, end 3600.
  assertEquals(times.slice(0, 6).map(Math.floor), [1800, 2475, 2812, 2981, 3065, 3125]);
  assertEquals(times.slice(6).map(Math.floor), [3150, 3375, 3487, 3547]);
  const rebinding = seen.find(({ at }) => at === 3_150_000)!;
  assertEquals(rebinding.from, ADDRESS);
  assertEquals(option(rebinding.message, OPTION.server), undefined);
  assertEquals(addresses(client), []);
  assertEquals(stateOf(client), "SELECTING");
  silent = false;
  await world.wait(client.dhcp.bound());
});

test("another server may extend the lease while REBINDING", async () => {
  const world = new World();
  let first = true;
  world.scripted((message, type) => first ? grants(3600)(message, type) : []);
  const other = world.scripted(
    (message, type) => !first && type === REQUEST ? [reply(message, ACK, ADDRESS, { server: "10.0.0.2" })] : [],
    "10.0.0.2",
  );
  const client = world.client();
  await world.wait(client.dhcp.bound());
  first = false;
  await world.pass(3_200_000);
  assertEquals(stateOf(client), "BOUND");
  await world.pass(1_800_000);
  assertEquals(other.at(-1)!.from, ADDRESS);
});

test("T1 and T2 are the server's where they make sense", async () => {
  for (const [t1, t2, renewal, rebinding] of [[10, 20, 10, 20], [20, 10, 50, 87.5], [10, 100, 50, 87.5]] as const) {
    const world = new World();
    world.scripted(grants(100, [[OPTION.t1, words(t1)], [OPTION.t2, words(t2)]]));
    const lease = await world.wait(world.client().dhcp.bound());
    assertEquals([lease.renewal, lease.rebinding], [renewal * 1000, rebinding * 1000]);
  }
});

test("a lease for ever is not renewed for as long as anybody looks", async () => {
  const world = new World();
  const seen = world.scripted(grants(0xffffffff));
  const client = world.client();
  await world.wait(client.dhcp.bound());
  await world.pass(86_400_000_000);
  assertEquals(seen.length, 2);
});

test("a NAK while REQUESTING, RENEWING or REBINDING drops the address and begins anew", async () => {
  for (const when of [0, 1_800_000, 3_150_000]) {
    const world = new World();
    let nak = 1;
    const seen = world.scripted((message, type) => {
      if (type !== REQUEST || world.clock.now() < when || nak-- <= 0) {
        return world.clock.now() > 100 && world.clock.now() < when ? [] : grants(3600)(message, type);
      }
      return [reply({ ...message, ciaddr: 0 }, NAK, "0.0.0.0")];
    });
    const client = world.client();
    if (when > 0) await world.wait(client.dhcp.bound());
    await world.pass(when + 100);
    assertEquals(stateOf(client), "INIT", `at ${when}`);
    assertEquals(addresses(client), []);
    await world.pass(1000);
    assertEquals(stateOf(client), "BOUND");
    assertEquals(client.counters().dhcp!.refused, 1);
    // What was refused is not asked for again.
    assertEquals(option(seen.filter(({ type }) => type === DISCOVER).at(-1)!.message, OPTION.requested), undefined);
  }
});

test("INIT-REBOOT asks for the address of the last run; nobody's answer, or a NAK, leads to a new one (RFC 2131, 3.2)", async () => {
  const granted = new World();
  const seen = granted.scripted(grants());
  const client = granted.client({ request: ADDRESS });
  assertEquals(stateOf(client), "INIT-REBOOT");
  await granted.wait(client.dhcp.bound());
  assertEquals(seen.map(({ type }) => type), [REQUEST]);
  const { message } = seen[0]!;
  assertEquals([option(message, OPTION.requested), option(message, OPTION.server), message.ciaddr], [
    address,
    undefined,
    0,
  ]);

  const silent = new World();
  const asked = silent.scripted((message, type) =>
    type === DISCOVER || asked.length > 5 ? grants()(message, type) : []
  );
  const other = silent.client({ request: "10.0.0.99" });
  await silent.wait(other.dhcp.bound());
  assertEquals(asked.map(({ type }) => type), [REQUEST, REQUEST, REQUEST, REQUEST, DISCOVER, REQUEST]);

  const refused = new World();
  let first = true;
  refused.scripted((message, type) => {
    if (!first) return grants()(message, type);
    first = false;
    return [reply(message, NAK, "0.0.0.0")];
  });
  assertEquals((await refused.wait(refused.client({ request: "10.0.0.99" }).dhcp.bound())).address, ADDRESS);
});

test("an address that another host has is declined, and another one used after ten seconds (RFC 5227, RFC 2131, 3.1)", async () => {
  const world = new World();
  world.host(`${ADDRESS}/24`);
  let offers = 0;
  const seen = world.scripted((message, type) =>
    type === DISCOVER
      ? [reply(message, OFFER, offers++ ? "10.0.0.51" : ADDRESS)]
      : type === REQUEST
      ? [reply(message, ACK, offers > 1 ? "10.0.0.51" : ADDRESS)]
      : []
  );
  const client = world.client({ probe: true });
  await world.wait(() => stateOf(client) === "CHECKING");
  assertEquals(addresses(client), []);
  const lease = await world.wait(client.dhcp.bound());
  assertEquals(lease.address, "10.0.0.51");
  assertEquals(seen.map(({ type }) => type), [DISCOVER, REQUEST, DECLINE, DISCOVER, REQUEST]);
  const decline = seen[2]!;
  assertEquals([decline.from, decline.message.ciaddr, decline.message.secs], ["0.0.0.0", 0, 0]);
  assertEquals([option(decline.message, OPTION.requested), option(decline.message, OPTION.server)], [address, server]);
  assertEquals(option(decline.message, OPTION.parameters), undefined);
  assert(seen[3]!.at - decline.at >= 10_000);
  assertEquals(option(seen[3]!.message, OPTION.requested), undefined);
  assertEquals(client.counters().dhcp!.declined, 1);
  // Probes take four to seven seconds, and the address is announced then.
  assert(world.clock.now() - seen[4]!.at >= 4000 && world.clock.now() - seen[4]!.at <= 7000);
});

test("RELEASE goes to the server when the stack closes", async () => {
  const world = new World();
  const seen = world.scripted(grants());
  const client = world.client();
  await world.wait(client.dhcp.bound());
  // ARP must know the server, for a stack that closes waits for nobody.
  client.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), parseIpv4(SERVER), 9);
  await world.pass(10);
  client.close();
  world.stacks.splice(world.stacks.indexOf(client), 1);
  await world.pass(10);
  const { type, message, from } = seen.at(-1)!;
  assertEquals([type, from, formatIpv4(message.ciaddr as Ipv4Address)], [RELEASE, ADDRESS, ADDRESS]);
  assertEquals([option(message, OPTION.requested), option(message, OPTION.server)], [undefined, server]);
  assertEquals(option(message, OPTION.parameters), undefined);
});

test("who waits for a lease hears that the stack closes, or was closed", async () => {
  const world = new World();
  const client = world.client();
  const outcome = (): Promise<string> =>
    client.dhcp.bound().then(() => "bound", (error) => `${error.code}: ${error.message}`);
  const before = outcome();
  client.close();
  for (const said of [await before, await outcome()]) {
    assertEquals(said, "ECONNABORTED: Cannot get a lease: the stack is closed");
  }
});

test("what is for another client, of another exchange, from another server or without a lease is ignored", async () => {
  const world = new World();
  const bad = (message: DhcpMessage): DhcpMessage[] => {
    const wrong = "10.0.0.66";
    const type = message.options.has(OPTION.server) ? ACK : OFFER;
    const good = reply(message, type, wrong);
    return [
      { ...good, xid: message.xid ^ 1 },
      { ...good, chaddr: [2, 9, 9, 9, 9, 9] },
      { ...good, op: 1 },
      reply(message, type, "0.0.0.0"),
      ...type === ACK ? [reply(message, ACK, wrong, { server: "10.0.0.9" })] : [],
      { ...good, options: new Map([...good.options].filter(([code]) => code !== OPTION.server)) },
      reply(message, type === ACK ? OFFER : ACK, wrong),
    ];
  };
  world.scripted((message, type) => [...bad(message), ...grants()(message, type)]);
  const client = world.client();
  assertEquals((await world.wait(client.dhcp.bound())).address, ADDRESS);
  assert(client.counters().dhcp!.ignored! >= 12);
});

test("a client identifier, restart and renew by hand", async () => {
  const world = new World();
  const seen = world.scripted(grants());
  const client = world.client({ options: [clientId("ff00000001")] });
  await world.wait(client.dhcp.bound());
  assertEquals(option(seen[0]!.message, OPTION.client), [255, 0, 0, 0, 1]);
  client.dhcp.renew();
  await world.pass(10);
  assertEquals(seen.at(-1)!.from, ADDRESS);
  client.dhcp.restart();
  await world.wait(client.dhcp.bound());
  assertEquals(seen.map(({ type }) => type), [DISCOVER, REQUEST, REQUEST, DISCOVER, REQUEST]);
});

test("options of dhcp() are checked", async () => {
  const { dhcp } = await import("../../protocols/dhcp.ts");
  const failure = (options: object): string => {
    try {
      dhcp(options);
      return "none";
    } catch (error) {
      return String(error);
    }
  };
  assertMatch(failure({ probe: "yes" }), /^TypeError: dhcp\(\): option "probe" must be/);
  assertThrows(() => clientId("xyz"), SyntaxError, 'Cannot parse "xyz" as a client identifier');
  assertThrows(() => hostname("x".repeat(256)), SyntaxError, "as a host's name");
  assertMatch(failure({ request: "10.0.0" }), /^SyntaxError: Cannot parse "10.0.0" as an IPv4 address/);
  assertMatch(failure({ address: "10.0.0.1" }), /^TypeError: dhcp\(\): there is no option "address"/);
});
