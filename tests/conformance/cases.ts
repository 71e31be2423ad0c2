// Cases that a host must pass, written from the RFCs, for echo on TCP and UDP 7, discard on TCP 9, chargen on TCP 19 and a
// closed port 4444. Each is asked of our stack and, as the oracle, of the Linux kernel.

import { assert, assertEquals } from "@std/assert";
import { datagram, filled, icmpMessage, ip, next, QUIET, TcpPeer, text, THEM, udpDatagram, US } from "./peer.ts";
import type { Wire } from "./wire.ts";

export interface Case {
  readonly name: string;
  run(wire: Wire): Promise<void>;
}

export const CASES: Case[] = [];

function define(name: string, run: (wire: Wire) => Promise<void>): void {
  CASES.push({ name, run });
}

const echo = (data: Uint8Array, id = 1, seq = 1): Uint8Array => icmpMessage(8, 0, [0, id, 0, seq], data);

async function answersEcho(wire: Wire, id: number): Promise<boolean> {
  const got = await next(wire, (p) => p.protocol === 1 && p.payload[0] === 0 && p.payload[5] === id, QUIET);
  return got !== null;
}

// ---- IPv4 (RFC 791, RFC 1122 3.2) --------------------------------------------------------------------------------------

define("icmp: echo is answered with the same id, sequence and data", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(filled(100), 9, 3)));
  const got = await next(wire, (p) => p.protocol === 1);
  assertEquals(got!.payload.slice(8), filled(100));
  assertEquals([...got!.payload.slice(4, 8)], [0, 9, 0, 3]);
  assertEquals([got!.source, got!.destination], ["10.0.0.2", "10.0.0.1"]);
});
define("ip: wrong header checksum is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, badChecksum: true }, echo(text("x"), 10)));
  assert(!await answersEcho(wire, 10));
});
define("ip: another version is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, version: 5 }, echo(text("x"), 11)));
  assert(!await answersEcho(wire, 11));
});
define("ip: a header length below five words is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, headerWords: 4 }, echo(text("x"), 12)));
  assert(!await answersEcho(wire, 12));
});
define("ip: a total length beyond the packet is dropped", async (wire) => {
  wire.put(ip({ protocol: 1, length: 500 }, echo(text("x"), 13)));
  assert(!await answersEcho(wire, 13));
});
define("ip: bytes behind the total length are ignored", async (wire) => {
  wire.put(ip({ protocol: 1 }, echo(text("abc"), 14), 20));
  const got = await next(wire, (p) => p.protocol === 1);
  assertEquals(got!.payload.slice(8), text("abc"));
});
define("ip: TTL 1 reaches its destination", async (wire) => {
  wire.put(ip({ protocol: 1, ttl: 1 }, echo(text("x"), 15)));
  assert(await answersEcho(wire, 15));
});
define("ip: a packet for another host is not answered", async (wire) => {
  wire.put(ip({ protocol: 1, destination: [10, 0, 0, 77] }, echo(text("x"), 16)));
  assert(!await answersEcho(wire, 16));
});
define("ip: sources that are no host are not answered", async (wire) => {
  for (
    const source of [[255, 255, 255, 255], [224, 0, 0, 1], [127, 0, 0, 1], [10, 0, 0, 2], [0, 0, 0, 0], [240, 0, 0, 1]]
  ) {
    wire.put(ip({ protocol: 1, source }, echo(text("x"), 17)));
  }
  assertEquals(await next(wire, (p) => p.protocol === 1, QUIET), null);
});
define("ip: no-operation, record route and unknown options are accepted", async (wire) => {
  const lists = [[1, 1, 1, 1], [7, 7, 4, 0, 0, 0, 0, 1], [0x9e, 4, 0, 0], [68, 8, 5, 0, 0, 0, 0, 0], [0, 0, 0, 0]];
  for (const [i, options] of lists.entries()) {
    wire.put(ip({ protocol: 1, options }, echo(text("x"), 18 + i)));
    assert(await answersEcho(wire, 18 + i), String(options));
  }
});
define("icmp: an unknown protocol is unreachable, code 2, with the header and 8 bytes quoted", async (wire) => {
  const sent = ip({ protocol: 200 }, filled(40));
  wire.put(sent);
  const got = await next(wire, (p) => p.protocol === 1);
  assertEquals([got!.payload[0], got!.payload[1]], [3, 2]);
  assertEquals(got!.payload.slice(8, 36), sent.slice(0, 28));
});
define("icmp: wrong checksum is dropped", async (wire) => {
  const message = echo(text("x"), 30);
  message[2]! ^= 1;
  wire.put(ip({ protocol: 1 }, message));
  assert(!await answersEcho(wire, 30));
});
define("icmp: echo to a broadcast address is not answered", async (wire) => {
  for (const destination of [[10, 0, 0, 255], [255, 255, 255, 255], [224, 0, 0, 1]]) {
    wire.put(ip({ protocol: 1, destination }, echo(text("x"), 31)));
  }
  assert(!await answersEcho(wire, 31));
});
define("icmp: unknown types and errors are not answered", async (wire) => {
  for (const type of [3, 4, 5, 11, 12, 1, 2, 40, 255]) {
    wire.put(
      ip(
        { protocol: 1 },
        icmpMessage(type, 0, [0, 0, 0, 0], ip({ protocol: 17, source: THEM, destination: US }, filled(8))),
      ),
    );
  }
  assertEquals(await next(wire, (p) => p.protocol === 1, QUIET), null);
});

