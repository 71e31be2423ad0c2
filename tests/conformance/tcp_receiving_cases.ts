// What a host makes of the segments of a connection: order, windows, acknowledgements, urgent data (RFC 9293, 3.4 and 3.10.7.4).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { filled, text } from "./packets.ts";
import { established, TcpPeer } from "./tcp_peer.ts";

export const TCP_RECEIVING_CASES: Case[] = [];
const define = into(TCP_RECEIVING_CASES);

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
define("tcp: data with an acknowledgement that is far too old is dropped (RFC 5961, 5)", async (wire) => {
  const peer = new TcpPeer(wire, 9);
  await peer.open();
  peer.put({ seq: 1, ack: -10_000_000, data: "x" });
  const got = await peer.take();
  assert(!got || got.ack === 1, String(got?.ack));
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
