// Keepalive (3.8.4). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { opened } from "./opened.ts";

test("keepalive: off by default, probes an idle connection, gives up only after several (3.8.4, MUST-24 to 29)", async () => {
  const { peer, conn, log } = await opened();
  await peer.wait(8_000_000);
  peer.expect();
  conn.setKeepAlive(10_000);
  const start = peer.clock.now();
  await peer.wait(20_000, true);
  const probe = peer.take()!;
  assertEquals([probe.flags, probe.seq, probe.length, Math.round(probe.at - start)], ["A", 0, 0, 10_000]);
  await peer.send({});
  await peer.wait(20_000, true);
  assertEquals(peer.take()!.seq, 0);
  await peer.wait(2_000_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
});

test("a keepalive probe is answered", async () => {
  const { peer } = await opened();
  await peer.send({ seq: 0 });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 0, data: "?" });
  peer.expect("A 1 1 0");
});

test("keepalive of a connection that is over does nothing", async () => {
  const { peer, conn } = await opened();
  conn.abort();
  await peer.settle();
  peer.all();
  conn.setKeepAlive(1000);
  await peer.wait(10_000);
  peer.expect();
  assertEquals(peer.net.poll(), Infinity);
});