// ---- Fragments (RFC 791, RFC 815, RFC 1122 3.3.2) ----------------------------------------------------------------------

function fragments(id: number, payload: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    const more = at + size < payload.length ? 0x2000 : 0;
    const bytes = ip({ protocol: 17, id, fragment: more | at / 8 }, payload.subarray(at, at + size));
    at += size;
    return bytes;
  });
}

async function udpEcho(wire: Wire): Promise<Uint8Array | null> {
  const got = await datagram(wire, 17, QUIET);
  return got && got.slice(8);
}

define("fragments in order, backwards and twice are put together", async (wire) => {
  const data = filled(2992);
  for (const [i, order] of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 0, 1, 1, 2]].entries()) {
    const parts = fragments(100 + i, udpDatagram({ destination: 7 }, data), [1000, 1000, 1000]);
    for (const index of order) wire.put(parts[index]!);
    assertEquals(await udpEcho(wire), data, String(order));
  }
});
define("fragments of different datagrams are kept apart", async (wire) => {
  const a = fragments(200, udpDatagram({ destination: 7 }, filled(1000)), [504, 504]);
  const b = fragments(201, udpDatagram({ destination: 7 }, filled(1000).reverse()), [504, 504]);
  wire.put(a[0]!);
  wire.put(b[0]!);
  wire.put(b[1]!);
  assertEquals(await udpEcho(wire), filled(1000).reverse());
  wire.put(a[1]!);
  assertEquals(await udpEcho(wire), filled(1000));
});
define("fragments that overlap with other bytes drop the datagram", async (wire) => {
  const whole = udpDatagram({ destination: 7 }, filled(2992));
  wire.put(ip({ protocol: 17, id: 300, fragment: 0x2000 }, whole.subarray(0, 1000)));
  wire.put(ip({ protocol: 17, id: 300, fragment: 0x2000 | 992 / 8 }, whole.subarray(992, 2000)));
  wire.put(ip({ protocol: 17, id: 300, fragment: 2000 / 8 }, whole.subarray(2000)));
  assertEquals(await udpEcho(wire), null);
});
define("a fragment that ends beyond 65,535 bytes is dropped", async (wire) => {
  wire.put(ip({ protocol: 17, id: 301, fragment: 0x1fff }, filled(1000)));
  wire.put(ip({ protocol: 1 }, echo(text("x"), 32)));
  assert(await answersEcho(wire, 32));
});
define("a datagram of 8,000 bytes is echoed in fragments", async (wire) => {
  const data = filled(8000);
  const sizes = [1480, 1480, 1480, 1480, 1480, 608];
  for (const part of fragments(302, udpDatagram({ destination: 7 }, data), sizes)) wire.put(part);
  assertEquals(await udpEcho(wire), data);
});
define("a datagram that is not complete in time: time exceeded, code 1, when its first fragment came", async (wire) => {
  const [first] = fragments(303, udpDatagram({ destination: 7 }, filled(2992)), [1000, 1000, 1000]);
  wire.put(first!);
  const got = await next(wire, (p) => p.protocol === 1, 65_000);
  assertEquals([got!.payload[0], got!.payload[1]], [11, 1]);
  assertEquals(got!.payload.slice(8, 36), first!.slice(0, 28));
});

