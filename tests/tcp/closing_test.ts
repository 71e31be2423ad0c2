// How connections are closed (3.6). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { bytes, MSS, opened } from "./opened.ts";

test("passive close: CLOSE-WAIT may still send; LAST-ACK ends with the ACK of our FIN", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "FA" });
  peer.expect("A 1 2 0");
  assertEquals(log, ["end"]);
  conn.write(bytes(5));
  await peer.settle();
  peer.expect("PA 1 2 5");
  conn.close();
  await peer.settle();
  peer.expect("FA 6 2 0");
  await peer.send({ ack: 7 });
  assertEquals(log, ["end", "closed well"]);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("active close: FIN-WAIT-1, FIN-WAIT-2 still receives, TIME-WAIT of 2 MSL (MUST-13)", async () => {
  const { peer, conn, log } = await opened();
  conn.closeWrite();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2 });
  await peer.send({ ack: 2, data: "late" });
  assertEquals(conn.readable, 4);
  await peer.send({ flags: "FA", ack: 2 });
  assertEquals(peer.all().at(-1), "A 2 6 0");
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  assertEquals(log.at(-1), "closed well");
  // Their FIN again: acknowledged again, and the wait starts anew.
  await peer.wait(59_000);
  await peer.send({ flags: "FA", seq: 5, ack: 2 });
  peer.expect("A 2 6 0");
  await peer.wait(59_000);
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  await peer.wait(2000);
  assertEquals([peer.net.counters().tcp!.timeWait, peer.net.counters().tcp!.connections], [0, 0]);
});

test("simultaneous close: CLOSING, then TIME-WAIT", async () => {
  const { peer, conn } = await opened();
  conn.closeWrite();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ flags: "FA", ack: 1 });
  peer.expect("A 2 2 0");
  await peer.send({ ack: 2 });
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
});

test("FIN with data, and FIN that acknowledges ours, in one segment", async () => {
  const { peer, conn, log } = await opened();
  conn.write(bytes(3));
  conn.closeWrite();
  await peer.settle();
  peer.expect("FPA 1 1 3");
  await peer.send({ flags: "FA", ack: 5, data: "xyz" });
  peer.expect("A 5 5 0");
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  assertEquals(conn.readable, 3);
  assert(log.includes("closed well"));
});

test("a FIN that comes before missing data counts only after it", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "FA", seq: 4, data: "def" });
  peer.expect("A 1 1 0");
  assertEquals(log, []);
  await peer.send({ seq: 1, data: "abc" });
  peer.expect("A 1 8 0");
  assertEquals(conn.readable, 6);
  conn.consume(6);
  assertEquals(conn.readEnded, true);
});

test("our FIN goes again until it is acknowledged", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.wait(5000, true);
  peer.expect("FA 1 1 0");
});

test("data after close() is refused with a reset (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2, data: "nobody reads this" });
  assertEquals(peer.take()?.flags, "RA");
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("close() with unread data resets (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ data: "unread" });
  conn.close();
  await peer.settle();
  assertEquals(peer.take()?.flags, "RA");
  assertEquals(log.at(-1), "closed ECONNABORTED");
});

test("FIN-WAIT-2 does not last for ever once the user has closed", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  await peer.send({ ack: 2 });
  await peer.wait(61_000);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("FIN-WAIT-2 waits for the peer's FIN however short TIME-WAIT is", async () => {
  const { peer, conn } = await opened({ timeWait: 0 });
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2 });
  await peer.wait(1000);
  await peer.send({ flags: "FA", ack: 2 });
  peer.expect("A 2 2 0");
});

test("abort() sends a reset that the peer must believe: SEG.SEQ is SND.NXT", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(10));
  await peer.settle();
  peer.all();
  conn.abort();
  await peer.settle();
  peer.expect("RA 11 1 0");
});

test("data and FIN after the peer's FIN are ignored", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "FA" });
  peer.all();
  await peer.send({ seq: 2, data: "more" });
  assertEquals(conn.readable, 0);
});

test("a reset right behind data and FIN is no end: what is lost is not taken for all there was", async () => {
  let ended = false;
  const { peer, log } = await opened({}, MSS, {
    readable: (c) => ended ||= c.readEnded,
    closed: (c, error) => log.push(`closed ${error?.code} ${c.readEnded}`),
  });
  peer.put({ flags: "FA", data: "half" });
  peer.put({ flags: "R", seq: 6 });
  await peer.settle();
  assertEquals([ended, log], [false, ["closed ECONNRESET false"]]);
});
