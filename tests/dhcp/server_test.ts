import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { IPV4_BROADCAST, parseIpv4 } from "../../core/ipv4_address.ts";
import { everyOption, searchList } from "../../protocols/dhcp_options.ts";
import {
  ACK,
  DECLINE,
  type DhcpMessage,
  DISCOVER,
  INFORM,
  NAK,
  OFFER,
  OPTION,
  readDhcp,
  REQUEST,
  words,
  writeDhcp,
} from "./messages.ts";
import { type Host, option, SERVER, stateOf, World } from "./world.ts";

test("our server serves our clients, each its own address, until there is none left", async () => {
  const world = new World();
  const server = world.server({ router: SERVER, dns: [SERVER], search: ["home.example"], mtu: 1400, lease: 600 });
  const clients = [1, 2, 3, 4].map(() => world.client({ options: everyOption }));
  const leases = await world.wait<{ address: string }[]>(
    Promise.all(clients.slice(0, 3).map((client) => client.dhcp.bound())),
  );
  assertEquals(leases.map(({ address }) => address).sort(), ["10.0.0.100", "10.0.0.101", "10.0.0.102"]);
  const { servers, search, mtu, routes } = clients[0]!.dhcp.lease!;
  assertEquals([servers, search, mtu, routes.length], [[SERVER], ["home.example"], 1400, 1]);
  assertEquals(server.dhcpServer.leases.length, 3);
  await world.pass(10_000);
  assertEquals(stateOf(clients[3]!), "SELECTING");
  assert(server.counters().dhcpServer!.exhausted! > 1);
  clients[1]!.dhcp.release();
  const last = await world.wait<{ address: string }>(clients[3]!.dhcp.bound());
  assertEquals(last.address, leases[1]!.address);
  // Renewing keeps all of them.
  await world.pass(3_000_000);
  assertEquals(server.dhcpServer.leases.length, 3);
  assertEquals(server.counters().dhcpServer!.refused, 0);
});

test("a client that comes back gets its last address, even after its lease has ended", async () => {
  const world = new World();
  world.server({ range: "10.0.0.100-10.0.0.199", lease: 60 });
  const client = world.client();
  const { address } = await world.wait<{ address: string }>(client.dhcp.bound());
  client.dhcp.release();
  await world.pass(600_000);
  const other = world.client();
  assert((await world.wait<{ address: string }>(other.dhcp.bound())).address !== address);
  client.dhcp.restart();
  assertEquals((await world.wait<{ address: string }>(client.dhcp.bound())).address, address);
});

test("a client that found its address in use gets another one", async () => {
  const world = new World();
  const server = world.server();
  world.host("10.0.0.100/24");
  const client = world.client({ probe: true });
  assertEquals((await world.wait<{ address: string }>(client.dhcp.bound())).address, "10.0.0.101");
  assertEquals(server.counters().dhcpServer!.declined, 1);
});

test("reservations hold, and are nobody else's", async () => {
  const world = new World();
  const host = world.host("10.0.0.77/24");
  void host;
  world.server({ reservations: { "02:00:00:00:aa:01": "10.0.0.100", "02:00:00:00:aa:02": "10.0.0.9" } });
  const client = world.client();
  assertEquals((await world.wait<{ address: string }>(client.dhcp.bound())).address, "10.0.0.101");
  const peer = new Peer(world);
  assertEquals((await peer.ask(DISCOVER, { mac: [2, 0, 0, 0, 0xaa, 1] }))?.address, "10.0.0.100");
  assertEquals(
    (await peer.ask(DISCOVER, { mac: [2, 0, 0, 0, 0xaa, 2], requested: "10.0.0.102" }))?.address,
    "10.0.0.9",
  );
});

