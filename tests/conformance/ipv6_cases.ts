// Cases for IPv6 on an Ethernet: headers and fragments (RFC 8200), ICMPv6 (RFC 4443), neighbour discovery (RFC 4861, RFC 4862),
// UDP and TCP. The host is fd01::2; the services are those of `cases.ts`.

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./ethernet_cases.ts";
import { filled, ip6, QUIET, TcpPeer, text, udpDatagram } from "./peer.ts";
import { ALL, ALL_NODES, ANY6, type Frame, groupMac, hex, icmp6, IPV6, solicitedNode, Station } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const IPV6_CASES: FrameCase[] = [];

function define(name: string, run: (station: Station) => Promise<void>): void {
  IPV6_CASES.push({ name, run: (lan) => run(new Station(lan)) });
}

const OTHER6 = [...HOST6.slice(0, 14), 0xee, 0xee];

async function alive(station: Station): Promise<void> {
  station.echo6(255);
  assert(await station.answers6(255), "it does not answer any more");
}

/** Expects an error about a packet. */
async function problem(station: Station, type: number, code: number, pointer: number, sent: Uint8Array): Promise<void> {
  const got = await station.icmp6();
  assert(got, "no error came");
  assertEquals([got[0], got[1]], [type, code]);
  assertEquals(new DataView(got.buffer, got.byteOffset).getUint32(4), pointer, "pointer");
  assertEquals(got.slice(8), sent.slice(0, 1232), "what is quoted");
}

// ---- Echo and headers ----------------------------------------------------------------------------------------------------

define("ipv6: echo is answered with the same id, sequence and data", async (station) => {
  for (const size of [0, 1, 100, 1452]) {
    station.put58(128, 0, [0, 9, 0, 3], filled(size));
    const got = await station.packet((p) => p.six && p.payload[0] === 129);
    const [packet, frame] = got!;
    assertEquals([...packet.payload.slice(4, 8)], [0, 9, 0, 3]);
    assertEquals(packet.payload.slice(8), filled(size));
    assertEquals([packet.ttl, hex(packet.addresses)], [64, hex([...HOST6, ...station.ip6])]);
    assertEquals([frame.to, frame.from], [hex(station.mac), hex(station.lan.mac)]);
  }
});
define("icmpv6: wrong checksum is dropped", async (station) => {
  const message = icmp6(128, 0, [0, 1, 0, 1], text("x"), station.ip6, HOST6);
  message[2]! ^= 1;
  station.put6({ next: 58 }, message);
  await station.silence();
});
define("icmpv6: a message below eight bytes is dropped", async (station) => {
  for (const size of [0, 1, 4, 7]) {
    station.put6({ next: 58 }, icmp6(128, 0, [0, 1, 0, 1], [], station.ip6, HOST6).slice(0, size));
  }
  await station.silence();
  await alive(station);
});
define("ipv6: hop limit 1 reaches its destination", async (station) => {
  station.echo6(1, { hopLimit: 1 });
  assert(await station.answers6(1));
});
define("ipv6: another version is dropped", async (station) => {
  for (const version of [0, 4, 5, 7]) station.echo6(1, { version });
  await station.silence();
});
define("ipv6: a payload length beyond the frame is dropped", async (station) => {
  station.echo6(1, { length: 500 });
  await station.silence();
});
define("ipv6: padding behind a packet is no part of it", async (station) => {
  station.put6({ next: 58 }, icmp6(128, 0, [0, 1, 0, 1], text("abc"), station.ip6, HOST6), undefined, 20);
  const got = await station.packet((p) => p.payload[0] === 129);
  assertEquals(got![0].payload.slice(8), text("abc"));
});
define("ipv6: packets for others, and for groups not joined, are not answered", async (station) => {
  station.echo6(1, { destination: OTHER6 });
  station.echo6(2, { destination: [0xff, 2, ...HOST6.slice(2)] }, groupMac([0xff, 2, ...HOST6.slice(2)]));
  await station.silence();
});
define("ipv6: sources that are no host are not answered", async (station) => {
  const loopback = [...ANY6.slice(1), 1];
  for (const source of [ALL_NODES, loopback, HOST6]) station.echo6(1, { source });
  await station.silence();
});
define("ipv6: echo to all nodes is answered from our own address", async (station) => {
  station.echo6(1, { destination: ALL_NODES }, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.payload[0] === 129);
  assertEquals(hex(got![0].addresses), hex([...HOST6, ...station.ip6]));
});
define("icmpv6: an echo larger than the MTU is answered in fragments", async (station) => {
  const data = filled(3000);
  const whole = icmp6(128, 0, [0, 1, 0, 1], data, station.ip6, HOST6);
  for (const part of fragments(whole, 58, 500, [1448, 1448, 112])) station.put6({ next: 44 }, part);
  const got = await reassemble(station);
  assertEquals(got?.slice(8), data);
});

// ---- Neighbour discovery: our address ------------------------------------------------------------------------------------

