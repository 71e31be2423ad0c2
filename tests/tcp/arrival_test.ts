// What becomes of segments that arrive: checks, sequence numbers, resets, acknowledgements (3.4, 3.10.7.4). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { bytes, MSS, opened, TS } from "./opened.ts";
import { ScriptedPeer } from "./scripted_peer.ts";

test("a bad checksum, a short header and an offset beyond the end are dropped and counted (MUST-3)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "S", seq: 0, badChecksum: true });
  peer.expect();
  assertEquals(peer.net.counters().tcp!.badChecksum, 1);
});

test("options: unknown kinds are skipped, bad lengths end the reading without harm (MUST-5, 6, 7, 64, 68)", async () => {
  for (
    const options of [[253, 4, 1, 2, ...MSS], [1, ...MSS], [2, 0], [2, 255], [2], [8, 10], [0, 2, 4, 1, 1], [5, 1]]
  ) {
    const peer = new ScriptedPeer();
    peer.net.tcp.accept({ port: 80 }, () => null);
    await peer.send({ flags: "S", seq: 0, options });
    assertEquals(peer.take()?.flags, "SA", String(options));
  }
});

test("data is acknowledged with the delayed ACK, every second full segment at once (SHLD-18, SHLD-19, MUST-40)", async () => {
  const { peer } = await opened();
  await peer.send({ data: "abc" });
  peer.expect();
  const start = peer.clock.now();
  await peer.wait(500, true);
  const got = peer.take()!;
  assertEquals([got.flags, got.ack], ["A", 4]);
  assert(got.at - start <= 200, `${got.at - start} ms`);
  await peer.send({ data: bytes(1460) });
  peer.expect();
  await peer.send({ data: bytes(1460) });
  peer.expect("A 1 2924 0");
});

test("a batch of segments is answered with one ACK (MUST-58, MUST-59)", async () => {
  const { peer } = await opened();
  for (let i = 0; i < 10; i++) peer.put({ data: bytes(1460) });
  await peer.settle();
  peer.expect("A 1 14601 0");
});

test("duplicate data is acknowledged at once and not delivered twice (3.10.7.4)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ data: "abc" });
  await peer.wait(50);
  peer.all();
  await peer.send({ seq: 1, data: "abc" });
  peer.expect("A 1 4 0");
  await peer.send({ seq: 2, data: "bcde" });
  peer.expect("A 1 6 0");
  const target = new Uint8Array(10);
  assertEquals(new TextDecoder().decode(target.subarray(0, conn.read(target))), "abcde");
});

test("data out of order is kept and answered with a duplicate ACK at once (SHLD-31; RFC 5681, 4.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 5, data: "efgh" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 9, data: "ij" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, data: "abcd" });
  peer.expect("A 1 11 0");
  const target = new Uint8Array(20);
  assertEquals(new TextDecoder().decode(target.subarray(0, conn.read(target))), "abcdefghij");
});

test("a segment beyond the window is dropped and answered with an ACK; one that straddles it is cut", async () => {
  const { peer, conn } = await opened({ receiveBuffer: 4096 });
  await peer.send({ seq: 1 + 4096, data: "x" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, data: bytes(1460) });
  await peer.send({ seq: 1461, data: bytes(1460) });
  await peer.send({ seq: 2921, data: bytes(1400) });
  const last = peer.all().at(-1);
  assertEquals(last, "A 1 4097 0");
  assertEquals(conn.readable, 4096);
});

test("RST: exactly RCV.NXT resets; elsewhere in the window it is challenged; outside it is dropped (RFC 5961, 3)", async () => {
  const { peer, log } = await opened();
  await peer.send({ flags: "R", seq: 100 });
  peer.expect("A 1 1 0");
  await peer.send({ flags: "R", seq: -5 });
  await peer.send({ flags: "R", seq: 10_000_000 });
  peer.expect();
  assertEquals(log, []);
  await peer.send({ flags: "R", seq: 1 });
  peer.expect();
  assertEquals(log, ["closed ECONNRESET"]);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("SYN in a synchronized state is challenged, in the window or not (RFC 5961, 4)", async () => {
  const { peer, log } = await opened();
  for (const seq of [0, 1, 50, 1_000_000_000]) {
    await peer.send({ flags: "S", seq });
    peer.expect("A 1 1 0");
  }
  assertEquals(log, []);
});

test("challenge ACKs are limited for each connection (RFC 5961, 7)", async () => {
  const { peer } = await opened();
  for (let i = 0; i < 50; i++) await peer.send({ flags: "R", seq: 100 });
  const answers = peer.all().length;
  assert(answers >= 1 && answers <= 10, String(answers));
  await peer.wait(1100);
  await peer.send({ flags: "R", seq: 100 });
  peer.expect("A 1 1 0");
});

test("an ACK of what was not sent is answered and dropped, data and all; one too old likewise (RFC 5961, 5.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 1, ack: 5000, data: "abc" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, ack: -70_000, data: "abc" });
  peer.expect("A 1 1 0");
  assertEquals(conn.readable, 0);
});

test("an ACK of our SYN's own number is too old to be believed, data and all (RFC 5961, 5.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 1, ack: 0, data: "abc" });
  peer.expect("A 1 1 0");
  assertEquals(conn.readable, 0);
});

test("a segment without ACK is dropped", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "P", seq: 1, data: "abc" });
  await peer.send({ flags: "", seq: 1, data: "abc" });
  await peer.wait(100);
  peer.expect();
  assertEquals(conn.readable, 0);
});

test("reserved bits and ECN bits are ignored", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "APEC", seq: 1, data: "abc", reserved: 15 });
  assertEquals(conn.readable, 3);
});

test("two full segments are acknowledged at once, timestamps and a smaller path counted (SHLD-19)", async () => {
  for (const [options, size] of [[TS, 1448], [MSS, 1000]] as const) {
    const { peer } = await opened({}, options);
    await peer.send({ data: bytes(size) });
    peer.expect();
    await peer.send({ data: bytes(size) });
    peer.expect(`A 1 ${1 + 2 * size} 0`);
  }
});

test("segments to or from many hosts are dropped in silence (MUST-57, MUST-63)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  for (const [at, value] of [[16, 0xffffffff], [16, 0xe0000001], [12, 0xffffffff], [12, 0xe0000001]] as const) {
    const syn = peer.build({ flags: "S", seq: 0 });
    new DataView(syn.buffer).setUint32(at, value);
    peer.raw(ScriptedPeer.seal(syn));
    await peer.settle();
  }
  peer.expect();
  assertEquals(peer.net.counters().tcp!.connections, 0);
});
