// Recorded conversations of two kernels, in which a live stack and app take the place of one of them.

import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { describeReplay, replay, type ReplayTestOptions } from "@bonsai/net/testing";
import { serve } from "./apps.ts";

const FOLDER = new URL("../captures/conversations/", import.meta.url);
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".pcap.gz")).map((name) => name.slice(0, -8));

/** Servers: the live stack is 10.0.0.2, unless the recording has another. */
const SERVERS: Record<string, string> = {
  keep_alive: "10.0.0.2",
  pipelined: "10.0.0.2",
  half_close: "10.0.0.2",
  reset_by_client: "10.0.0.2",
  reset_by_server: "10.0.0.2",
  refused: "10.0.0.2",
  dialog: "10.0.0.2",
  slow_reader: "10.0.0.2",
  udp_echo: "10.0.0.2",
  udp_unreachable: "10.0.0.2",
  ping: "10.0.0.2",
  dns: "10.0.0.2",
  ipv6: "fd00::2",
  no_options: "10.0.0.2",
  upload_with_loss: "10.0.1.2",
};

test("every recording is replayed", () => {
  assertEquals(NAMES.toSorted(), Object.keys(SERVERS).toSorted());
});

async function check(name: string, options: ReplayTestOptions): Promise<void> {
  const run = await replay(new URL(`${name}.pcap.gz`, FOLDER), { start: serve, ...options });
  assertEquals(run.reports.filter(({ verdict }) => verdict !== "identical").map(describeReplay), []);
  assert(run.reports.length > 0);
  for (const { recorded, live } of run.conversations) {
    assertEquals(recorded.length, live.length);
    assertEquals(recorded.bytes(), live.bytes());
  }
}

for (const [name, as] of Object.entries(SERVERS)) {
  for (const sack of [true, false]) {
    for (const timestamps of [true, false]) {
      const how = `${sack ? "with" : "without"} SACK, ${timestamps ? "with" : "without"} timestamps`;
      test(`${name} replays to a live server ${how}, from any seed`, async () => {
        const seeds = name === "upload_with_loss" ? [1] : [1, 2, 3, 0x7fffffff];
        for (const seed of seeds) await check(name, { as, seed, tcp: { sack, timestamps } });
      });
    }
  }
  test(`${name} replays without its times`, () => check(name, { as, pace: "fast" }));
}