const advertised = (frame: Frame): boolean =>
  frame.type === IPV6 && frame.payload[6] === 58 && frame.payload[40] === 136;

/** Expects an advertisement of the host's address. Who knows where the host is need not be told so again. */
function assertAdvertisement(
  station: Station,
  frame: Frame | null,
  flags: number,
  to: readonly number[],
  known = false,
): void {
  assert(frame, "no advertisement came");
  const { payload } = frame;
  assertEquals(frame.to, hex(to[0] === 255 ? groupMac(to) : station.mac));
  assertEquals(payload[7], 255, "hop limit");
  assertEquals(hex(payload.subarray(8, 40)), hex([...HOST6, ...to]));
  const bare = known && payload.length === 64;
  assertEquals(payload[44]! & 0xe0, bare ? flags & ~0x20 : flags, "flags");
  assertEquals(hex(payload.subarray(48)), hex(bare ? HOST6 : [...HOST6, 2, 1, ...station.lan.mac]));
  const sum = icmp6(136, 0, [...payload.subarray(44, 48)], payload.subarray(48), HOST6, to);
  assertEquals(hex(payload.subarray(40)), hex(sum), "checksum");
}

for (const [what, destination] of [["our group", undefined], ["our address", HOST6]] as const) {
  define(`ndp: a solicitation to ${what} is answered: solicited, override`, async (station) => {
    station.solicit(destination ? { destination } : {});
    assertAdvertisement(station, await station.take(advertised), 0x60, station.ip6, destination === HOST6);
  });
}
define("ndp: a solicitation without a link-layer address is answered to its sender", async (station) => {
  for (const destination of [HOST6, solicitedNode(HOST6)]) {
    station.solicit({ options: [], destination });
    assertAdvertisement(station, await station.take(advertised), 0x60, station.ip6, destination === HOST6);
  }
});
define("ndp: a stranger's solicitation without a link-layer address: it is asked for first", async (station) => {
  station.answers = false;
  station.solicit({ options: [], destination: HOST6 });
  assert(await station.take(station.asksNdp), "it is not asked for");
  station.advertise();
  assertAdvertisement(station, await station.take(advertised), 0x60, station.ip6, true);
});
define("ndp: unknown options, and longer ones, do no harm", async (station) => {
  station.solicit({ options: [200, 1, 0, 0, 0, 0, 0, 0, 1, 1, ...station.mac, 14, 1, 1, 2, 3, 4, 5, 6] });
  assertAdvertisement(station, await station.take(advertised), 0x60, station.ip6);
});
define("ndp: who asks whether our address is free is told so, at all nodes", async (station) => {
  station.solicit({ source: ANY6, options: [] });
  assertAdvertisement(station, await station.take(advertised), 0x20, ALL_NODES);
  station.solicit({ source: ANY6, options: [14, 1, 1, 2, 3, 4, 5, 6] });
  assertAdvertisement(station, await station.take(advertised), 0x20, ALL_NODES);
});
define("ndp: solicitations for other addresses are not answered", async (station) => {
  station.solicit({ target: OTHER6 });
  station.solicit({ target: OTHER6, destination: HOST6 });
  station.solicit({ target: OTHER6, destination: ALL_NODES });
  assertEquals(await station.take(advertised, QUIET), null);
});
for (
  const [what, fields] of [
    ["hop limit 254", { hopLimit: 254 }],
    ["code 1", { code: 1 }],
    ["an option of length 0", { options: [1, 0, 2, 0, 0, 0, 1, 1] }],
    ["an option beyond its end", { options: [1, 2, 2, 0, 0, 0, 1, 1] }],
    ["a group as its target", { target: ALL_NODES, destination: HOST6 }],
    ["no source, but a link-layer address", { source: ANY6 }],
    ["no source, to our address", { source: ANY6, options: [], destination: HOST6 }],
    ["no source, to all nodes", { source: ANY6, options: [], destination: ALL_NODES }],
  ] as const
) {
  define(`ndp: a solicitation with ${what} is dropped`, async (station) => {
    station.solicit(fields);
    assertEquals(await station.take(advertised, QUIET), null);
  });
}
define("ndp: a solicitation that is too short, or whose checksum is wrong, is dropped", async (station) => {
  station.put58(135, 0, [0, 0, 0, 0], HOST6.slice(0, 12), { hopLimit: 255 });
  const message = icmp6(135, 0, [0, 0, 0, 0], [...HOST6, 1, 1, ...station.mac], station.ip6, HOST6);
  message[3]! ^= 1;
  station.put6({ next: 58, hopLimit: 255 }, message);
  assertEquals(await station.take(advertised, QUIET), null);
});
define("ndp: a solicitation in fragments is dropped (RFC 6980)", async (station) => {
  const message = icmp6(135, 0, [0, 0, 0, 0], [...HOST6, 1, 1, ...station.mac], station.ip6, HOST6);
  for (const part of fragments(message, 58, 600, [16, 16])) station.put6({ next: 44, hopLimit: 255 }, part);
  assertEquals(await station.take(advertised, QUIET), null);
});
define("ndp: router solicitations and redirects are not answered", async (station) => {
  station.put58(133, 0, [0, 0, 0, 0], [1, 1, ...station.mac], { hopLimit: 255, destination: HOST6 });
  station.put58(137, 0, [0, 0, 0, 0], [...station.ip6, ...OTHER6], { hopLimit: 255 });
  await station.silence();
});
define("ndp: an advertisement of our address by another host: we keep it", async (station) => {
  station.advertise({ target: HOST6, destination: ALL_NODES, flags: 0x20, to: groupMac(ALL_NODES) });
  station.solicit();
  assertAdvertisement(
    station,
    await station.take((f) => advertised(f) && f.to === hex(station.mac)),
    0x60,
    station.ip6,
  );
});

