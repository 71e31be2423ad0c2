// More cases for a host, beside those of `cases.ts`: what stands in the headers of answers, broadcasts, fragments and options
// under TCP, odd openings, selective acknowledgements, and the closing that begins at the host, with HTTP on TCP 80.

import { assert, assertEquals } from "@std/assert";
import type { Case } from "./cases.ts";
import {
  datagram,
  filled,
  icmpMessage,
  ip,
  type IpPacket,
  next,
  QUIET,
  TcpPeer,
  text,
  THEM,
  udpDatagram,
  US,
} from "./peer.ts";
import type { Wire } from "./wire.ts";

export const MORE_CASES: Case[] = [];

function define(name: string, run: (wire: Wire) => Promise<void>): void {
  MORE_CASES.push({ name, run });
}

const echo = (id: number, data: Uint8Array = text("x")): Uint8Array => icmpMessage(8, 0, [0, id, 0, 1], data);
const icmp = (wire: Wire, ms?: number): Promise<IpPacket | null> => next(wire, (p) => p.protocol === 1, ms);
const udp = (wire: Wire, ms?: number): Promise<IpPacket | null> => next(wire, (p) => p.protocol === 17, ms);

// ---- IPv4 and ICMP -----------------------------------------------------------------------------------------------------

define("icmp: the type of service of an echo is that of its answer", async (wire) => {
  for (const tos of [0, 0x10, 0x28, 0xb8]) {
    wire.put(ip({ protocol: 1, tos }, echo(1)));
    assertEquals((await icmp(wire))!.bytes[1], tos);
  }
});
define("icmp: answers have a TTL of 64 at least, and fit the header's own rules", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(1)));
  const got = (await icmp(wire))!;
  assert(got.ttl >= 64);
  assertEquals([got.bytes[0], got.view.getUint16(2), got.fragment & 0xbfff], [0x45, 29, 0]);
});
define("ip: packets that routers may fragment differ in their identification (RFC 6864)", async (wire) => {
  const seen = new Set<number>();
  for (let i = 0; i < 10; i++) {
    wire.put(ip({ protocol: 1 }, echo(i)));
    const got = (await icmp(wire))!;
    seen.add(got.fragment & 0x4000 ? 100_000 + i : got.id);
  }
  assertEquals(seen.size, 10);
});
define("ip: the reserved flag and don't fragment change nothing", async (wire) => {
  for (const fragment of [0x4000, 0x8000, 0xc000]) {
    wire.put(ip({ protocol: 1, fragment }, echo(1)));
    assert(await icmp(wire), String(fragment));
  }
});
define("ip: TTL 0 reaches its destination", async (wire) => {
  wire.put(ip({ protocol: 1, ttl: 0 }, echo(1)));
  assert(await icmp(wire));
});
define("icmp: echoes of every size are answered", async (wire) => {
  for (const size of [0, 1, 2, 3, 1471, 1472]) {
    wire.put(ip({ protocol: 1 }, echo(1, filled(size))));
    assertEquals((await icmp(wire))?.payload.slice(8), filled(size), String(size));
  }
});
define("icmp: an echo of 20,000 bytes in fragments is answered in fragments", async (wire) => {
  const whole = echo(1, filled(20_000));
  for (let at = 0; at < whole.length; at += 1480) {
    const fragment = at / 8 | (at + 1480 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 1, id: 77, fragment }, whole.subarray(at, at + 1480)));
  }
  assertEquals((await datagram(wire, 1))?.slice(8), filled(20_000));
});
define("icmp: a message below eight bytes is dropped", async (wire) => {
  for (const size of [0, 1, 4, 7]) wire.put(ip({ protocol: 1 }, echo(1).subarray(0, size)));
  assertEquals(await icmp(wire, QUIET), null);
});
define("icmp: a timestamp request is answered with its time of origin (RFC 792)", async (wire) => {
  wire.put(ip({ protocol: 1 }, icmpMessage(13, 0, [0, 5, 0, 6], Uint8Array.of(0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0))));
  const got = (await icmp(wire))!.payload;
  assertEquals([...got.slice(0, 2), ...got.slice(4, 12)], [14, 0, 0, 5, 0, 6, 0, 0, 1, 2]);
  assertEquals(got.length, 20);
});
define("icmp: a timestamp reply has twenty bytes and code 0, whatever the request has", async (wire) => {
  wire.put(ip({ protocol: 1 }, icmpMessage(13, 9, [0, 5, 0, 7], filled(30))));
  const got = (await icmp(wire))!.payload;
  assertEquals([...got.slice(0, 2), ...got.slice(4, 12)], [14, 0, 0, 5, 0, 7, ...filled(4)]);
  assertEquals(got.length, 20);
});
define("icmp: the options of an echo that record its way come back with us in them", async (wire) => {
  const lists = [
    [[7, 7, 4, 0, 0, 0, 0, 1], [7, 7, 8, ...THEM]],
    [[7, 3, 4, 1], [7, 3, 4]],
    [[68, 4, 5, 0x20], [68, 4, 5, 0x30]],
    // Another host is named; a flag that means nothing.
    [[68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0], [68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0]],
    [[68, 8, 5, 2, 0, 0, 0, 0], [68, 8, 5, 2, 0, 0, 0, 0]],
  ] as const;
  for (const [options, back] of lists) {
    wire.put(ip({ protocol: 1, options }, echo(21)));
    const got = await icmp(wire);
    assertEquals(got && [...got.bytes.slice(20, 20 + back.length)], [...back], String(options));
  }
});
define("icmp: information and address mask requests, and answers nobody waits for, are not answered", async (wire) => {
  for (const type of [0, 14, 15, 16, 17, 18, 30, 37]) {
    wire.put(ip({ protocol: 1 }, icmpMessage(type, 0, [0, 1, 0, 1], filled(12))));
  }
  assertEquals(await icmp(wire, QUIET), null);
});
define("icmp: no error about fragments that are not the first, nor about broadcasts", async (wire) => {
  wire.put(ip({ protocol: 200, id: 9, fragment: 100 }, filled(40)));
  for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
    wire.put(ip({ protocol: 200, destination }, filled(40)));
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 4444, checksum: 0 }, text("x"))));
  }
  assertEquals(await icmp(wire, QUIET), null);
});
define("ip: malformed options are told of, pointing to them", async (wire) => {
  const lists = [
    [[7, 2, 4, 0], 21],
    [[1, 7, 3, 3], 23],
    [[7, 6, 4, 0, 0, 0, 0, 0], 22],
    [[68, 3, 5, 0], 21],
    [[68, 4, 4, 0], 22],
    [[68, 8, 5, 1, 0, 0, 0, 0], 22],
    [[130, 1, 0, 0], 20],
    [[1, 1, 1, 130], 23],
    [[130, 9, 0, 0], 20],
    // The count of hosts that found no room overflows (RFC 791, 3.1).
    [[68, 8, 9, 0xf0, 0, 0, 0, 0], 23],
    // At most once in a datagram.
    [[7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0], 27],
    [[68, 8, 5, 0, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0], 28],
    // A source route is read before it is refused.
    [[131, 2, 0, 0], 21],
    [[137, 7, 3, 10, 0, 0, 9], 22],
    [[148, 3, 0, 0], 21],
  ] as const;
  for (const [options, pointer] of lists) {
    wire.put(ip({ protocol: 17, options }, udpDatagram({ destination: 7 }, text("x"))));
    const got = await icmp(wire);
    assertEquals(got && [...got.payload.slice(0, 2), got.payload[4]], [12, 0, pointer], String(options));
    // Linux limits the errors for one host to one in a second.
    await next(wire, () => false, 1100);
  }
});
define("ip: source routes are refused", async (wire) => {
  for (const type of [131, 137]) {
    wire.put(ip({ protocol: 17, options: [type, 7, 4, 10, 0, 0, 9] }, udpDatagram({ destination: 7 }, text("x"))));
  }
  assertEquals(await udp(wire, QUIET), null);
});