/** A scripted client, which has an address so that it sees what is sent to one. */
class Peer {
  readonly #host: Host;
  readonly #world: World;
  readonly #got: DhcpMessage[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#host = world.host("10.0.0.200/24");
    this.#host.udp.bind({ port: 68 }, (data) => void this.#got.push(readDhcp(data)!));
  }

  async ask(
    type: number,
    { mac = [2, 0, 0, 0, 0xbb, 1], requested, server, ciaddr = "0.0.0.0", client }: {
      mac?: number[];
      requested?: string;
      server?: string;
      ciaddr?: string;
      client?: number[];
    } = {},
  ): Promise<{ type: number; address: string; message: DhcpMessage } | null> {
    const options = new Map<number, number[]>([[OPTION.type, [type]]]);
    if (requested) options.set(OPTION.requested, words(parseIpv4(requested)));
    if (server) options.set(OPTION.server, words(parseIpv4(server)));
    if (client) options.set(OPTION.client, client);
    const path = this.#host.ipv4.path(IPV4_BROADCAST, null);
    if (typeof path === "string") throw new Error(path);
    this.#got.length = 0;
    this.#host.udp.transmit(
      path,
      68,
      67,
      writeDhcp({
        op: 1,
        xid: 7,
        secs: 0,
        flags: 0,
        ciaddr: parseIpv4(ciaddr),
        yiaddr: 0,
        siaddr: 0,
        giaddr: 0,
        chaddr: mac,
        options,
      }),
    );
    await this.#world.pass(100);
    const message = this.#got[0];
    if (!message) return null;
    const { yiaddr } = message;
    return {
      type: option(message, OPTION.type)![0]!,
      address: [24, 16, 8, 0].map((shift) => yiaddr >>> shift & 255).join("."),
      message,
    };
  }
}

test("requests are granted, refused or left to others by the rules of RFC 2131, 4.3.2", async () => {
  const world = new World();
  const server = world.server();
  const peer = new Peer(world);
  const at = "10.0.0.101";
  // A wish is granted where the address is free.
  assertEquals((await peer.ask(DISCOVER, { requested: at }))?.address, at);
  // SELECTING: our offer, another address, another server.
  assertEquals((await peer.ask(REQUEST, { requested: "10.0.0.102", server: SERVER }))?.type, NAK);
  const ack = await peer.ask(REQUEST, { requested: at, server: SERVER, client: [1, 2, 0, 0, 0, 0xbb, 1] });
  assertEquals([ack?.type, ack?.address], [ACK, at]);
  // The identifier comes back (RFC 6842).
  assertEquals(option(ack!.message, OPTION.client), [1, 2, 0, 0, 0, 0xbb, 1]);
  // INIT-REBOOT: known, wrong, of another network, and a client that nobody knows.
  assertEquals((await peer.ask(REQUEST, { requested: at }))?.type, ACK);
  assertEquals((await peer.ask(REQUEST, { requested: "10.0.0.50" }))?.type, NAK);
  const stranger = [2, 0, 0, 0, 0xbb, 2];
  assertEquals((await peer.ask(REQUEST, { requested: "192.168.1.5", mac: stranger }))?.type, NAK);
  assertEquals(await peer.ask(REQUEST, { requested: "10.0.0.102", mac: stranger }), null);
  // RENEWING: what is somebody else's; what is free after we forgot everything.
  assertEquals((await peer.ask(REQUEST, { ciaddr: "10.0.0.200", mac: stranger }))?.type, NAK);
  // It chose another server: what was offered is free again.
  assertEquals((await peer.ask(DISCOVER, { mac: stranger }))?.type, OFFER);
  assertEquals(await peer.ask(REQUEST, { mac: stranger, requested: "10.0.0.7", server: "10.0.0.9" }), null);
  assertEquals(server.dhcpServer.leases.map(({ address, client }) => [address, client]), [[
    at,
    "01:02:00:00:00:bb:01",
  ]]);
  // Another client may not decline or release it.
  await peer.ask(DECLINE, { requested: at, mac: stranger, server: SERVER });
  assertEquals(server.dhcpServer.leases.length, 1);
  // INFORM is answered at the client's own address, without a lease.
  const informed = await peer.ask(INFORM, { ciaddr: "10.0.0.200" });
  assertEquals([informed?.type, informed?.address], [ACK, "0.0.0.0"]);
  assertEquals(option(informed!.message, OPTION.lease), undefined);
});