// ---- Neighbour discovery: neighbours ---------------------------------------------------------------------------------------

const answered = (frame: Frame): boolean => frame.type === IPV6 && frame.payload[6] === 58 && frame.payload[40] === 129;

define("ndp: who asks for us is known then", async (station) => {
  station.answers = false;
  station.solicit();
  assert(await station.take(advertised));
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || answered(frame));
  assertEquals([got?.payload[40], got?.to], [129, hex(station.mac)]);
});
define("ndp: a stranger is asked for in its group before anything is sent to it", async (station) => {
  station.answers = false;
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || answered(frame));
  const group = solicitedNode(station.ip6);
  assertEquals([got?.to, got?.payload[7]], [hex(groupMac(group)), 255]);
  const message = icmp6(135, 0, [0, 0, 0, 0], [...station.ip6, 1, 1, ...station.lan.mac], HOST6, group);
  assertEquals(hex(got!.payload.subarray(8)), hex([...HOST6, ...group, ...message]));
  assert(!await station.answers6(1));
  station.advertise();
  assertEquals((await station.answers6(1))?.to, hex(station.mac));
});
define("ndp: a host learns nothing from solicitations of routers (RFC 4861, 6.2.6)", async (station) => {
  station.answers = false;
  station.put58(133, 0, [0, 0, 0, 0], [1, 1, ...station.mac], { hopLimit: 255, destination: HOST6 });
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || answered(frame));
  assertEquals(got?.payload[40], 135);
});
define("ndp: packets wait for the answer, and leave in order", async (station) => {
  station.answers = false;
  for (const id of [1, 2, 3]) station.echo6(id);
  assert(await station.take(station.asksNdp));
  station.advertise();
  for (const id of [1, 2, 3]) assertEquals((await station.take(answered))?.payload[45], id);
});
define("ndp: it is asked once a second, three times, and then no more", async (station) => {
  station.answers = false;
  station.echo6(1);
  const times: number[] = [];
  for (;;) {
    const got = await station.take(station.asksNdp, 2500);
    if (!got) break;
    times.push(got.at);
  }
  assertEquals(times.length, 3);
  for (const i of [0, 1]) assert(times[i + 1]! - times[i]! > 800 && times[i + 1]! - times[i]! < 1600, String(times));
  station.answers = true;
  station.echo6(2);
  assertEquals((await station.take(answered, 3000))?.payload[45], 2);
});
define("ndp: an unsolicited advertisement answers our question too", async (station) => {
  station.answers = false;
  station.echo6(1);
  assert(await station.take(station.asksNdp));
  station.advertise({ flags: 0x20, destination: ALL_NODES, to: groupMac(ALL_NODES) });
  assert(await station.answers6(1));
});
define("ndp: advertisements that are not valid, or of others, resolve nothing", async (station) => {
  station.answers = false;
  station.echo6(1);
  assert(await station.take(station.asksNdp));
  station.advertise({ hopLimit: 254 });
  station.advertise({ options: [2, 0, ...station.mac] });
  station.advertise({ destination: ALL_NODES, to: groupMac(ALL_NODES) });
  station.advertise({ target: OTHER6 });
  station.advertise({ target: ALL_NODES });
  station.advertise({ options: [] });
  assert(!await station.answers6(1));
});
define("ndp: advertisements that nobody asked for make no neighbour", async (station) => {
  station.answers = false;
  station.advertise();
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || answered(frame));
  assertEquals(got?.payload[40], 135);
});
for (const [what, flags, follows] of [["overrides", 0x20, true], ["does not override", 0, false]] as const) {
  define(
    `ndp: an advertisement that ${what} ${follows ? "changes" : "keeps"} the neighbour's address`,
    async (station) => {
      const before = hex(station.mac);
      station.echo6(1);
      assertEquals((await station.answers6(1))?.to, before);
      station.mac = [2, 0, 0, 0, 2, station.number];
      station.advertise({ flags, destination: ALL_NODES, to: groupMac(ALL_NODES) });
      station.answers = false;
      station.echo6(2);
      assertEquals((await station.answers6(2))?.to, follows ? hex(station.mac) : before);
    },
  );
}
define("ndp: a solicitation for us changes the neighbour's address", async (station) => {
  station.echo6(1);
  assert(await station.answers6(1));
  station.mac = [2, 0, 0, 0, 2, station.number];
  station.solicit();
  assert(await station.take(advertised));
  station.echo6(2);
  assertEquals((await station.answers6(2))?.to, hex(station.mac));
});

