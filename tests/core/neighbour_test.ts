// Entries of the neighbour cache, by RFC 4861, 7.3.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { CachedNeighbour, NeighbourWay } from "../../core/neighbour.ts";
import { NeighbourCache } from "../../core/neighbour_cache.ts";
import type { Core } from "../../core/protocol.ts";
import { Timers } from "../../core/timers.ts";

const WAY: NeighbourWay = { transmit: () => true };

test("an entry that made room for another says and forgets nothing more, whatever a connection hears of it", () => {
  const timers = new Timers();
  let now = 0;
  const asked: CachedNeighbour<number, NeighbourWay>[] = [];
  const cache = new NeighbourCache<number, NeighbourWay>(
    { now: () => now, timers, onClose: () => {} } as unknown as Core,
    {
      counters: { overflow: 0, unreachable: 0, evicted: 0 },
      lifetime: 30_000,
      retransmit: 1000,
      patient: true,
      ask: (entry) => asked.push(entry),
      unreachable: () => {},
    },
    1,
    1,
  );
  const old = cache.insert(1, 1, true)!;
  old.learn(WAY, true);
  cache.insert(2, 2, true);
  const entry = cache.insert(1, 1, true)!;
  entry.learn(WAY, true);
  // The connection sent through the old one, and its data is acknowledged only now.
  old.advise(true);
  old.advise(false);
  for (; now < 80_000; now += 500) {
    entry.advise(true);
    timers.run(now);
  }
  assertEquals(asked, []);
  assertEquals(cache.get(1), entry);
});
