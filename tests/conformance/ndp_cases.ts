// Neighbour discovery: solicitations for our address, neighbours, prefixes (RFC 4861; RFC 4862).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import {
  ALL_NODES,
  ANY6,
  type Frame,
  groupMac,
  hex,
  IPV6,
  isAdvertisement,
  isEchoReply6,
  OTHER6,
  solicitedNode,
} from "./frames.ts";
import { fragments6, icmp6, QUIET } from "./packets.ts";
import { linkLocal, onLink, type Station } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const NDP_CASES: FrameCase[] = [];
const define = onLink(NDP_CASES);

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
    assertAdvertisement(station, await station.take(isAdvertisement), 0x60, station.ip6, destination === HOST6);
  });
}
define("ndp: a solicitation without a link-layer address is answered to its sender", async (station) => {
  for (const destination of [HOST6, solicitedNode(HOST6)]) {
    station.solicit({ options: [], destination });
    assertAdvertisement(station, await station.take(isAdvertisement), 0x60, station.ip6, destination === HOST6);
  }
});
define("ndp: a stranger's solicitation without a link-layer address: it is asked for first", async (station) => {
  station.answers = false;
  station.solicit({ options: [], destination: HOST6 });
  assert(await station.take(station.asksNdp), "it is not asked for");
  station.advertise();
  assertAdvertisement(station, await station.take(isAdvertisement), 0x60, station.ip6, true);
});
define("ndp: unknown options, and longer ones, do no harm", async (station) => {
  station.solicit({ options: [200, 1, 0, 0, 0, 0, 0, 0, 1, 1, ...station.mac, 14, 1, 1, 2, 3, 4, 5, 6] });
  assertAdvertisement(station, await station.take(isAdvertisement), 0x60, station.ip6);
});
define("ndp: who asks whether our address is free is told so, at all nodes", async (station) => {
  station.solicit({ source: ANY6, options: [] });
  assertAdvertisement(station, await station.take(isAdvertisement), 0x20, ALL_NODES);
  station.solicit({ source: ANY6, options: [14, 1, 1, 2, 3, 4, 5, 6] });
  assertAdvertisement(station, await station.take(isAdvertisement), 0x20, ALL_NODES);
});
define("ndp: solicitations for other addresses are not answered", async (station) => {
  station.solicit({ target: OTHER6 });
  station.solicit({ target: OTHER6, destination: HOST6 });
  station.solicit({ target: OTHER6, destination: ALL_NODES });
  assertEquals(await station.take(isAdvertisement, QUIET), null);
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
    assertEquals(await station.take(isAdvertisement, QUIET), null);
  });
}
define("ndp: a solicitation that is too short, or whose checksum is wrong, is dropped", async (station) => {
  station.put58(135, 0, [0, 0, 0, 0], HOST6.slice(0, 12), { hopLimit: 255 });
  const message = icmp6(135, 0, [0, 0, 0, 0], [...HOST6, 1, 1, ...station.mac], station.ip6, HOST6);
  message[3]! ^= 1;
  station.put6({ next: 58, hopLimit: 255 }, message);
  assertEquals(await station.take(isAdvertisement, QUIET), null);
});
define("ndp: a solicitation in fragments is dropped (RFC 6980)", async (station) => {
  const message = icmp6(135, 0, [0, 0, 0, 0], [...HOST6, 1, 1, ...station.mac], station.ip6, HOST6);
  for (const part of fragments6(message, 58, 600, [16, 16])) station.put6({ next: 44, hopLimit: 255 }, part);
  assertEquals(await station.take(isAdvertisement, QUIET), null);
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
    await station.take((f) => isAdvertisement(f) && f.to === hex(station.mac)),
    0x60,
    station.ip6,
  );
});
define("ndp: who asks for us is known then", async (station) => {
  station.answers = false;
  station.solicit();
  assert(await station.take(isAdvertisement));
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || isEchoReply6(frame));
  assertEquals([got?.payload[40], got?.to], [129, hex(station.mac)]);
});
define("ndp: a stranger is asked for in its group before anything is sent to it", async (station) => {
  station.answers = false;
  station.echo6(1);
  const got = await station.take((frame) => station.asksNdp(frame) || isEchoReply6(frame));
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
  const got = await station.take((frame) => station.asksNdp(frame) || isEchoReply6(frame));
  assertEquals(got?.payload[40], 135);
});
define("ndp: packets wait for the answer, and leave in order", async (station) => {
  station.answers = false;
  for (const id of [1, 2, 3]) station.echo6(id);
  assert(await station.take(station.asksNdp));
  station.advertise();
  for (const id of [1, 2, 3]) assertEquals((await station.take(isEchoReply6))?.payload[45], id);
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
  assertEquals((await station.take(isEchoReply6, 3000))?.payload[45], 2);
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
  const got = await station.take((frame) => station.asksNdp(frame) || isEchoReply6(frame));
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
  assert(await station.take(isAdvertisement));
  station.echo6(2);
  assertEquals((await station.answers6(2))?.to, hex(station.mac));
});
define("ndp: a stale neighbour in use is asked for after five seconds, alone", async (station) => {
  station.answers = false;
  station.solicit();
  assert(await station.take(isAdvertisement));
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
  const got = await station.take((frame) => station.asksNdp(frame) || isEchoReply6(frame), 1500);
  assertEquals([got?.payload[40], got?.to], [135, hex(groupMac(solicitedNode(station.ip6)))]);
});
define("ndp: an answer confirms a neighbour", async (station) => {
  station.solicit();
  assert(await station.take(isAdvertisement));
  station.echo6(1);
  assert(await station.answers6(1));
  assert(await station.take(station.asksNdp, 7000));
  assertEquals(await station.take(station.asksNdp, 3000), null);
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