// ---- Extension headers (RFC 8200, 4) ---------------------------------------------------------------------------------------

/** An options header before an echo. */
function withHeaders(station: Station, headers: readonly number[], destination: readonly number[] = HOST6): Uint8Array {
  return Uint8Array.from([...headers, ...icmp6(128, 0, [0, 1, 0, 1], [1], station.ip6, destination)]);
}

for (const [what, next] of [["hop-by-hop", 0], ["destination", 60]] as const) {
  define(`ipv6: ${what} options that are padding are read over`, async (station) => {
    for (const options of [[1, 4, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 1, 0], [1, 0, 1, 2, 0, 0]]) {
      station.put6({ next }, withHeaders(station, [58, 0, ...options]));
      assert(await station.answers6(1), String(options));
    }
  });
  define(`ipv6: an unknown ${what} option whose bits are 00 is skipped`, async (station) => {
    station.put6({ next }, withHeaders(station, [58, 0, 0x1e, 4, 0, 0, 0, 0]));
    assert(await station.answers6(1));
  });
  define(`ipv6: an unknown ${what} option whose bits are 01 drops the packet`, async (station) => {
    station.put6({ next }, withHeaders(station, [58, 0, 0x5e, 4, 0, 0, 0, 0]));
    await station.silence();
  });
  for (const bits of ["10", "11"]) {
    define(`ipv6: an unknown ${what} option whose bits are ${bits} is told of`, async (station) => {
      const option = bits === "10" ? 0x9e : 0xde;
      const sent = station.put6({ next }, withHeaders(station, [58, 0, 1, 0, option, 2, 0, 0]));
      await problem(station, 4, 2, 44, sent);
    });
  }
  define(`ipv6: an unknown ${what} option to a group is told of where its bits are 10 only`, async (station) => {
    const to = groupMac(ALL_NODES);
    const destination = ALL_NODES;
    station.put6({ next, destination }, withHeaders(station, [58, 0, 0xde, 4, 0, 0, 0, 0], destination), to);
    await station.silence();
    const bytes = withHeaders(station, [58, 0, 0x9e, 4, 0, 0, 0, 0], destination);
    await problem(station, 4, 2, 42, station.put6({ next, destination }, bytes, to));
  });
  define(`ipv6: ${what} options beyond their header, or the packet, are dropped`, async (station) => {
    station.put6({ next }, Uint8Array.of(58, 3, 1, 4, 0, 0, 0, 0));
    station.put6({ next }, Uint8Array.of(58, 0, 1, 4));
    assert(!await station.answers6(1));
    await alive(station);
  });
}
define("ipv6: hop-by-hop options that are not first are unknown", async (station) => {
  const pad = [0, 1, 4, 0, 0, 0, 0];
  const sent = station.put6({ next: 60 }, withHeaders(station, [0, ...pad, 58, ...pad]));
  await problem(station, 4, 1, 40, sent);
});
define("ipv6: all extension headers together are read", async (station) => {
  const pad = [0, 1, 4, 0, 0, 0, 0];
  const headers = [60, ...pad, 44, ...pad, 60, 0, 0, 0, 0, 0, 0, 9, 58, ...pad];
  station.put6({ next: 0 }, withHeaders(station, headers));
  assert(await station.answers6(1));
});
define("ipv6: a routing header that leads on is told of, one that is done is read over", async (station) => {
  for (const type of [0, 1, 200]) {
    const sent = station.put6({ next: 43 }, withHeaders(station, [58, 2, type, 1, 0, 0, 0, 0, ...OTHER6]));
    await problem(station, 4, 0, 42, sent);
    // Linux limits the errors for one host to one in a second.
    await station.take(() => false, 1100);
  }
  station.put6({ next: 43 }, withHeaders(station, [58, 2, 200, 0, 0, 0, 0, 0, ...OTHER6]));
  assert(await station.answers6(1));
});
define("ipv6: an unknown next header is told of, and where it was named", async (station) => {
  await problem(station, 4, 1, 6, station.put6({ next: 200 }, filled(20)));
});
define("ipv6: an unknown next header behind options is told of", async (station) => {
  const bytes = Uint8Array.from([200, 0, 1, 4, 0, 0, 0, 0, ...filled(20)]);
  await problem(station, 4, 1, 40, station.put6({ next: 60 }, bytes));
});
define("ipv6: no next header: silence", async (station) => {
  station.put6({ next: 59 }, filled(20));
  station.put6({ next: 60 }, Uint8Array.from([59, 0, 1, 4, 0, 0, 0, 0, ...filled(20)]));
  station.put6({ next: 59 }, new Uint8Array(0));
  await station.silence();
});

// ---- Fragments (RFC 8200, 4.5) ---------------------------------------------------------------------------------------------

