// How data is cut into segments, and when it leaves (3.7). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import type { TcpConnection } from "@bonsai/net/protocols/tcp";
import { bytes, MSS, opened } from "./opened.ts";

test("data leaves in segments of the peer's MSS, PSH on the last (MUST-61)", async () => {
  const { peer, conn } = await opened({}, [2, 4, 0x02, 0x00]);
  conn.write(bytes(1300));
  await peer.settle();
  peer.expect("A 1 1 512", "A 513 1 512", "PA 1025 1 276");
});

test("without an MSS option segments have 536 bytes (MUST-15)", async () => {
  const { peer, conn } = await opened({}, []);
  conn.write(bytes(1000));
  await peer.settle();
  peer.expect("A 1 1 536", "PA 537 1 464");
});

test("Nagle: a small segment waits while another is in flight, and does not when switched off (3.7.4, MUST-17)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(10));
  await peer.settle();
  conn.write(bytes(10));
  await peer.settle();
  conn.write(bytes(10));
  await peer.settle();
  peer.expect("PA 1 1 10");
  await peer.send({ ack: 11 });
  peer.expect("PA 11 1 20");
  conn.setNoDelay(true);
  conn.write(bytes(5));
  await peer.settle();
  peer.expect("PA 31 1 5");
});

test("no more is in flight than the peer's window", async () => {
  const { peer, conn } = await opened();
  await peer.send({ window: 2000 });
  conn.write(bytes(10_000));
  await peer.settle();
  assertEquals(peer.all().map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0) <= 2000, true);
});

test("the user timeout of a connection may be set, and its Diffserv field (MUST-21, MUST-48)", async () => {
  let ended = 0;
  const { peer, conn, log } = await opened({}, MSS, {
    closed: (_, error) => {
      log.push(`closed ${error?.code}`);
      ended = peer.clock.now();
    },
  });
  conn.setTrafficClass(0xb8);
  conn.setUserTimeout(5000);
  conn.write(bytes(10));
  await peer.settle();
  assertEquals(peer.take()!.trafficClass, 0xb8);
  const start = peer.clock.now();
  await peer.wait(60_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
  // Not with the retransmission after it: those are up to a minute apart.
  assertEquals(Math.round(ended - start), 5000);
  for (const value of [-1, 256, 1.5]) assertThrows(() => conn.setTrafficClass(value), RangeError, "at most 255");
  for (const value of [0, -1, NaN]) assertThrows(() => conn.setUserTimeout(value), RangeError, "above 0 ms");
});

test("4 GiB later, when SND.UNA is the ISS again, no byte is taken for a SYN", async () => {
  const { peer, conn } = await opened();
  const block = conn as TcpConnection & { iss: number; sndUna: number };
  conn.write(bytes(100));
  await peer.settle();
  peer.expect("PA 1 1 100");
  block.iss = block.sndUna;
  await peer.send({ ack: 61 });
  assertEquals(conn.unacknowledged, 40);
});
