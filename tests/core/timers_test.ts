// Timers fire when they should, and the queue keeps no more of the disarmed ones than it must.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "@bonsai/net";
import { Timer, Timers } from "../../core/timers.ts";

test("whatever is armed and disarmed, each timer fires once, in the first run at or after its deadline", () => {
  const random = seededRandom(1);
  const timers = new Timers();
  const fired: Timer[] = [];
  const all = Array.from({ length: 3000 }, () => {
    const timer: Timer = new Timer(() => fired.push(timer));
    return timer;
  });
  const due = new Map<Timer, number>();
  for (let now = 0; now < 2000; now++) {
    for (let i = 0; i < 20; i++) {
      const timer = all[(random() >>> 0) % all.length]!;
      if (random() & 1) {
        const deadline = now + (random() >>> 0) % 500;
        timers.arm(timer, deadline);
        due.set(timer, deadline);
      } else {
        timers.disarm(timer);
        due.delete(timer);
      }
    }
    fired.length = 0;
    const next = timers.run(now);
    const expected = [...due].filter(([, deadline]) => deadline <= now).map(([timer]) => timer);
    assertEquals(new Set(fired), new Set(expected));
    assertEquals(fired.length, expected.length);
    for (const timer of expected) due.delete(timer);
    // The queue may want a look before the next deadline, never after it.
    assert(next <= Math.min(...due.values()), `${next}`);
  }
});

test("timers of connections that are over do not pile up until their times have come", () => {
  const timers = new Timers();
  const live = Array.from({ length: 500 }, () => new Timer(() => {}));
  for (const timer of live) timers.arm(timer, 1e6);
  let most = 0;
  for (let i = 0; i < 100_000; i++) {
    const timer = new Timer(() => {});
    timers.arm(timer, 60_000 + i);
    timers.disarm(timer);
    most = Math.max(most, timers.size);
  }
  assert(most <= 1024, `${most} timers in the queue`);
  assert(live.every((timer) => timer.place >= 0));
});