// ---- UDP ---------------------------------------------------------------------------------------------------------------

define(
  "udp: broadcasts and the group of all hosts for an open port are answered from our own address",
  async (wire) => {
    for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
      wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 7, them: destination }, text("all"))));
      const got = await udp(wire);
      assertEquals([got?.source, got?.destination], ["10.0.0.2", "10.0.0.1"], String(destination));
    }
  },
);
define("udp: a group that nobody joined is not answered", async (wire) => {
  const destination = [239, 1, 2, 3];
  for (const port of [7, 4444]) {
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: port, them: destination }, text("all"))));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("udp: source port 0 is read, and not answered; port 0 is closed", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ source: 0, destination: 7 }, text("x"))));
  assertEquals(await udp(wire, QUIET), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 0 }, text("x"))));
  assertEquals(await udp(wire, QUIET), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("alive"))));
  assertEquals((await udp(wire))?.payload.slice(8), text("alive"));
});
define("udp: a datagram below eight bytes is dropped", async (wire) => {
  for (const size of [0, 1, 7]) {
    wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("")).subarray(0, size)));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("udp: options of IP before it change nothing", async (wire) => {
  wire.put(ip({ protocol: 17, options: [148, 4, 0, 0] }, udpDatagram({ destination: 7 }, text("alert"))));
  assertEquals((await udp(wire))?.payload.slice(8), text("alert"));
});
define("udp: fragments of eight bytes are put together", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(100));
  for (let at = whole.length - whole.length % 8; at >= 0; at -= 8) {
    const fragment = at / 8 | (at + 8 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 17, id: 78, fragment }, whole.subarray(at, at + 8)));
  }
  assertEquals((await udp(wire))?.payload.slice(8), filled(100));
});

