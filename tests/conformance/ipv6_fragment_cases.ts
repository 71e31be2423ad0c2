// Fragments of IPv6 (RFC 8200, 4.5; RFC 5722; RFC 6946; RFC 7112).

import { assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { filled, fragment6, fragments6, icmp6, QUIET, text, udpDatagram } from "./packets.ts";
import { onLink, type Station } from "./station.ts";
import { TcpPeer } from "./tcp_peer.ts";
import { HOST6 } from "./wire.ts";

export const IPV6_FRAGMENT_CASES: FrameCase[] = [];
const define = onLink(IPV6_FRAGMENT_CASES);

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
    const parts = fragments6(toEcho(station, data), 17, 100 + i, [400, 400, 208]);
    for (const index of order) station.put6({ next: 44 }, parts[index]!);
    assertEquals(await udpEcho(station), data, String(order));
  }
});
define("ipv6: fragments of different datagrams are kept apart", async (station) => {
  const [a, b] = [filled(1000), filled(1000).reverse()];
  const ones = fragments6(toEcho(station, a), 17, 200, [504, 504]);
  const twos = fragments6(toEcho(station, b), 17, 201, [504, 504]);
  for (const part of [ones[0]!, twos[0]!, twos[1]!]) station.put6({ next: 44 }, part);
  assertEquals(await udpEcho(station), b);
  station.put6({ next: 44 }, ones[1]!);
  assertEquals(await udpEcho(station), a);
});
define("ipv6: fragments that overlap drop the datagram (RFC 5722)", async (station) => {
  const whole = toEcho(station, filled(1000));
  for (const [i, from] of [392, 8].entries()) {
    station.put6({ next: 44 }, fragment6(17, 210 + i, 0, true, whole.subarray(0, 400)));
    station.put6({ next: 44 }, fragment6(17, 210 + i, from, true, whole.subarray(from, 800)));
    station.put6({ next: 44 }, fragment6(17, 210 + i, 800, false, whole.subarray(800)));
  }
  assertEquals(await udpEcho(station), null);
});
define("ipv6: an atomic fragment is whole by itself, whatever else has its number (RFC 6946)", async (station) => {
  const parts = fragments6(toEcho(station, filled(1000)), 17, 220, [504, 504]);
  station.put6({ next: 44 }, parts[0]!);
  station.put6({ next: 44 }, fragment6(17, 220, 0, false, toEcho(station, text("atomic"))));
  assertEquals(await udpEcho(station), text("atomic"));
  station.put6({ next: 44 }, parts[1]!);
  assertEquals(await udpEcho(station), filled(1000));
});
define("ipv6: a fragment that is no multiple of eight is told of, pointing to the payload length", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(17, 230, 0, true, toEcho(station, filled(95))));
  await station.problem(4, 0, 4, sent);
});
define("ipv6: a fragment that ends beyond 65,535 is told of, pointing to its offset", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(17, 231, 0xfff8, false, filled(16)));
  await station.problem(4, 0, 42, sent);
});
define("ipv6: a first fragment without the upper layer's header is told of (RFC 7112)", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(60, 232, 0, true, Uint8Array.of(17, 1, 1, 4, 0, 0, 0, 0)));
  await station.problem(4, 3, 0, sent);
});
define("ipv6: a first fragment without a byte of its chain is told of (RFC 7112)", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(17, 234, 0, true, new Uint8Array(0)));
  await station.problem(4, 3, 0, sent);
});
define("ipv6: an atomic fragment without data is read as any packet is", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(200, 235, 0, false, new Uint8Array(0)));
  await station.problem(4, 1, 40, sent);
});
define("ipv6: a fragment beyond 65,535 and no multiple of eight: its offset is told of first", async (station) => {
  const sent = station.put6({ next: 44 }, fragment6(17, 236, 0xfff8, true, filled(15)));
  await station.problem(4, 0, 42, sent);
});
define("ipv6: half a fragment header, and empty fragments, are dropped", async (station) => {
  station.put6({ next: 44 }, Uint8Array.of(17, 0, 0, 1));
  station.put6({ next: 44 }, fragment6(17, 233, 8, true, new Uint8Array(0)));
  assertEquals(await udpEcho(station), null);
  await station.alive6();
});
define("ipv6: TCP in fragments is read", async (station) => {
  const wire = station.wire(6);
  let id = 240;
  const cut = {
    ...wire,
    put: (bytes: Uint8Array) => {
      for (const part of fragments6(bytes.slice(40), 6, id++, [24, 1400])) station.put6({ next: 44 }, part);
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
    const [first, second] = fragments6(toEcho(station, filled(1000)), 17, 250, [504, 504]);
    const sent = station.put6({ next: 44 }, first!);
    station.put6({ next: 44 }, fragment6(17, 251, 504, false, second!.subarray(8)));
    const got = await station.icmp6(65_000);
    assertEquals([got?.[0], got?.[1]], [3, 1]);
    assertEquals(got!.slice(8, 56), sent.slice(0, 48));
    assertEquals(await station.icmp6(), null);
  },
);
define("icmpv6: an echo larger than the MTU is answered in fragments", async (station) => {
  const data = filled(3000);
  const whole = icmp6(128, 0, [0, 1, 0, 1], data, station.ip6, HOST6);
  for (const part of fragments6(whole, 58, 500, [1448, 1448, 112])) station.put6({ next: 44 }, part);
  const got = await reassemble(station);
  assertEquals(got?.slice(8), data);
});
