// Cases for a host on an Ethernet: frames (RFC 894, RFC 1122, 2.3) and ARP (RFC 826, RFC 1122, 2.3.2, RFC 5227). Its addresses
// are 10.1.0.2 and fd01::2; the services are those of `cases.ts`.

import { assert, assertEquals } from "@std/assert";
import { filled, icmpMessage, ip, TcpPeer, text, udpDatagram } from "./peer.ts";
import { ALL, ARP, groupMac, hex, IPV4, NOBODY, Station } from "./station.ts";
import { type FrameWire, HOST } from "./wire.ts";

export interface FrameCase {
  readonly name: string;
  run(lan: FrameWire): Promise<void>;
}

export const ETHERNET_CASES: FrameCase[] = [];

function define(name: string, run: (station: Station) => Promise<void>): void {
  ETHERNET_CASES.push({ name, run: (lan) => run(new Station(lan)) });
}

const OTHER = [10, 1, 0, 254];
const OTHER_MAC = [2, 0, 0, 0, 9, 9];

/** Whether the host answers an ARP request still. */
async function alive(station: Station): Promise<void> {
  station.arp();
  assert(await station.take(station.arpReply), "it does not answer any more");
}

// ---- ARP: requests -----------------------------------------------------------------------------------------------------

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
  await alive(station);
});
define("arp: truncated messages are dropped", async (station) => {
  for (const size of [0, 1, 7, 8, 14, 18, 24, 27]) station.arp({ size });
  await station.silence();
  await alive(station);
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
  await alive(station);
});
define("arp: a request in a frame for another host is not answered", async (station) => {
  station.arp({ to: OTHER_MAC });
  await station.silence();
});

// ---- ARP: neighbours ---------------------------------------------------------------------------------------------------

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

// ---- Frames ------------------------------------------------------------------------------------------------------------