// ---- TCP: packets that carry it ----------------------------------------------------------------------------------------

/** A peer whose packets are changed on their way. */
function changed(wire: Wire, port: number, change: (segment: Uint8Array) => Uint8Array[]): TcpPeer {
  return new TcpPeer({ ...wire, put: (bytes) => change(bytes.slice(20)).forEach((packet) => wire.put(packet)) }, port);
}

define("tcp: segments in fragments of IP are read, however they come", async (wire) => {
  let id = 500;
  const peer = changed(wire, 7, (segment) => {
    id++;
    const first = ip({ protocol: 6, id, fragment: 0x2000 }, segment.subarray(0, 8));
    const second = ip({ protocol: 6, id, fragment: 1 }, segment.subarray(8));
    return id & 1 ? [second, first] : [first, second];
  });
  await peer.open();
  peer.put({ flags: "PA", data: "in pieces" });
  assertEquals(await peer.collect(9), text("in pieces"));
  peer.reset();
});
define("tcp: options of IP before it change nothing", async (wire) => {
  for (const options of [[1, 1, 1, 1], [7, 7, 4, 0, 0, 0, 0, 0], [148, 4, 0, 0], [0x9e, 4, 0, 0]]) {
    const peer = changed(wire, 7, (segment) => [ip({ protocol: 6, options }, segment)]);
    await peer.open();
    peer.put({ flags: "PA", data: "hello" });
    assertEquals(await peer.collect(5), text("hello"), String(options));
    peer.reset();
  }
});
define("tcp: a source route is refused", async (wire) => {
  const peer = changed(wire, 7, (segment) => [ip({ protocol: 6, options: [131, 7, 4, 10, 0, 0, 9] }, segment)]);
  peer.put({ flags: "S" });
  await peer.silence();
});
define("tcp: padding behind the packet is no data", async (wire) => {
  const peer = changed(wire, 7, (segment) => [ip({ protocol: 6 }, segment, 10)]);
  await peer.open();
  peer.put({ flags: "PA", data: "hi" });
  assertEquals(await peer.collect(2), text("hi"));
  await peer.silence(100);
  peer.reset();
});
define("tcp: segments must not be fragmented on their way", async (wire) => {
  wire.put(ip({ protocol: 6 }, new Uint8Array(0)));
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  const got = await next(wire, (p) => p.protocol === 6);
  assertEquals([got!.fragment, got!.ttl], [0x4000, 64]);
  peer.reset();
});
define("tcp: segments shorter than a header are dropped", async (wire) => {
  for (const size of [0, 1, 8, 19]) {
    const peer = changed(wire, 7, (segment) => [ip({ protocol: 6 }, segment.subarray(0, size))]);
    peer.put({ flags: "S" });
    await peer.silence(60);
  }
});

