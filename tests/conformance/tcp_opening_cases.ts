// How TCP connections are opened, refused, and what a SYN may bear (RFC 9293, 3.5 and 3.10.7.1 to 3.10.7.4).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { text } from "./packets.ts";
import { TcpPeer } from "./tcp_peer.ts";

export const TCP_OPENING_CASES: Case[] = [];
const define = into(TCP_OPENING_CASES);

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
define("tcp: RST in SYN-RECEIVED ends the opening", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA" });
  peer.put({ flags: "R", seq: 1 });
  await peer.silence(2000);
  peer.put({ flags: "A", seq: 1, ack: 1 });
  await peer.expect({ flags: "R", seq: 1 });
});
