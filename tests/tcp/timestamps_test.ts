// Timestamps and PAWS (RFC 7323). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { opened, TS } from "./opened.ts";
import { bytesOf } from "./scripted_peer.ts";

test("timestamps: echoed from the segment that moved the left edge; every segment bears them (RFC 7323, 4.3)", async () => {
  const { peer } = await opened({}, TS);
  peer.tsVal = 1001;
  await peer.send({ data: "a" });
  peer.tsVal = 1002;
  await peer.send({ data: "b" });
  await peer.wait(100);
  const got = peer.take()!;
  assertEquals(got.options.slice(0, 4), [1, 1, 8, 10]);
  assertEquals(got.options.slice(8), bytesOf(1001));
});

test("PAWS: an older timestamp is answered and dropped, a RST with one is not judged by it (RFC 7323, 5)", async () => {
  const { peer, conn, log } = await opened({}, TS);
  peer.tsVal = 2000;
  await peer.send({ data: "abc" });
  await peer.wait(100);
  peer.all();
  peer.tsVal = 1999;
  const { next } = peer;
  await peer.send({ data: "old" });
  peer.expect("A 1 4 0");
  assertEquals(conn.readable, 3);
  await peer.send({ flags: "R", seq: next });
  assertEquals(log.at(-1), "closed ECONNRESET");
});