// ---- TCP: openings -----------------------------------------------------------------------------------------------------

define("tcp: SYN with FIN, or with RST, opens nothing", async (wire) => {
  for (const flags of ["SF", "SR", "SFR", "SFPU", "SRA"]) {
    const peer = new TcpPeer(wire, 7);
    peer.put({ flags, ack: 0 });
    await peer.silence();
  }
});
define("tcp: a SYN that sets up ECN is taken, with ECE or without", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "SEC", options: [2, 4, 5, 0xb4] });
  const got = await peer.expect({ ack: 1 });
  assert(got.flags === "SA" || got.flags === "SAE", got.flags);
  peer.acked = 1;
  peer.put({ flags: "PA", data: "ecn" });
  assertEquals(await peer.collect(3), text("ecn"));
  peer.reset();
});
define("tcp: a SYN with PSH and URG is a SYN", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "SPU" });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.reset();
});
define("tcp: data with a SYN is kept or comes again, and is echoed once", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", data: "early" });
  const got = await peer.expect({ flags: "SA" });
  assert(got.ack === 1 || got.ack === 6, String(got.ack));
  peer.acked = 1;
  peer.put({ flags: "PA", seq: got.ack, data: "early".slice(got.ack - 1) });
  assertEquals(await peer.collect(5), text("early"));
  await peer.silence(100);
  peer.reset();
});
define("tcp: an MSS of 0, 1 or 65,535 is lived with", async (wire) => {
  for (const [mss, most] of [[0, 536], [1, 88], [65_535, 1460]] as const) {
    const peer = new TcpPeer(wire, 19);
    await peer.open([2, 4, mss >> 8, mss & 255]);
    for (let i = 0; i < 5; i++) {
      const got = await peer.expect({});
      assert(got.data.length > 0 && got.data.length <= most, `${mss}: ${got.data.length}`);
    }
    peer.put({ flags: "R", seq: 1 });
    while (await peer.take(20));
  }
});
define("tcp: a window scale of 15 counts as 14 (RFC 7323, 2.3)", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.window = 1;
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, 3, 3, 15, 1] });
  const got = await peer.expect({ flags: "SA" });
  assert(got.options.includes(3));
  peer.acked = 1;
  peer.put({});
  await peer.collect(60_000);
  let end = peer.acked;
  for (;;) {
    const more = await peer.take(100);
    if (!more) break;
    end = Math.max(end, more.seq + more.data.length);
  }
  assert(end - peer.acked <= 16_384 && end - peer.acked > 14_000, String(end - peer.acked));
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: the window in a SYN is not scaled", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.put({ flags: "S", window: 1000, options: [2, 4, 5, 0xb4, 3, 3, 7, 1] });
  await peer.expect({ flags: "SA" });
  peer.acked = 1;
  peer.put({ window: 10 });
  let end = 1;
  for (;;) {
    const more = await peer.take(100);
    if (!more) break;
    end = Math.max(end, more.seq + more.data.length);
  }
  assert(end - 1 <= 1280 && end > 1, String(end));
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: forty bytes of options are read", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  const nops = new Array<number>(36).fill(1);
  peer.put({ flags: "S", options: [...nops, 2, 4, 1, 0] });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.acked = 1;
  peer.put({ options: nops });
  peer.put({ flags: "PA", data: "long", options: [...nops, 0] });
  assertEquals(await peer.collect(4), text("long"));
  peer.reset();
});
define("tcp: a connection to an open port whose ACK never came is opened by data", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA" });
  peer.acked = 1;
  peer.put({ flags: "FPA", data: "bye" });
  const got = await peer.collect(3);
  assertEquals(got, text("bye"));
});
define("tcp: two connections from one host are kept apart", async (wire) => {
  const one = new TcpPeer(wire, 7);
  const two = new TcpPeer(wire, 7);
  await one.open();
  await two.open();
  one.put({ flags: "PA", data: "one" });
  assertEquals(await one.collect(3), text("one"));
  two.put({ flags: "PA", data: "two" });
  assertEquals(await two.collect(3), text("two"));
  one.reset();
  two.reset();
});