define("ethernet: an echo is answered to who sent it", async (station) => {
  station.echo4(1);
  const got = await station.answers4(1);
  assertEquals([got?.to, got?.from], [hex(station.mac), hex(station.lan.mac)]);
});
define("ethernet: frames for other hosts are dropped", async (station) => {
  station.echo4(1, {}, OTHER_MAC);
  assert(!await station.answers4(1));
});
define("ethernet: unknown types are dropped", async (station) => {
  for (const type of [0x88b5, 0x0842, 0x6003, 0x8035, 0x8847, 0x8864, 0xffff]) {
    station.frame(
      type,
      ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x"))),
    );
  }
  await station.silence();
  await alive(station);
});
define("ethernet: frames with a length, as of 802.3 and LLC, are dropped", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  for (const head of [[], [0xaa, 0xaa, 3, 0, 0, 0, 8, 0], [0xff, 0xff], [0x42, 0x42, 3], [6, 6, 3]]) {
    station.frame(head.length + packet.length, Uint8Array.from([...head, ...packet]));
  }
  await station.silence();
  await alive(station);
});
define("ethernet: runts and empty frames are dropped", async (station) => {
  for (let size = 1; size < 14; size++) {
    station.lan.put(Uint8Array.from([...station.lan.mac, ...station.mac, 8, 0]).subarray(0, size));
  }
  for (const type of [IPV4, ARP, 0x86dd]) {
    for (const size of [0, 1, 19]) station.frame(type, filled(size));
  }
  await station.silence();
  await alive(station);
});
define("ethernet: padding behind a packet is no part of it", async (station) => {
  station.echo4(1, {}, undefined, 60);
  const got = await station.packet((p) => p.protocol === 1);
  assertEquals([...got![0].payload.subarray(4)], [0, 1, 0, 1, 1, 2, 3]);
  station.put4(
    { protocol: 17 },
    udpDatagram({ destination: 7, us: station.ip, them: HOST }, text("a")),
    undefined,
    17,
  );
  const datagram = await station.packet((p) => p.protocol === 17);
  assertEquals(datagram?.[0].payload.length, 9);
});
define("ethernet: frames of a VLAN are dropped", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  station.frame(0x8100, Uint8Array.from([0, 5, 8, 0, ...packet]));
  station.frame(0x88a8, Uint8Array.from([0, 5, 8, 0, ...packet]));
  station.frame(0x8100, Uint8Array.from([0]));
  await station.silence();
  await alive(station);
});
define("ethernet: a frame with a priority but no VLAN is read (IEEE 802.1Q)", async (station) => {
  const packet = ip({ protocol: 1, source: station.ip, destination: HOST }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  station.frame(0x8100, Uint8Array.from([0xa0, 0, 8, 0, ...packet]));
  const got = await station.answers4(1);
  assertEquals(got?.type, IPV4);
});
define("ethernet: a SYN in a frame for many is dropped", async (station) => {
  for (const to of [ALL, groupMac([224, 0, 0, 1])]) {
    const wire = station.wire(4);
    const peer = new TcpPeer({ ...wire, put: (bytes) => station.frame(IPV4, bytes, to) }, 7);
    peer.put({ flags: "S" });
    await peer.silence();
  }
});
define("ethernet: a datagram for a closed port in a frame for many is not answered", async (station) => {
  const data = udpDatagram({ destination: 4444, us: station.ip, them: HOST }, text("x"));
  station.put4({ protocol: 17 }, data, ALL);
  await station.silence();
});
define("ethernet: a broadcast datagram for an open port is answered from our own address", async (station) => {
  for (const destination of [[255, 255, 255, 255], [10, 1, 0, 255]]) {
    const data = udpDatagram({ destination: 7, us: station.ip, them: destination }, text("all"));
    station.put4({ protocol: 17, destination }, data, ALL);
    const got = await station.packet((p) => p.protocol === 17);
    assertEquals(got?.[0].source, HOST.join("."), String(destination));
  }
});
define("ethernet: TCP connections work", async (station) => {
  const peer = new TcpPeer(station.wire(4), 7);
  await peer.open();
  peer.put({ flags: "PA", data: "hello" });
  assertEquals(await peer.collect(5), text("hello"));
  peer.reset();
});
define("ethernet: the group of all hosts is heard", async (station) => {
  const destination = [224, 0, 0, 1];
  const data = udpDatagram({ destination: 7, us: station.ip, them: destination }, text("all"));
  station.put4({ protocol: 17, destination }, data, groupMac(destination));
  assertEquals((await station.packet((p) => p.protocol === 17))?.[0].source, HOST.join("."));
});
define("ethernet: who is in no network that we know a way to is not answered, nor asked for", async (station) => {
  const source = [192, 168, 9, 9];
  station.put4({ protocol: 1, source }, icmpMessage(8, 0, [0, 1, 0, 1], text("x")));
  const peer = new TcpPeer({ ...station.wire(4), us: source }, 7);
  peer.put({ flags: "S" });
  const asks = await station.take(({ type, payload }) =>
    type === ARP && hex(payload.subarray(24, 28)) === hex(source) || hex(payload.subarray(16, 20)) === hex(source)
  );
  assertEquals(asks, null);
});
define("icmp: a host redirects nobody from itself (RFC 1122, 3.2.2.2)", async (station) => {
  station.echo4(1);
  assert(await station.answers4(1));
  const ours = ip({ protocol: 17, source: HOST, destination: station.ip }, udpDatagram({ destination: 9 }, text("x")));
  station.put4({ protocol: 1 }, icmpMessage(5, 1, [10, 1, 0, 127], ours));
  station.echo4(2);
  assert(await station.answers4(2));
});
define("ethernet: a connection of a stranger: it is asked for, then gets its SYN,ACK", async (station) => {
  station.answers = false;
  const peer = new TcpPeer(station.wire(4), 7);
  peer.put({ flags: "S" });
  const asked = await station.take((frame) => station.asksArp(frame) || frame.type === IPV4);
  assertEquals(asked?.type, ARP);
  station.arp({ operation: 2, targetMac: station.lan.mac, to: station.lan.mac });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.reset();
});
define("ethernet: a connection follows its peer to another hardware address", async (station) => {
  const peer = new TcpPeer(station.wire(4), 7);
  await peer.open();
  await station.take(() => false, 1200);
  station.mac = [2, 0, 0, 0, 2, station.number];
  station.arp({ target: station.ip });
  peer.put({ flags: "PA", data: "moved" });
  const got = await station.take((frame) => frame.type === IPV4 && frame.payload[9] === 6);
  assertEquals(got?.to, hex(station.mac));
  peer.reset();
});
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