// ---- UDP (RFC 768, RFC 1122 4.1) ---------------------------------------------------------------------------------------

define("udp: a datagram is echoed, an empty one too", async (wire) => {
  for (const data of [text("hello"), new Uint8Array(0), filled(1)]) {
    wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, data)));
    assertEquals(await udpEcho(wire), data);
  }
});
define("udp: checksum 0 means none; a wrong one is dropped", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, checksum: 0 }, text("none"))));
  assertEquals(await udpEcho(wire), text("none"));
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, checksum: 0x1234 }, text("wrong"))));
  assertEquals(await udpEcho(wire), null);
});
define("udp: its answer bears a checksum", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7 }, text("sum"))));
  const got = await next(wire, (p) => p.protocol === 17);
  assert(got!.payload[6]! | got!.payload[7]!);
});
define("udp: a length below 8 or beyond the datagram is dropped; bytes behind it are ignored", async (wire) => {
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 7, checksum: 0 }, text("short"))));
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 100, checksum: 0 }, text("long"))));
  assertEquals(await udpEcho(wire), null);
  wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 7, length: 10, checksum: 0 }, text("abcdef"))));
  assertEquals(await udpEcho(wire), text("ab"));
});
define("udp: a closed port is unreachable, code 3, the datagram quoted", async (wire) => {
  const sent = ip({ protocol: 17 }, udpDatagram({ destination: 4444 }, text("anyone?")));
  wire.put(sent);
  const got = await next(wire, (p) => p.protocol === 1);
  assertEquals([got!.payload[0], got!.payload[1]], [3, 3]);
  assertEquals(got!.payload.slice(8, 8 + sent.length), sent);
});
define("udp: a broadcast to a closed port is not answered", async (wire) => {
  const data = udpDatagram({ destination: 4444, checksum: 0 }, text("all"));
  wire.put(ip({ protocol: 17, destination: [255, 255, 255, 255] }, data));
  wire.put(ip({ protocol: 17, destination: [10, 0, 0, 255] }, data));
  assertEquals(await next(wire, (p) => p.protocol === 1, QUIET), null);
});
define("icmp: errors are limited in rate", async (wire) => {
  for (let i = 0; i < 300; i++) wire.put(ip({ protocol: 17 }, udpDatagram({ destination: 4444 }, text("x"))));
  let errors = 0;
  while (await next(wire, (p) => p.protocol === 1, QUIET)) errors++;
  assert(errors > 0 && errors < 300, String(errors));
});

// ---- TCP: opening (RFC 9293 3.5, 3.10.7.1 to 3.10.7.4) ----------------------------------------------------------------