test("a relay of our network gets the answer, one of another network none (RFC 2131, 4.1 and 4.3.1)", async () => {
  const world = new World();
  const server = world.server();
  const relay = world.host("10.0.0.9/24");
  const got: { message: DhcpMessage; port: number }[] = [];
  relay.udp.bind({ port: 67 }, (data, _, port) => void got.push({ message: readDhcp(data), port }));
  const ask = async (type: number, giaddr: string, more: [number, number[]][] = []): Promise<void> => {
    const path = relay.ipv4.path(parseIpv4(SERVER), null);
    if (typeof path === "string") throw new Error(path);
    const options = new Map<number, number[]>([[OPTION.type, [type]], ...more]);
    const zero = { secs: 0, flags: 0, ciaddr: 0, yiaddr: 0, siaddr: 0 };
    const chaddr = [2, 0, 0, 0, 0xcc, 1];
    const message = { op: 1, xid: 9, ...zero, giaddr: parseIpv4(giaddr), chaddr, options };
    relay.udp.transmit(path, 67, 67, writeDhcp(message));
    await world.pass(100);
  };
  await ask(DISCOVER, "10.0.0.9");
  assertEquals(got.map(({ message, port }) => [option(message, OPTION.type), message.giaddr, port]), [
    [[OFFER], parseIpv4("10.0.0.9"), 67],
  ]);
  await ask(REQUEST, "10.0.0.9", [[OPTION.requested, [192, 168, 1, 1]]]);
  // The relay must tell everybody of the refusal.
  assertEquals([option(got[1]!.message, OPTION.type), got[1]!.message.flags], [[NAK], 0x8000]);
  await ask(DISCOVER, "10.0.1.9");
  assertEquals([got.length, server.counters().dhcpServer!.ignored], [2, 1]);
});

test("a search list longer than an option is told in parts (RFC 3396)", async () => {
  const world = new World();
  const search = Array.from({ length: 12 }, (_, i) => `${"x".repeat(30)}${i}.example`);
  world.server({ search });
  const { search: told } = await world.wait(world.client({ options: [searchList] }).dhcp.bound());
  assertEquals(told, search);
  // A client that does not say that it takes more gets no more than 576 bytes with headers (RFC 2131, 2).
  const short = new World();
  const lengths: number[] = [];
  const peer = short.host("10.0.0.200/24");
  peer.udp.bind({ port: 68 }, (data) => void lengths.push(data.length));
  short.server({ search });
  const path = peer.ipv4.path(IPV4_BROADCAST, null);
  if (typeof path === "string") throw new Error(path);
  for (const size of [[], [2, 0], [5, 220]]) {
    const zero = { secs: 0, flags: 0, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0 };
    const options = new Map<number, number[]>([[OPTION.type, [DISCOVER]], [OPTION.size, size]]);
    if (size.length === 0) options.delete(OPTION.size);
    peer.udp.transmit(path, 68, 67, writeDhcp({ op: 1, xid: 7, ...zero, chaddr: [2, 0, 0, 0, 0, 9], options }));
    await short.pass(100);
  }
  assertEquals(lengths.map((length) => length <= 548), [true, true, false]);
});

test("a range must lie in one of our networks", () => {
  const world = new World();
  assertThrows(() => world.server({ range: "10.0.1.100-10.0.1.102" }), RangeError, "lies in none of our networks");
  assertThrows(() => world.server({ range: "10.0.0.9-10.0.0.8" }), RangeError, "lies in none of our networks");
  assertThrows(() => world.server({ range: "10.0.0.9" }), RangeError, "must be a string such as");
});
