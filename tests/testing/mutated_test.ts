// Mutated recordings: whatever they hold, a replay ends, throws nothing, and says what it can.

import { assert } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ManualClock } from "../../core/clock.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { readRecording, replay } from "../../drivers/replay.ts";
import { compareGolden } from "../../testing/mod.ts";
import { replay as replayRun } from "../../testing/mod.ts";

const FOLDER = new URL("../captures/conversations/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".gz") && !/upload|slow/.test(name));
const random = seededRandom(11);
const below = (limit: number): number => (random() >>> 0) % limit;

/** The first part of a recording, with some bytes changed, runs cut out and doubled. */
function mutate(file: Uint8Array): Uint8Array {
  let bytes = Uint8Array.from(file.subarray(0, 8000));
  for (let flips = below(40); flips > 0; flips--) bytes[24 + below(bytes.length - 24)] = random();
  if (below(4) === 0) {
    const [a, b] = [24 + below(bytes.length - 24), 24 + below(bytes.length - 24)];
    bytes = Uint8Array.from([...bytes.subarray(0, Math.max(a, b)), ...bytes.subarray(Math.min(a, b))]);
  }
  return bytes;
}

test("drivers play mutated recordings of every kind", () => {
  const packet = new Packet(HEADROOM + 8000);
  for (const name of FILES) {
    const file = gunzipSync(readFileSync(new URL(name, FOLDER)));
    for (let i = 0; i < 150; i++) {
      const source = readRecording(mutate(file));
      const clock = new ManualClock();
      const from = [["10.0.0.1", "10.0.0.2"][i % 2]!, "fd00::1"];
      const medium = i % 3 === 0 ? "ip" : "ethernet";
      const options = { from, clock, patience: 100, mode: "converse", rewrite: { "10.0.0.1": "10.9.9.9" } } as const;
      if (source.packets.length === 0 || source.linkType !== 1) continue;
      const driver = replay(medium, source, options);
      for (let turn = 0; turn < 60; turn++) {
        for (packet.reset(); driver.receive(packet); packet.reset());
        const answer = source.packets[below(source.packets.length)]!.bytes;
        packet.write(medium === "ip" ? answer.subarray(14) : answer.subarray(0, 4000));
        driver.transmit(packet);
        driver.flush();
        const next = driver.next();
        if (next < Infinity) clock.advanceTo(next);
        assert((driver.waiting?.length ?? 0) < 400);
      }
      assert(driver.reports().every(({ verdict, reason }) => verdict === "identical" || reason!.length > 0));
      compareGolden(driver.expected, driver.sent, medium);
    }
  }
});

test("a live stack plays mutated recordings to their end", async () => {
  for (const name of FILES) {
    const file = gunzipSync(readFileSync(new URL(name, FOLDER)));
    for (let i = 0; i < 15; i++) {
      const source = readRecording(mutate(file));
      if (source.packets.length === 0 || source.linkType !== 1) continue;
      try {
        const run = await replayRun(source, {
          as: name.startsWith("ipv6") ? "fd00::2" : "10.0.0.2",
          app: () => new Response("x"),
        });
        assert(Array.isArray(run.reports));
      } catch (error) {
        // Nobody takes part any more.
        assert(/^replay\(\): /.test((error as Error).message), (error as Error).stack);
      }
    }
  }
});