define("tcp: a SYN to a closed port is refused with RST,ACK", async (wire) => {
  const peer = new TcpPeer(wire, 4444);
  peer.put({ flags: "S" });
  const got = await peer.expect({ flags: "RA", ack: 1 });
  assertEquals(got.rawSeq, 0);
});
define("tcp: an ACK to a closed port is refused with its number", async (wire) => {
  const peer = new TcpPeer(wire, 4444);
  peer.iss = 5_000_000;
  peer.put({ flags: "A", seq: 5, ack: 0 });
  const got = await peer.expect({ flags: "R" });
  assertEquals(got.rawSeq, 5_000_000);
});
define("tcp: RST to a closed or a listening port is not answered", async (wire) => {
  for (const port of [4444, 7]) {
    const peer = new TcpPeer(wire, port);
    peer.put({ flags: "R" });
    peer.put({ flags: "RA" });
    await peer.silence();
  }
});
define("tcp: an ACK or SYN,ACK to a listening port is refused", async (wire) => {
  for (const flags of ["A", "SA", "FA"]) {
    const peer = new TcpPeer(wire, 7);
    peer.iss = 77_000;
    peer.put({ flags, ack: 0 });
    const got = await peer.expect({ flags: "R" });
    assertEquals(got.rawSeq, 77_000);
  }
});
define("tcp: segments without SYN, ACK or RST to a listening port are dropped", async (wire) => {
  for (const flags of ["", "F", "P", "U", "FPU"]) {
    const peer = new TcpPeer(wire, 7);
    peer.put({ flags });
    await peer.silence();
  }
});
define("tcp: wrong checksum and wrong data offset are dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", badChecksum: true });
  peer.put({ flags: "S", seq: 0, headerWords: 4 });
  peer.put({ flags: "S", seq: 0, headerWords: 15 });
  await peer.silence();
});
define("tcp: a SYN to a broadcast or group address is dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  for (const destination of [[255, 255, 255, 255], [10, 0, 0, 255], [224, 0, 0, 1]]) {
    peer.put({ flags: "S", seq: 0, destination });
  }
  await peer.silence();
});
define("tcp: a SYN from a broadcast or group address is dropped", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  for (const source of [[255, 255, 255, 255], [224, 0, 0, 1]]) peer.put({ flags: "S", seq: 0, source });
  await peer.silence();
});
define("tcp: SYN,ACK bears MSS, and nothing that was not offered", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  const got = await peer.expect({ flags: "SA", ack: 1 });
  assertEquals(got.options.slice(0, 4), [2, 4, 0x05, 0xb4]);
  assertEquals(got.options.length, 4);
  peer.reset();
});
define("tcp: window scale and timestamps are taken up where offered", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0] });
  const got = await peer.expect({ flags: "SA" });
  assert(got.options.includes(8) && got.options.includes(3), String(got.options));
  const at = got.options.indexOf(8);
  assertEquals(got.options.slice(at + 6, at + 10), [0, 0, 0, 9]);
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: the SYN again brings the same SYN,ACK", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", seq: 0 });
  const first = await peer.expect({ flags: "SA" });
  peer.put({ flags: "S", seq: 0 });
  const again = await peer.expect({ flags: "SA" });
  assertEquals(again.rawSeq, first.rawSeq);
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: the SYN with data again brings the SYN,ACK again", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  for (let i = 0; i < 2; i++) {
    peer.put({ flags: "S", seq: 0, data: "early" });
    await peer.expect({ flags: "SA", seq: 0, ack: 1 });
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: another SYN in the window of a half-open connection ends it", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", seq: 0 });
  await peer.expect({ flags: "SA" });
  peer.put({ flags: "S", seq: 100 });
  await peer.expect({ flags: "RA", ack: 101 });
  peer.put({ seq: 1, ack: 1 });
  await peer.expect({ flags: "R", seq: 1 });
});
define("tcp: RST in the window of a half-open connection is challenged, at its edge it ends it", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S", seq: 0 });
  await peer.expect({ flags: "SA" });
  peer.put({ flags: "R", seq: 100 });
  await peer.expect({ flags: "A", seq: 1, ack: 1 });
  peer.put({ flags: "R", seq: 1 });
  peer.put({ seq: 1, ack: 1 });
  await peer.expect({ flags: "R", seq: 1 });
});
define("tcp: SYN,ACK is sent again after about a second", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  const first = await peer.expect({ flags: "SA" });
  const again = await peer.expect({ flags: "SA" }, 2000);
  assert(again.at - first.at > 800 && again.at - first.at < 1600, String(again.at - first.at));
  peer.reset();
});
define("tcp: a wrong acknowledgement of SYN,ACK is answered with a reset", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA" });
  peer.put({ flags: "A", ack: 1000 });
  await peer.expect({ flags: "R", seq: 1000 });
});
define("tcp: data on the last ACK of the handshake is taken", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA" });
  peer.acked = 1;
  peer.put({ flags: "PA", data: "first" });
  assertEquals(await peer.collect(5), text("first"));
  peer.reset();
});
define("tcp: malformed options do no harm", async (wire) => {
  for (
    const options of [[2, 0, 0, 0], [2, 1, 0, 0], [2, 9, 0, 0], [200, 255, 1, 1], [3], [8, 10, 1, 2], [0, 2, 4, 9], [
      1,
      1,
      1,
      2,
    ]]
  ) {
    const peer = new TcpPeer(wire, 7);
    peer.put({ flags: "S", options });
    await peer.expect({ flags: "SA" });
    peer.reset();
  }
});