// ---- TCP: selective acknowledgements (RFC 2018) ------------------------------------------------------------------------

const number = (options: readonly number[], at: number): number =>
  new DataView(Uint8Array.from(options).buffer).getInt32(at);

/** The blocks of a SACK option, from the initial number of the peer on. */
function blocks(options: readonly number[], peer: TcpPeer): number[] {
  for (let at = 0; at < options.length;) {
    const kind = options[at]!;
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const end = at + options[at + 1]!;
    const found: number[] = [];
    if (kind === 5) {
      for (let edge = at + 2; edge < end; edge += 4) found.push(number(options, edge) - peer.irs | 0);
      return found;
    }
    at = end;
  }
  return [];
}

async function selective(wire: Wire, port: number): Promise<TcpPeer> {
  const peer = new TcpPeer(wire, port);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, 4, 2, 1, 1] });
  const got = await peer.expect({ flags: "SA" });
  assert(got.options.join().includes("4,2"), String(got.options));
  peer.acked = 1;
  peer.put({});
  return peer;
}

define("tcp: what came out of order is told of in SACK blocks, the latest first", async (wire) => {
  const peer = await selective(wire, 9);
  peer.put({ seq: 11, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 1 })).options, peer), [11, 21]);
  peer.put({ seq: 31, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 1 })).options, peer), [31, 41, 11, 21]);
  peer.put({ seq: 51, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 1 })).options, peer), [51, 61, 31, 41, 11, 21]);
  peer.put({ seq: 21, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 1 })).options, peer), [11, 41, 51, 61]);
  peer.put({ seq: 1, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 41 })).options, peer), [51, 61]);
  peer.put({ seq: 41, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 61 })).options, peer), []);
  peer.put({ flags: "R", seq: 61 });
});
define("tcp: no SACK blocks for who did not ask for them", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ seq: 11, data: filled(10) });
  assertEquals((await peer.expect({ ack: 1 })).options, []);
  peer.reset();
});
define("tcp: what comes twice is told of (RFC 2883)", async (wire) => {
  const peer = await selective(wire, 9);
  peer.put({ seq: 1, data: filled(10) });
  await peer.expect({ ack: 11 });
  peer.put({ seq: 1, data: filled(10) });
  assertEquals(blocks((await peer.expect({ ack: 11 })).options, peer), [1, 11]);
  peer.put({ flags: "R", seq: 11 });
});
define("tcp: SACK blocks bring the hole alone", async (wire) => {
  const peer = await selective(wire, 19);
  let end = 1;
  for (;;) {
    const got = await peer.take(100);
    if (!got || got.seq < end) break;
    end = got.seq + got.data.length;
  }
  const edge = (value: number): number[] => [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];
  const size = 1460;
  for (let i = 2; i <= 5; i++) {
    const [left, right] = [peer.iss + 1 + size, peer.iss + 1 + size * i];
    peer.put({ ack: 1, options: [1, 1, 5, 10, ...edge(left), ...edge(right)] });
  }
  const again: number[] = [];
  for (;;) {
    const got = await peer.take(100);
    if (!got) break;
    if (got.seq < end) again.push(got.seq);
  }
  assertEquals(again[0], 1);
  assert(again.every((seq) => seq === 1 || seq >= 1 + size * 5), String(again));
  peer.put({ flags: "R", seq: 1 });
});

