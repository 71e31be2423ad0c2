// Urgent data (3.8.5). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { bytes, opened } from "./opened.ts";

test("urgent data is announced with how much there is, and read in line (MUST-30 to 33)", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "UA", data: "abcdef", urgent: 4 });
  assertEquals(log, ["urgent 4", "readable 6"]);
  conn.writeUrgent(bytes(5));
  await peer.settle();
  const got = peer.take()!;
  assertEquals([got.flags, got.urgent], ["PAU", 5]);
});