function fragment(next: number, id: number, offset: number, more: boolean, data: Uint8Array): Uint8Array {
  const bits = offset | Number(more);
  return Uint8Array.from([next, 0, bits >> 8, bits & 255, 0, 0, id >> 8, id & 255, ...data]);
}

function fragments(whole: Uint8Array, next: number, id: number, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    const part = fragment(next, id, at, at + size < whole.length, whole.subarray(at, at + size));
    at += size;
    return part;
  });
}

async function reassemble(station: Station): Promise<Uint8Array | null> {
  const whole = new Uint8Array(65_536);
  for (let have = 0, size = -1; have !== size;) {
    const got = await station.packet((p) => p.protocol === 44, QUIET);
    if (!got) return null;
    const { payload } = got[0];
    const offset = payload[2]! << 8 | payload[3]! & 0xf8;
    whole.set(payload.subarray(8), offset);
    have += payload.length - 8;
    if (!(payload[3]! & 1)) size = offset + payload.length - 8;
    if (have === size) return whole.slice(0, size);
  }
  return null;
}

const toEcho = (station: Station, data: Uint8Array): Uint8Array =>
  udpDatagram({ destination: 7, us: station.ip6, them: HOST6 }, data);

async function udpEcho(station: Station): Promise<Uint8Array | null> {
  const got = await station.packet((p) => p.six && p.protocol === 17, QUIET);
  return got && got[0].payload.slice(8);
}

define("ipv6: fragments in every order, and twice, are put together", async (station) => {
  const data = filled(1000);
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [0, 0, 1, 1, 2]];
  for (const [i, order] of orders.entries()) {
    const parts = fragments(toEcho(station, data), 17, 100 + i, [400, 400, 208]);
    for (const index of order) station.put6({ next: 44 }, parts[index]!);
    assertEquals(await udpEcho(station), data, String(order));
  }
});
define("ipv6: fragments of different datagrams are kept apart", async (station) => {
  const [a, b] = [filled(1000), filled(1000).reverse()];
  const ones = fragments(toEcho(station, a), 17, 200, [504, 504]);
  const twos = fragments(toEcho(station, b), 17, 201, [504, 504]);
  for (const part of [ones[0]!, twos[0]!, twos[1]!]) station.put6({ next: 44 }, part);
  assertEquals(await udpEcho(station), b);
  station.put6({ next: 44 }, ones[1]!);
  assertEquals(await udpEcho(station), a);
});
define("ipv6: fragments that overlap drop the datagram (RFC 5722)", async (station) => {
  const whole = toEcho(station, filled(1000));
  for (const [i, from] of [392, 8].entries()) {
    station.put6({ next: 44 }, fragment(17, 210 + i, 0, true, whole.subarray(0, 400)));
    station.put6({ next: 44 }, fragment(17, 210 + i, from, true, whole.subarray(from, 800)));
    station.put6({ next: 44 }, fragment(17, 210 + i, 800, false, whole.subarray(800)));
  }
  assertEquals(await udpEcho(station), null);
});
define("ipv6: an atomic fragment is whole by itself, whatever else has its number (RFC 6946)", async (station) => {
  const parts = fragments(toEcho(station, filled(1000)), 17, 220, [504, 504]);
  station.put6({ next: 44 }, parts[0]!);
  station.put6({ next: 44 }, fragment(17, 220, 0, false, toEcho(station, text("atomic"))));
  assertEquals(await udpEcho(station), text("atomic"));
  station.put6({ next: 44 }, parts[1]!);
  assertEquals(await udpEcho(station), filled(1000));
});
define("ipv6: a fragment that is no multiple of eight is told of, pointing to the payload length", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(17, 230, 0, true, toEcho(station, filled(95))));
  await problem(station, 4, 0, 4, sent);
});
define("ipv6: a fragment that ends beyond 65,535 is told of, pointing to its offset", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(17, 231, 0xfff8, false, filled(16)));
  await problem(station, 4, 0, 42, sent);
});
define("ipv6: a first fragment without the upper layer's header is told of (RFC 7112)", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(60, 232, 0, true, Uint8Array.of(17, 1, 1, 4, 0, 0, 0, 0)));
  await problem(station, 4, 3, 0, sent);
});
define("ipv6: a first fragment without a byte of its chain is told of (RFC 7112)", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(17, 234, 0, true, new Uint8Array(0)));
  await problem(station, 4, 3, 0, sent);
});
define("ipv6: an atomic fragment without data is read as any packet is", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(200, 235, 0, false, new Uint8Array(0)));
  await problem(station, 4, 1, 40, sent);
});
define("ipv6: a fragment beyond 65,535 and no multiple of eight: its offset is told of first", async (station) => {
  const sent = station.put6({ next: 44 }, fragment(17, 236, 0xfff8, true, filled(15)));
  await problem(station, 4, 0, 42, sent);
});
define("ipv6: half a fragment header, and empty fragments, are dropped", async (station) => {
  station.put6({ next: 44 }, Uint8Array.of(17, 0, 0, 1));
  station.put6({ next: 44 }, fragment(17, 233, 8, true, new Uint8Array(0)));
  assertEquals(await udpEcho(station), null);
  await alive(station);
});
define("ipv6: TCP in fragments is read", async (station) => {
  const wire = station.wire(6);
  let id = 240;
  const cut = {
    ...wire,
    put: (bytes: Uint8Array) => {
      for (const part of fragments(bytes.slice(40), 6, id++, [24, 1400])) station.put6({ next: 44 }, part);
    },
  };
  const peer = new TcpPeer(cut, 7);
  peer.put({ flags: "S", options: [2, 4, 5, 0xa0, 1, 1, 1, 1] });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.wire = wire;
  peer.acked = 1;
  peer.put({});
  peer.wire = cut;
  peer.put({ flags: "PA", data: "in pieces" });
  assertEquals(await peer.collect(9), text("in pieces"));
  peer.reset();
});
define(
  "ipv6: a datagram not complete in time: time exceeded, code 1, when its first fragment came",
  async (station) => {
    const [first, second] = fragments(toEcho(station, filled(1000)), 17, 250, [504, 504]);
    const sent = station.put6({ next: 44 }, first!);
    station.put6({ next: 44 }, fragment(17, 251, 504, false, second!.subarray(8)));
    const got = await station.icmp6(65_000);
    assertEquals([got?.[0], got?.[1]], [3, 1]);
    assertEquals(got!.slice(8, 56), sent.slice(0, 48));
    assertEquals(await station.icmp6(), null);
  },
);

