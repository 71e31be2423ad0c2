// ARP: requests for our address, and neighbours (RFC 826; RFC 1122, 2.3.2; RFC 5227).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL, ARP, hex, IPV4, NOBODY, OTHER, OTHER_MAC } from "./frames.ts";
import { onLink, type Station } from "./station.ts";
import { HOST } from "./wire.ts";

export const ARP_CASES: FrameCase[] = [];
const define = onLink(ARP_CASES);

for (const [what, to] of [["broadcast", ALL], ["unicast", null]] as const) {
  define(`arp: a ${what} request is answered to the sender alone`, async (station) => {
    station.arp({ to: to ?? station.lan.mac });
    const got = await station.take(station.arpReply);
    assert(got);
    assertEquals([got.to, got.from], [hex(station.mac), hex(station.lan.mac)]);
    const want = [0, 1, 8, 0, 6, 4, 0, 2, ...station.lan.mac, ...HOST, ...station.mac, ...station.ip];
    assertEquals([...got.payload.subarray(0, 28)], want);
  });
}
define("arp: a request with the padding of a short frame is answered", async (station) => {
  station.arp({ size: 46 });
  assert(await station.take(station.arpReply));
});
define("arp: whatever stands for the target's hardware address", async (station) => {
  station.arp({ targetMac: ALL });
  assert(await station.take(station.arpReply));
  station.arp({ targetMac: OTHER_MAC });
  assert(await station.take(station.arpReply));
});
define("arp: a request for another address is not answered", async (station) => {
  station.arp({ target: OTHER });
  station.arp({ target: [10, 1, 0, 255] });
  station.arp({ target: [255, 255, 255, 255] });
  station.arp({ target: [0, 0, 0, 0] });
  await station.silence();
});
define("arp: a probe for our address is answered to 0.0.0.0", async (station) => {
  station.arp({ sender: [0, 0, 0, 0] });
  const got = await station.take(station.arpReply);
  assertEquals(got!.to, hex(station.mac));
  assertEquals([...got!.payload.subarray(8, 28)], [...station.lan.mac, ...HOST, ...station.mac, 0, 0, 0, 0]);
});
define("arp: a probe for another address, and an announcement, are not answered", async (station) => {
  station.arp({ sender: [0, 0, 0, 0], target: OTHER });
  station.arp({ target: station.ip });
  station.arp({ operation: 2, target: station.ip, targetMac: ALL });
  await station.silence();
});
define("arp: the answer goes to the hardware address in the message", async (station) => {
  station.arp({ senderMac: OTHER_MAC });
  const got = await station.take((frame) => frame.type === ARP && frame.payload[7] === 2);
  assertEquals([got!.to, hex(got!.payload.subarray(18, 24))], [hex(OTHER_MAC), hex(OTHER_MAC)]);
});
define("arp: other hardware, protocols, lengths and operations are dropped", async (station) => {
  station.arp({ hardware: 7 });
  station.arp({ hardware: 0 });
  station.arp({ protocol: 0x86dd });
  station.arp({ lengths: 0x0504 });
  station.arp({ lengths: 0x0810 });
  station.arp({ lengths: 0x0600 });
  for (const operation of [0, 3, 4, 8, 9, 25, 0x0100, 0xffff]) station.arp({ operation });
  await station.silence();
  await station.alive4();
});
define("arp: truncated messages are dropped", async (station) => {
  for (const size of [0, 1, 7, 8, 14, 18, 24, 27]) station.arp({ size });
  await station.silence();
  await station.alive4();
});
define("arp: senders that are no host are not answered", async (station) => {
  for (const sender of [[255, 255, 255, 255], [224, 0, 0, 1], [127, 0, 0, 1]]) station.arp({ sender });
  await station.silence();
});
define("arp: who asks from our own address gets no reply, and we keep it", async (station) => {
  station.arp({ sender: HOST, target: HOST });
  station.arp({ sender: HOST, target: OTHER });
  station.arp({ operation: 2, sender: HOST, target: HOST, targetMac: ALL });
  assertEquals(await station.take(station.arpReply), null);
  await station.alive4();
});
define("arp: a request in a frame for another host is not answered", async (station) => {
  station.arp({ to: OTHER_MAC });
  await station.silence();
});
define("arp: who asks for us is known then", async (station) => {
  station.answers = false;
  station.arp();
  assert(await station.take(station.arpReply));
  station.echo4(1);
  const got = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4);
  assertEquals([got?.type, got?.to], [IPV4, hex(station.mac)]);
});
define("arp: a stranger is asked for before anything is sent to it", async (station) => {
  station.answers = false;
  station.echo4(1);
  const got = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4);
  assertEquals([got?.type, got?.to, got?.from], [ARP, hex(ALL), hex(station.lan.mac)]);
  const want = [0, 1, 8, 0, 6, 4, 0, 1, ...station.lan.mac, ...HOST, ...NOBODY, ...station.ip];
  assertEquals([...got!.payload.subarray(0, 28)], want);
  assert(!await station.answers4(1));
  station.arp({ operation: 2, targetMac: station.lan.mac, to: station.lan.mac });
  assertEquals((await station.answers4(1))?.to, hex(station.mac));
});
define("arp: packets wait for the answer, and leave in order", async (station) => {
  station.answers = false;
  for (const id of [1, 2, 3]) station.echo4(id);
  assert(await station.take(station.asksArp));
  assertEquals(await station.take(station.asksArp, 500), null, "asked twice in half a second");
  station.arp({ operation: 2, targetMac: station.lan.mac, to: station.lan.mac });
  for (const id of [1, 2, 3]) {
    const got = await station.packet((p) => p.protocol === 1);
    assertEquals(got?.[0].payload[5], id);
  }
});
define("arp: it is asked once a second, three times, and then no more", async (station) => {
  station.answers = false;
  station.echo4(1);
  const times: number[] = [];
  for (;;) {
    const got = await station.take(station.asksArp, 2500);
    if (!got) break;
    times.push(got.at);
  }
  assertEquals(times.length, 3);
  for (const i of [0, 1]) assert(times[i + 1]! - times[i]! > 800 && times[i + 1]! - times[i]! < 1600, String(times));
  // It is asked for anew, and what waited before is gone.
  station.answers = true;
  station.echo4(2);
  const got = await station.packet((p) => p.protocol === 1, 3000);
  assertEquals(got?.[0].payload[5], 2);
});
define("arp: a broadcast reply to our question is taken", async (station) => {
  station.answers = false;
  station.echo4(1);
  assert(await station.take(station.asksArp));
  station.arp({ operation: 2, targetMac: station.lan.mac, to: ALL });
  assert(await station.answers4(1));
});
define("arp: our question is answered by a request of who we asked for", async (station) => {
  station.answers = false;
  station.echo4(1);
  assert(await station.take(station.asksArp));
  station.arp();
  assert(await station.answers4(1));
});
define("arp: somebody else's reply, and malformed ones, resolve nothing", async (station) => {
  station.answers = false;
  station.echo4(1);
  assert(await station.take(station.asksArp));
  const reply = { operation: 2, targetMac: station.lan.mac, to: station.lan.mac };
  station.arp({ ...reply, sender: OTHER });
  station.arp({ ...reply, hardware: 7 });
  station.arp({ ...reply, lengths: 0x0603 });
  station.arp({ ...reply, size: 20 });
  station.arp({ ...reply, to: OTHER_MAC });
  assert(!await station.answers4(1));
});
define("arp: replies that nobody asked for make no neighbour", async (station) => {
  station.answers = false;
  station.arp({ operation: 2, targetMac: station.lan.mac, to: station.lan.mac });
  station.arp({ target: station.ip });
  station.echo4(1);
  const got = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4);
  assertEquals(got?.type, ARP);
});
for (
  const [what, message] of [
    ["a unicast reply", (s: Station) => ({ operation: 2, targetMac: s.lan.mac, to: s.lan.mac })],
    ["a broadcast announcement", (s: Station) => ({ target: s.ip })],
    ["a broadcast reply", (s: Station) => ({ operation: 2, target: s.ip, targetMac: ALL })],
    ["a request for us", () => ({})],
  ] as const
) {
  define(`arp: ${what} changes the hardware address of a neighbour`, async (station) => {
    station.echo4(1);
    assertEquals((await station.answers4(1))?.to, hex(station.mac));
    // Linux believes no change within a second of the last one.
    await station.take(() => false, 1200);
    station.mac = [2, 0, 0, 0, 2, station.number];
    station.arp(message(station));
    station.answers = false;
    station.echo4(2);
    assertEquals((await station.answers4(2))?.to, hex(station.mac));
  });
}
define(
  "arp: a neighbour in use that is not confirmed is asked for after five seconds, alone, then by all",
  async (station) => {
    station.answers = false;
    station.arp();
    assert(await station.take(station.arpReply));
    station.echo4(1);
    assert(await station.answers4(1));
    const start = station.now();
    for (let i = 0; i < 3; i++) {
      const got = await station.take(station.asksArp, 7000);
      assertEquals(got?.to, hex(station.mac), `question ${i}`);
      if (i === 0) assert(got!.at - start > 4000 && got!.at - start < 6500, String(got!.at - start));
    }
    await station.take(() => false, 1500);
    // It has not answered: nothing is sent to it any more before it does.
    station.echo4(2);
    const got = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4, 1500);
    assertEquals([got?.type, got?.to], [ARP, hex(ALL)]);
  },
);