// ---- TCP: data -------------------------------------------------------------------------------------------------------

async function established(wire: Wire, port: number, options?: readonly number[]): Promise<TcpPeer> {
  const peer = new TcpPeer(wire, port);
  await peer.open(options);
  return peer;
}

define("tcp: data is echoed and acknowledged", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "hello" });
  assertEquals(await peer.collect(5), text("hello"));
  peer.reset();
});
define("tcp: data out of order is kept and answered with a duplicate ACK", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ seq: 6, data: "world" });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ seq: 1, data: "hello" });
  await peer.expect({ ack: 11 });
  peer.reset();
});
define("tcp: duplicate data is acknowledged again", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ seq: 1, data: "abc" });
  await peer.expect({ ack: 4 });
  peer.put({ seq: 1, data: "abc" });
  await peer.expect({ ack: 4 });
  peer.next = 4;
  peer.reset();
});
define("tcp: two full segments are acknowledged at once, one within half a second", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ data: filled(1460) });
  peer.put({ data: filled(1460) });
  let got = await peer.expect({ flags: "A" });
  if (got.ack === 1461) got = await peer.expect({ flags: "A" });
  assertEquals(got.ack, 2921);
  peer.put({ data: "x" });
  await peer.expect({ ack: 2922 }, 500);
  peer.reset();
});
define("tcp: a segment beyond the window is answered with an ACK and dropped", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ seq: 50_000_000, data: "x" });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});
define("tcp: an ACK of data never sent is answered with an ACK", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ ack: 100_000, data: "x", seq: 1 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});
define("tcp: data whose ACK is older than the connection is answered and dropped", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ ack: 0, data: "x", seq: 1 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});
define("tcp: data without ACK is dropped", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ flags: "P", seq: 1, data: "x" });
  await peer.silence();
  peer.reset();
});
define("tcp: unknown options and reserved bits in data are ignored", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "abc", options: [253, 4, 1, 1], reserved: 14 });
  assertEquals(await peer.collect(3), text("abc"));
  peer.reset();
});
define("tcp: the peer's MSS is kept to, and is 536 where it does not say", async (wire) => {
  for (const [options, most] of [[[2, 4, 1, 0], 256], [[], 536]] as const) {
    const peer = await established(wire, 19, options);
    for (let i = 0; i < 5; i++) {
      const got = await peer.expect({});
      assert(got.data.length <= most, String(got.data.length));
    }
    peer.put({ flags: "R", seq: 1 });
  }
});
define("tcp: no more is in flight than the window", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.window = 1000;
  await peer.open();
  let total = 0;
  for (;;) {
    const got = await peer.take(150);
    if (!got) break;
    if (got.seq + got.data.length - 1 > total) total = got.seq + got.data.length - 1;
  }
  assert(total > 0 && total <= 1000, String(total));
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: data not acknowledged is sent again, ever more rarely", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "again" });
  const times: number[] = [];
  while (times.length < 4) {
    const got = await peer.take(5000);
    assert(got);
    if (got.data.length > 0) {
      assertEquals([got.seq, new TextDecoder().decode(got.data)], [1, "again"]);
      times.push(got.at);
    }
  }
  const [a, b, c] = [times[1]! - times[0]!, times[2]! - times[1]!, times[3]! - times[2]!];
  assert(b > a * 1.6 && c > b * 1.6, String([a, b, c]));
  peer.reset();
});
define("tcp: three duplicate ACKs bring the lost segment at once", async (wire) => {
  const peer = await established(wire, 19);
  let end = 1;
  for (;;) {
    const got = await peer.take(100);
    if (!got || got.seq < end) break;
    end = got.seq + got.data.length;
  }
  const start = wire.now();
  for (let i = 0; i < 3; i++) peer.put({ ack: 1 });
  for (;;) {
    const got = await peer.take(150);
    assert(got, "no fast retransmit");
    if (got.seq === 1) {
      assert(got.at - start < 150);
      break;
    }
  }
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: a zero window is probed", async (wire) => {
  const peer = await established(wire, 7);
  peer.window = 0;
  peer.put({ flags: "PA", data: "probe" });
  let probes = 0;
  while (probes < 3) {
    const got = await peer.take(5000);
    assert(got, "no probe");
    if (got.seq === 0 || got.data.length === 1) {
      probes++;
      peer.put({});
    } else assertEquals(got.data.length, 0);
  }
  peer.window = 1000;
  peer.put({});
  const got = await peer.take();
  assert(got && got.data.length > 0);
  peer.reset();
});
define("tcp: a window that opens brings the rest at once", async (wire) => {
  const peer = new TcpPeer(wire, 19);
  peer.window = 500;
  await peer.open();
  const got = await peer.collect(500, 1000);
  assertEquals(got.length, 500);
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: a FIN waits for a closed window, and is not lost", async (wire) => {
  const peer = await established(wire, 7);
  peer.window = 0;
  peer.put({ flags: "FA" });
  while (await peer.take(700));
  peer.window = 1000;
  peer.put({});
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "no FIN came");
    if (got.flags.includes("F")) break;
  }
  peer.put({ flags: "R", seq: 2 });
});
define("tcp: a scaled window's right edge never moves left", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, 1, 3, 3, 7] });
  const { options } = await peer.expect({ flags: "SA" });
  const shift = options[options.indexOf(3, 4) + 2]!;
  peer.acked = 1;
  peer.put({});
  let edge = 0;
  for (let i = 0; i < 30; i++) {
    peer.put({ data: filled(1 + (i * 37) % 1460) });
    const got = await peer.take();
    assert(got);
    const now = got.ack + (got.window << shift);
    assert(now >= edge, `${now} after ${edge}`);
    edge = now;
  }
  peer.reset();
});
define("tcp: four blocks are told, three beside timestamps", async (wire) => {
  for (const [options, most] of [[[], 4], [stamps(1000, 0), 3]] as const) {
    const peer = await established(wire, 9, [2, 4, 5, 0xb4, 1, 1, 4, 2, ...options]);
    for (let i = 1; i <= 5; i++) {
      peer.put({ seq: 1 + 10 * i, data: "x" });
      const got = await peer.expect({ flags: "A", ack: 1 });
      // Behind the timestamps, or before them.
      const at = got.options[2] === 8 ? 12 : 0;
      assertEquals(got.options.slice(at, at + 4), [1, 1, 5, 2 + 8 * Math.min(i, most)]);
    }
    peer.put({ flags: "R", seq: 1 });
  }
});
define("tcp: out-of-order data that comes again is told as a duplicate", async (wire) => {
  const peer = await established(wire, 9, [2, 4, 5, 0xb4, 1, 1, 4, 2]);
  const told = async (want: number[][]): Promise<void> => {
    const { options } = await peer.expect({ flags: "A", ack: 1 });
    const view = new DataView(Uint8Array.from(options).buffer);
    const blocks: number[][] = [];
    for (let at = 4; at < options.length; at += 8) {
      blocks.push([view.getInt32(at) - peer.irs | 0, view.getInt32(at + 4) - peer.irs | 0]);
    }
    assertEquals(blocks, want);
  };
  peer.put({ seq: 11, data: filled(10) });
  await told([[11, 21]]);
  peer.put({ seq: 11, data: filled(10) });
  await told([[11, 21], [11, 21]]);
  peer.put({ seq: 15, data: filled(10) });
  await told([[15, 21], [11, 25]]);
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: a keepalive probe is answered", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ seq: 0 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});
define("tcp: urgent data is read in line by echo", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ flags: "PAU", data: "urgent", urgent: 6 });
  await peer.expect({ ack: 7 });
  peer.reset();
});

