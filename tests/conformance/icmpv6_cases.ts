// ICMPv6: what is dropped, and errors about packets (RFC 4443, 2.4).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL, ALL_NODES, ANY6, groupMac, IPV6 } from "./frames.ts";
import { filled, icmp6, ip6, QUIET, text, udpDatagram } from "./packets.ts";
import { onLink } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const ICMPV6_CASES: FrameCase[] = [];
const define = onLink(ICMPV6_CASES);

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
  await station.alive6();
});
define("ipv6: a closed UDP port is unreachable, code 4, the datagram quoted", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip6, them: HOST6 }, text("anyone?"));
  await station.problem(1, 4, 0, station.put6({ next: 17 }, data));
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