// ---- Errors (RFC 4443, 2.4) ------------------------------------------------------------------------------------------------

define("ipv6: a closed UDP port is unreachable, code 4, the datagram quoted", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip6, them: HOST6 }, text("anyone?"));
  await problem(station, 1, 4, 0, station.put6({ next: 17 }, data));
});
define("ipv6: an error quotes as much as fits into 1,280 bytes", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip6, them: HOST6 }, filled(1440));
  const sent = station.put6({ next: 17 }, data);
  const got = await station.icmp6();
  assertEquals(got?.length, 1240);
  assertEquals(got!.slice(8), sent.slice(0, 1232));
});
define("ipv6: what was sent to a group is not told of", async (station) => {
  const to = groupMac(ALL_NODES);
  const data = udpDatagram({ destination: 4444, us: station.ip6, them: ALL_NODES }, text("all"));
  station.put6({ next: 17, destination: ALL_NODES }, data, to);
  station.put6({ next: 200, destination: ALL_NODES }, filled(20), to);
  station.put6({ next: 17 }, udpDatagram({ destination: 4444, us: station.ip6, them: HOST6 }, text("x")), ALL);
  await station.silence();
});
define("ipv6: what came from nobody is not told of", async (station) => {
  station.put6({ next: 200, source: ANY6 }, filled(20));
  const got = await station.take((f) => f.type === IPV6 && f.payload[40] === 4, QUIET);
  assertEquals(got, null);
});
define("ipv6: errors are never told of", async (station) => {
  for (const type of [1, 2, 3, 4, 100, 101, 127]) {
    const inner = ip6({ next: 17, source: HOST6, destination: station.ip6 }, filled(8));
    const message = icmp6(type, 0, [0, 0, 0, 0], inner, station.ip6, HOST6);
    station.put6({ next: 60 }, Uint8Array.from([58, 0, 0x9e, 4, 0, 0, 0, 0, ...message]));
    station.put6({ next: 58 }, message);
  }
  await station.silence();
});
define("icmpv6: unknown informational messages are dropped", async (station) => {
  for (const type of [129, 138, 200, 255]) station.put58(type, 0, [0, 0, 0, 0], filled(20));
  await station.silence();
});
define("icmpv6: errors are limited in rate", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip6, them: HOST6 }, text("x"));
  for (let i = 0; i < 300; i++) station.put6({ next: 17 }, data);
  let errors = 0;
  while (await station.icmp6(QUIET)) errors++;
  assert(errors > 0 && errors < 300, String(errors));
});

// ---- UDP -------------------------------------------------------------------------------------------------------------------