// ---- TCP: reset and SYN in a synchronized state (RFC 5961) ---------------------------------------------------------------

define("tcp: RST at RCV.NXT resets", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: 1 });
  await peer.silence(100);
  peer.put({ data: "x" });
  await peer.expect({ flags: "R" });
});
define("tcp: RST elsewhere in the window is challenged and does not reset", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: 100 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: RST outside the window is dropped", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: -100 });
  peer.put({ flags: "R", seq: 100_000_000 });
  await peer.silence();
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: SYN in the window is challenged and does not reset", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "S", seq: 10 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: SYN,ACK in a synchronized state is challenged", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "SA", seq: 0, ack: 1 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});

// ---- TCP: timestamps ---------------------------------------------------------------------------------------------------

const stamps = (value: number, echoed: number): number[] => [
  ...[1, 1, 8, 10],
  ...[value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255],
  ...[echoed >>> 24, echoed >>> 16 & 255, echoed >>> 8 & 255, echoed & 255],
];

async function stamped(wire: Wire, port: number): Promise<[TcpPeer, number]> {
  const peer = new TcpPeer(wire, port);
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4, ...stamps(1000, 0)] });
  const got = await peer.expect({ flags: "SA" });
  const at = got.options.indexOf(8);
  const value = new DataView(Uint8Array.from(got.options).buffer).getUint32(at + 2);
  peer.acked = 1;
  peer.put({ options: stamps(1001, value) });
  return [peer, value];
}