// ---- TCP: the host closes first ----------------------------------------------------------------------------------------

/** Asks for a page after which the host closes; gives the peer, everything taken, and nothing of the FIN acknowledged. */
async function fetched(wire: Wire): Promise<{ peer: TcpPeer; body: string; end: number }> {
  const peer = new TcpPeer(wire, 80);
  await peer.open();
  peer.put({ flags: "PA", data: "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" });
  let body = "";
  for (;;) {
    const got = await peer.take(2000);
    assert(got, "the host did not close");
    body += new TextDecoder().decode(got.data);
    peer.acked = Math.max(peer.acked, got.seq + got.data.length);
    if (got.flags.includes("F")) return { peer, body, end: peer.acked + 1 };
    if (got.data.length > 0) peer.put({});
  }
}

define("http: what is asked for with connection: close is answered, then closed", async (wire) => {
  const { peer, body, end } = await fetched(wire);
  assert(body.startsWith("HTTP/1.1 200"), body);
  peer.acked = end;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", seq: end, ack: peer.next });
});
define("tcp: TIME-WAIT acknowledges a FIN that comes again", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  const fin = peer.next;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", ack: fin + 1 });
  for (let i = 0; i < 2; i++) {
    // Linux answers what is out of its window no more than every half second.
    await peer.silence(600);
    peer.put({ flags: "FA", seq: fin });
    await peer.expect({ flags: "A", seq: end, ack: fin + 1 });
  }
});
define("tcp: TIME-WAIT gives way to a new SYN with a later number (RFC 1122, 4.2.2.13)", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A" });
  peer.irs += 100_000;
  peer.next = 0;
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4] });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: FIN-WAIT-2 takes data, and the FIN behind it", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({});
  await peer.silence(100);
  const fin = peer.next;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", seq: end, ack: fin + 1 });
});
define("tcp: both close at once", async (wire) => {
  const { peer, end } = await fetched(wire);
  // The FIN is not acknowledged yet.
  const fin = peer.next;
  peer.put({ flags: "FA" });
  const got = await peer.expect({ ack: fin + 1 });
  assert(got.flags === "A" || got.flags === "FA", got.flags);
  peer.acked = end;
  peer.put({});
  await peer.silence(100);
  peer.put({ flags: "FA", seq: fin });
  await peer.expect({ flags: "A", ack: fin + 1 });
});
define("tcp: the host's FIN comes again until it is acknowledged", async (wire) => {
  const { peer, end } = await fetched(wire);
  for (let i = 0; i < 2; i++) {
    const got = await peer.expect({}, 3000);
    assert(got.flags.includes("F"), got.flags);
  }
  peer.acked = end;
  peer.put({});
  await peer.silence(1500);
  peer.put({ flags: "R", seq: peer.next });
});
define("tcp: RST ends FIN-WAIT", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({ flags: "R", seq: peer.next });
  await peer.silence(2000);
});

// ---- TCP: odds and ends --------------------------------------------------------------------------------------------------