define("udp over IPv6: a datagram is echoed, an empty one too", async (station) => {
  for (const data of [text("hello"), new Uint8Array(0), filled(1), filled(1452)]) {
    station.put6({ next: 17 }, toEcho(station, data));
    const got = await station.packet((p) => p.six && p.protocol === 17);
    assertEquals(got?.[0].payload.slice(8), data);
    const sum = udpDatagram({ source: 7, destination: 5000, us: HOST6, them: station.ip6 }, data);
    assertEquals(got?.[0].payload.slice(), sum, "checksum");
  }
});
define("udp over IPv6: no checksum, and a wrong one, are dropped", async (station) => {
  for (const checksum of [0, 0x1234]) {
    station.put6({ next: 17 }, udpDatagram({ destination: 7, checksum }, text("x")));
    station.put6({ next: 17 }, udpDatagram({ destination: 4444, checksum }, text("x")));
  }
  await station.silence();
});
define("udp over IPv6: a length below 8 or beyond the packet is dropped", async (station) => {
  for (const length of [1, 7, 100]) {
    station.put6({ next: 17 }, udpDatagram({ destination: 7, length, us: station.ip6, them: HOST6 }, text("x")));
  }
  await station.silence();
});
define("udp over IPv6: a datagram to all nodes for an open port is answered from our own address", async (station) => {
  const data = udpDatagram({ destination: 7, us: station.ip6, them: ALL_NODES }, text("all"));
  station.put6({ next: 17, destination: ALL_NODES }, data, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.protocol === 17);
  assertEquals(hex(got![0].addresses), hex([...HOST6, ...station.ip6]));
});

// ---- TCP -------------------------------------------------------------------------------------------------------------------

define("tcp over IPv6: data is echoed, then the connection closed", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  peer.put({ flags: "S", options: [2, 4, 0x05, 0xa0] });
  const got = await peer.expect({ flags: "SA", ack: 1 });
  assertEquals(got.options.slice(0, 4), [2, 4, 0x05, 0xa0]);
  peer.acked = 1;
  peer.put({ flags: "PA", data: "hello" });
  assertEquals(await peer.collect(5), text("hello"));
  peer.put({ flags: "FA" });
  let end = await peer.expect({});
  if (!end.flags.includes("F")) end = await peer.expect({});
  assertEquals([end.flags, end.ack], ["FA", 7]);
  peer.acked = 7;
  peer.put({});
  await peer.silence();
});
define("tcp over IPv6: a closed port refuses", async (station) => {
  const peer = new TcpPeer(station.wire(6), 4444);
  peer.put({ flags: "S" });
  const got = await peer.expect({ flags: "RA", ack: 1 });
  assertEquals(got.rawSeq, 0);
});
define("tcp over IPv6: wrong checksum, groups and frames for many are dropped", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  peer.put({ flags: "S", badChecksum: true });
  peer.put({ flags: "S", seq: 0, destination: ALL_NODES });
  await peer.silence();
  const many = new TcpPeer({ ...station.wire(6), put: (bytes) => station.frame(IPV6, bytes, groupMac(ALL_NODES)) }, 7);
  many.put({ flags: "S" });
  await many.silence();
});
define("tcp over IPv6: the MSS is 1220 where the peer does not say", async (station) => {
  const peer = new TcpPeer(station.wire(6), 19);
  await peer.open([]);
  for (let i = 0; i < 4; i++) {
    const got = await peer.expect({});
    assert(got.data.length <= 1220, String(got.data.length));
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp over IPv6: packet too big makes segments smaller, and sends what was lost again", async (station) => {
  const peer = new TcpPeer(station.wire(6), 19);
  await peer.open([2, 4, 0x05, 0xa0]);
  const first = await peer.expect({});
  assert(first.data.length > 1280, String(first.data.length));
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 19);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + 1);
  const quoted = ip6({ next: 6, source: HOST6, destination: station.ip6 }, bytes);
  station.put58(2, 0, [0, 0, 1280 >> 8, 1280 & 255], quoted);
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    if (got.seq !== 1) continue;
    assert(got.data.length <= 1220, String(got.data.length));
    break;
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp over IPv6: errors do not end an established connection", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  await peer.open([2, 4, 0x05, 0xa0]);
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 7);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + 1);
  const quoted = ip6({ next: 6, source: HOST6, destination: station.ip6 }, bytes);
  for (const [type, code] of [[1, 0], [1, 1], [1, 3], [1, 4], [3, 0], [4, 0], [4, 1]] as const) {
    station.put58(type, code, [0, 0, 0, 0], quoted);
  }
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp over IPv6: a connection follows its peer to another hardware address", async (station) => {
  const peer = new TcpPeer(station.wire(6), 7);
  await peer.open([2, 4, 0x05, 0xa0]);
  station.mac = [2, 0, 0, 0, 2, station.number];
  station.advertise({ flags: 0x20, destination: ALL_NODES, to: groupMac(ALL_NODES) });
  peer.put({ flags: "PA", data: "moved" });
  const got = await station.take((frame) => frame.type === IPV6 && frame.payload[6] === 6);
  assertEquals(got?.to, hex(station.mac));
  peer.reset();
});

// ---- Time and the link -----------------------------------------------------------------------------------------------------