define("tcp: timestamps are echoed in every segment", async (wire) => {
  const [peer, value] = await stamped(wire, 9);
  peer.put({ data: "abc", options: stamps(1002, value) });
  const got = await peer.expect({ ack: 4 });
  assertEquals(got.options.slice(0, 4), [1, 1, 8, 10]);
  assertEquals(got.options.slice(8, 12), [0, 0, 3, 0xea]);
  peer.put({ flags: "R", seq: 4 });
});
define("tcp: PAWS drops data with an old timestamp, and answers", async (wire) => {
  const [peer, value] = await stamped(wire, 9);
  peer.put({ data: "abc", options: stamps(2000, value) });
  await peer.expect({ ack: 4 });
  peer.put({ seq: 4, data: "old", options: stamps(1500, value) });
  await peer.expect({ flags: "A", ack: 4 });
  peer.put({ seq: 4, data: "new", options: stamps(2001, value) });
  await peer.expect({ ack: 7 });
  peer.put({ flags: "R", seq: 7 });
});

// ---- TCP: closing ------------------------------------------------------------------------------------------------------

define("tcp: FIN is acknowledged, and answered with FIN when the service closes too", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FA" });
  let got = await peer.expect({ ack: 2 });
  if (!got.flags.includes("F")) got = await peer.expect({ ack: 2 });
  assert(got.flags.includes("F"), got.flags);
  peer.acked = 2;
  peer.put({});
  await peer.silence(100);
  // The connection is gone.
  peer.put({ data: "x" });
  await peer.expect({ flags: "R" });
});
define("tcp: FIN with data: the data is echoed before the FIN", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FPA", data: "last" });
  let data = "";
  for (;;) {
    const got = await peer.take();
    assert(got, "no FIN came");
    assertEquals(got.ack, 6);
    data += new TextDecoder().decode(got.data);
    if (got.flags.includes("F")) break;
  }
  assertEquals(data, "last");
  peer.acked = 6;
  peer.put({});
});
define("tcp: FIN out of order waits for what is missing", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ flags: "FA", seq: 4, data: "def" });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ seq: 1, data: "abc" });
  for (;;) {
    const got = await peer.take();
    assert(got, "the FIN was not acknowledged");
    if (got.ack === 8) break;
  }
  peer.put({ flags: "R", seq: 8 });
});
define("tcp: our FIN not acknowledged is sent again", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FA" });
  let fins = 0;
  while (fins < 2) {
    const got = await peer.take(3000);
    assert(got, "the FIN was not sent again");
    if (got.flags.includes("F")) fins++;
  }
  peer.reset();
});
define("tcp: 100,000 bytes come back, however they were cut", async (wire) => {
  const peer = await established(wire, 7);
  const data = filled(100_000);
  const got = new Uint8Array(data.length);
  let sent = 0;
  let have = 0;
  let acked = 0;
  while (have < data.length) {
    while (sent < data.length && sent - acked < 20_000) {
      const size = 1 + (sent * 31) % 1460;
      const chunk = data.slice(sent, sent + size);
      peer.put({ data: chunk });
      sent += chunk.length;
    }
    const segment = await peer.take(2000);
    assert(segment, `${have} of ${data.length} came, ${acked} of ${sent} acknowledged`);
    acked = Math.max(acked, segment.ack - 1);
    if (segment.seq === have + 1 && segment.data.length > 0) {
      got.set(segment.data, have);
      have += segment.data.length;
      peer.acked = have + 1;
      peer.put({});
    }
  }
  assertEquals(got, data);
  peer.reset();
});