define("tcp: segments that overlap are joined", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ seq: 4, data: "def" });
  peer.put({ seq: 3, data: "cde" });
  peer.put({ seq: 6, data: "fghi" });
  peer.put({ seq: 1, data: "abcd" });
  assertEquals(await peer.collect(9), text("abcdefghi"));
  peer.next = 10;
  peer.reset();
});
define("tcp: a segment that begins before the window is cut", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ flags: "PA", data: "abc" });
  assertEquals(await peer.collect(3), text("abc"));
  peer.put({ flags: "PA", seq: 1, data: "abcdef" });
  assertEquals(await peer.collect(3), text("def"));
  peer.next = 7;
  peer.reset();
});
define("tcp: numbers wrap", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.irs = -3;
  await peer.open();
  peer.put({ flags: "PA", data: "around zero" });
  assertEquals(await peer.collect(11), text("around zero"));
  peer.reset();
});
define("tcp: keepalives with a byte, and without, are answered", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ data: "x" });
  await peer.expect({ ack: 2 });
  peer.put({ seq: 1 });
  await peer.expect({ flags: "A", ack: 2 });
  await peer.silence(600);
  peer.put({ seq: 1, data: "x" });
  await peer.expect({ flags: "A", ack: 2 });
  peer.reset();
});
define("tcp: an acknowledgement that is old changes nothing", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ flags: "PA", data: "abc" });
  assertEquals(await peer.collect(3), text("abc"));
  peer.put({ ack: 1, window: 1 });
  peer.put({ flags: "PA", data: "def" });
  assertEquals(await peer.collect(3), text("def"));
  peer.reset();
});
define("tcp: an urgent pointer beyond the data, or of zero, does no harm", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ flags: "PAU", data: "abc", urgent: 60_000 });
  await peer.expect({ ack: 4 });
  peer.put({ flags: "PAU", data: "def", urgent: 0 });
  await peer.expect({ ack: 7 });
  peer.put({ flags: "PA", data: "ghi", urgent: 3 });
  await peer.expect({ ack: 10 });
  peer.reset();
});
define("tcp: a segment from another host does not belong to the connection", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  await peer.open();
  peer.put({ flags: "PA", data: "x", seq: 1, source: [10, 0, 0, 9] });
  const got = await next(wire, (p) => p.protocol === 6 && p.destination === "10.0.0.9");
  assertEquals(got!.payload[13]! & 4, 4);
  peer.put({ flags: "PA", data: "mine" });
  assertEquals(await peer.collect(4), text("mine"));
  peer.reset();
});
define("ip: destinations that are no host's are not answered", async (wire) => {
  for (const destination of [[0, 0, 0, 0], [127, 0, 0, 1], [240, 0, 0, 1], [10, 0, 0, 0], [127, 255, 255, 255]]) {
    wire.put(ip({ protocol: 1, destination }, echo(1)));
    wire.put(ip({ protocol: 17, destination }, udpDatagram({ destination: 7, them: destination }, text("x"))));
  }
  assertEquals(await next(wire, (p) => p.protocol !== 6, QUIET), null);
});
define("udp: the largest datagram is echoed", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(65_507));
  for (let at = 0; at < whole.length; at += 1480) {
    const fragment = at / 8 | (at + 1480 < whole.length ? 0x2000 : 0);
    wire.put(ip({ protocol: 17, id: 80, fragment }, whole.subarray(at, at + 1480)));
  }
  assertEquals((await datagram(wire, 17, 1000))?.slice(8), filled(65_507));
});

function tooBig(peer: TcpPeer, mtu: number, seq: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, peer.to);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + seq);
  const quoted = ip({ protocol: 6, source: THEM, destination: US }, bytes);
  return ip({ protocol: 1 }, icmpMessage(3, 4, [0, 0, mtu >> 8, mtu & 255], quoted));
}

define("tcp: fragmentation needed for what is not in flight changes nothing (RFC 5927)", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  await peer.open();
  assertEquals((await peer.expect({ seq: 1 })).data.length, 1460);
  for (const seq of [10_000_000, -10_000]) wire.put(tooBig(peer, 600, seq));
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    assert(got.data.length === 1460 || got.flags.includes("P"), String(got.data.length));
    if (got.seq === 1) break;
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: data with an acknowledgement that is far too old is dropped (RFC 5961, 5)", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ seq: 1, ack: -10_000_000, data: "x" });
  const got = await peer.take();
  assert(!got || got.ack === 1, String(got?.ack));
  peer.reset();
});
define("tcp: RST in SYN-RECEIVED ends the opening", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA" });
  peer.put({ flags: "R", seq: 1 });
  await peer.silence(2000);
  peer.put({ flags: "A", seq: 1, ack: 1 });
  await peer.expect({ flags: "R", seq: 1 });
});