define("ndp: a stale neighbour in use is asked for after five seconds, alone", async (station) => {
  station.answers = false;
  station.solicit();
  assert(await station.take(advertised));
  station.echo6(1);
  assert(await station.answers6(1));
  const start = station.now();
  for (let i = 0; i < 3; i++) {
    const got = await station.take(station.asksNdp, 7000);
    assertEquals([got?.to, hex(got?.payload.subarray(24, 40) ?? [])], [hex(station.mac), hex(station.ip6)]);
    if (i === 0) assert(got!.at - start > 4000 && got!.at - start < 6500, String(got!.at - start));
  }
  await station.take(() => false, 1500);
  station.echo6(2);
  const got = await station.take((frame) => station.asksNdp(frame) || answered(frame), 1500);
  assertEquals([got?.payload[40], got?.to], [135, hex(groupMac(solicitedNode(station.ip6)))]);
});
define("ndp: an answer confirms a neighbour", async (station) => {
  station.solicit();
  assert(await station.take(advertised));
  station.echo6(1);
  assert(await station.answers6(1));
  assert(await station.take(station.asksNdp, 7000));
  assertEquals(await station.take(station.asksNdp, 3000), null);
});

const linkLocal = (station: Station): number[] => [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, station.number];

define("ipv6: a neighbour's link-local address is answered from ours, which is defended", async (station) => {
  const us = linkLocal(station);
  station.ip6.splice(0, 16, ...us);
  station.echo6(1, { destination: ALL_NODES }, groupMac(ALL_NODES));
  const got = await station.packet((p) => p.six && p.payload[0] === 129, 1000);
  const theirs = [...got![0].addresses.slice(0, 16)];
  assertEquals(theirs.slice(0, 8), us.slice(0, 8));
  station.solicit({ target: theirs });
  const told = await station.take((f) => advertised(f) && hex(f.payload.subarray(48, 64)) === hex(theirs));
  assertEquals([told?.to, hex(told?.payload.subarray(8, 24) ?? [])], [hex(station.mac), hex(theirs)]);
  station.echo6(2, { destination: theirs });
  assert(await station.answers6(2));
});

/** A question for groups, version 2 (RFC 3810, 5.1), behind the router alert that it needs. */
function query(station: Station, fields: { hopLimit?: number; source?: number[]; alert?: boolean } = {}): void {
  const { hopLimit = 1, source = linkLocal(station), alert = true } = fields;
  const message = icmp6(130, 0, [0, 100, 0, 0], [...ANY6, 2, 125, 0, 0], source, ALL_NODES);
  const bytes = alert ? Uint8Array.from([58, 0, 5, 2, 0, 0, 1, 0, ...message]) : message;
  station.put6({ next: alert ? 0 : 58, hopLimit, source, destination: ALL_NODES }, bytes, groupMac(ALL_NODES));
}

const reported = ({ type, payload }: Frame): boolean => type === IPV6 && payload[6] === 0 && payload[48] === 143;

define("mld: a query is answered with the groups of our addresses (RFC 3810)", async (station) => {
  query(station);
  const group = hex(solicitedNode(HOST6));
  const got = await station.take((frame) => reported(frame) && hex(frame.payload).includes(group), 2000);
  assert(got, "no report came");
  assertEquals([got.to, got.payload[7]], ["33:33:00:00:00:16", 1]);
  assertEquals(hex(got.payload.subarray(40, 48)), hex([58, 0, 5, 2, 0, 0, 1, 0]));
  // Of nobody while the link-local address is asked for (RFC 3590).
  assert([0, 0xfe].includes(got.payload[8]!), hex(got.payload.subarray(8, 24)));
  while (await station.take(reported, 2500)) { /* The host repeats itself at its start. */ }
});
define("mld: queries from beyond the link, or without a router alert, are not answered", async (station) => {
  query(station, { hopLimit: 64 });
  query(station, { source: station.ip6 });
  query(station, { alert: false });
  assertEquals(await station.take(reported, 1500), null);
});
define("ndp: a prefix that a router tells of makes an address, asked for first (RFC 4862)", async (station) => {
  const source = linkLocal(station);
  const prefix = [0xfd, 2, 0, 0, 0, 0, 0, station.number];
  const advertise = (subnet: number, hopLimit: number, from: number[]): void => {
    const option = [3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0];
    const data = [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...option,
      ...prefix.slice(0, 6),
      subnet,
      ...prefix.slice(7),
      ...ANY6.slice(8),
    ];
    station.put58(134, 0, [64, 0, 0, 0], data, { source: from, destination: ALL_NODES, hopLimit }, groupMac(ALL_NODES));
  };
  // From beyond the link, and from no router's address.
  advertise(1, 254, source);
  advertise(2, 255, station.ip6);
  advertise(0, 255, source);
  const asks = (frame: Frame): boolean =>
    frame.type === IPV6 && frame.payload[40] === 135 &&
    hex(frame.payload.subarray(48, 54)) === hex(prefix.slice(0, 6)) &&
    frame.payload[55] === station.number;
  const got = await station.take(asks, 2500);
  assert(got, "no address was asked for");
  const target = [...got.payload.subarray(48, 64)];
  assertEquals([target[6], hex(got.payload.subarray(8, 24))], [0, hex(ANY6)]);
  assertEquals(hex(got.payload.subarray(24, 40)), hex(solicitedNode(target)));
  assertEquals(await station.take(asks, 2500), null);
  station.echo6(1, { destination: target });
  assert(await station.answers6(1));
});
