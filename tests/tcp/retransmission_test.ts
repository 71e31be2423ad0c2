// Retransmission and congestion control without SACK (RFC 6298, RFC 5681, RFC 6582). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { icmpMessage, ipv4Packet } from "../protocols/harness.ts";
import { bytes, opened, TS } from "./opened.ts";

test("slow start: ten segments at first, two more for each acknowledged pair (RFC 6928, RFC 5681)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(200_000));
  await peer.settle();
  assertEquals(peer.all().length, 10);
  await peer.send({ ack: 1 + 2920 });
  assertEquals(peer.all().length, 4);
});

test("retransmission: after the RTO, doubled each time, until R2; the timer starts anew with each ACK (RFC 6298, 5)", async () => {
  const { peer, conn, log } = await opened({ timeout: 100_000 });
  conn.write(bytes(100));
  await peer.settle();
  peer.take();
  const start = peer.clock.now();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    await peer.wait(100_000, true);
    const got = peer.take()!;
    assertEquals([got.seq, got.length], [1, 100]);
    times.push(got.at - start);
  }
  for (let i = 1; i < 5; i++) {
    const ratio = (times[i]! - times[i - 1]!) / (times[i - 1]! - (times[i - 2] ?? 0));
    assert(Math.abs(ratio - 2) < 0.01, String(times));
  }
  await peer.wait(200_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
});

test("after an RTO one segment goes, then slow start (RFC 5681, 3.1)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  assertEquals(peer.all().length, 10);
  await peer.wait(2000, true);
  peer.expect("A 1 1 1460");
  await peer.send({ ack: 1461 });
  peer.expect("A 1461 1 1460", "A 2921 1 1460");
});

test("fast retransmit after three duplicate ACKs, new data by limited transmit before (RFC 5681, 3.2; RFC 3042)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(40_000));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1 });
  peer.expect("A 14601 1 1460");
  await peer.send({ ack: 1 });
  peer.expect("A 16061 1 1460");
  await peer.send({ ack: 1 });
  assertEquals(peer.all()[0], "A 1 1 1460");
  // A partial ACK brings the next hole at once (RFC 6582).
  await peer.send({ ack: 2921 });
  assertEquals(peer.all()[0], "A 2921 1 1460");
  assertEquals(peer.net.counters().tcp!.fastRetransmits, 1);
  // The full one ends the recovery, and the window is half of what was in flight.
  await peer.send({ ack: 17_521 });
  await peer.settle();
  const flight = peer.all().map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0);
  assert(flight > 0 && flight <= 17_520 / 2 + 1460, String(flight));
});

test("what limited transmit sent does not count when the window is halved (RFC 5681, 3.2)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(60_000));
  await peer.settle();
  assertEquals(peer.all().length, 10);
  for (let i = 0; i < 3; i++) await peer.send({ ack: 1 });
  // Two more, then the lost one.
  assertEquals(peer.all(), ["A 14601 1 1460", "A 16061 1 1460", "A 1 1 1460"]);
  // The full acknowledgement leaves ssthresh: half of the ten, not of the twelve.
  await peer.send({ ack: 17_521 });
  assertEquals(peer.all().length, 5);
});

test("after a pause in which only acknowledgements were sent the window is the restart window (RFC 5681, 4.1)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600 * 3));
  await peer.settle();
  let acked = 1;
  for (let i = 0; i < 20 && conn.unacknowledged > 0; i++) {
    acked += peer.all().map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0);
    await peer.send({ ack: acked });
  }
  peer.acked = acked;
  for (let i = 0; i < 100; i++) {
    await peer.send({ data: "x" });
    await peer.wait(50);
  }
  peer.all();
  conn.write(bytes(14_600 * 3));
  await peer.settle();
  assertEquals(peer.all().length, 10);
});

test("an ACK with data or a window change is no duplicate", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  peer.all();
  for (let i = 0; i < 6; i++) await peer.send({ ack: 1, window: 60_000 - i });
  for (let i = 0; i < 3; i++) await peer.send({ ack: 1, data: "x" });
  assertEquals(peer.net.counters().tcp!.fastRetransmits, 0);
});

test("an echo of a time that never was does not spoil the retransmission timeout", async () => {
  const { peer, conn } = await opened({}, TS);
  conn.write(bytes(100));
  await peer.settle();
  peer.take();
  await peer.wait(50);
  peer.tsEcr -= 10_000_000;
  await peer.send({ ack: 101 });
  conn.write(bytes(100));
  await peer.settle();
  const first = peer.take()!;
  await peer.wait(60_000, true);
  const again = peer.take()!;
  assertEquals(again.seq, 101);
  assert(again.at - first.at < 1000, String(again.at - first.at));
});

test("what ICMP said of a connection is no reason any more once data gets through (RFC 1122, 4.2.3.9)", async () => {
  for (const [acked, reason] of [[false, "EHOSTUNREACH"], [true, "ETIMEDOUT"]] as const) {
    const { peer, conn, log } = await opened({ timeout: 10_000 });
    conn.write(bytes(10));
    await peer.settle();
    peer.discard((packet) => {
      const quote = packet.view().subarray(0, 28);
      peer.raw(ipv4Packet(icmpMessage(3, 1, [0, 0, 0, 0], quote), { protocol: 1 }));
    });
    await peer.settle();
    if (acked) await peer.send({ ack: 11 });
    conn.write(bytes(10));
    await peer.wait(20_000);
    assertEquals(log, [`closed ${reason}`]);
  }
});