// ---- ICMP errors about TCP (RFC 5927, RFC 1191) ------------------------------------------------------------------------

function quoted(peer: TcpPeer, type: number, code: number, rest: readonly number[], seq: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, peer.to);
  view.setUint16(2, peer.port);
  view.setInt32(4, peer.iss + seq);
  return ip({ protocol: 1 }, icmpMessage(type, code, rest, ip({ protocol: 6, source: THEM, destination: US }, bytes)));
}

define("tcp: ICMP errors do not end an established connection", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "PA", data: "abc" });
  for (;;) {
    const got = await peer.take();
    assert(got);
    if (got.data.length > 0) break;
  }
  for (const [type, code] of [[3, 0], [3, 1], [3, 2], [3, 3], [3, 5], [4, 0], [11, 0], [12, 0]] as const) {
    wire.put(quoted(peer, type, code, [0, 0, 0, 0], 1));
  }
  peer.acked = 4;
  peer.put({ flags: "PA", data: "def" });
  assertEquals(await peer.collect(3), text("def"));
  peer.reset();
});
define("tcp: fragmentation needed makes segments smaller, and sends what was lost again", async (wire) => {
  const peer = await established(wire, 19);
  const first = await peer.expect({});
  assertEquals(first.data.length > 1000, true);
  wire.put(quoted(peer, 3, 4, [0, 0, 1000 >> 8, 1000 & 255], 1));
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "nothing was sent again");
    if (got.seq === 1) {
      assert(got.data.length <= 960, String(got.data.length));
      break;
    }
  }
  peer.put({ flags: "R", seq: 1 });
});
