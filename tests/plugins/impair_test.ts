import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Driver, PluginContext } from "../../core/driver.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { memory } from "../../drivers/memory.ts";
import { impair, type ImpairCounters, type ImpairOptions } from "../../plugins/impair.ts";

interface Rig {
  readonly clock: ManualClock;
  readonly near: Driver<"ip">;
  readonly far: Driver<"ip">;
  readonly counters: Record<string, ImpairCounters>;
}

function rig(options: ImpairOptions, seed = 1, slots = 4096): Rig {
  const clock = new ManualClock();
  const [left, far] = memory("ip", { slots });
  const counters: Record<string, ImpairCounters> = {};
  const context: PluginContext = {
    clock,
    now: () => clock.now(),
    random: seededRandom(seed),
    count: (owner, counter) => void (counters[owner] = counter as ImpairCounters),
  };
  return { clock, near: impair(options)(left, context), far, counters };
}

const out = new Packet(HEADROOM + 1518);
const into = new Packet(HEADROOM + 1518);

function send(driver: Driver, number: number, length = 100): boolean {
  out.reset();
  out.end = out.start + length;
  out.view().fill(0);
  out.setI32(0, number);
  const taken = driver.transmit(out);
  driver.flush();
  return taken;
}

/** The numbers of the frames that a driver has now. */
function drain(driver: Driver): number[] {
  const numbers: number[] = [];
  for (into.reset(); driver.receive(into); into.reset()) numbers.push(into.i32(0));
  return numbers;
}

/** Sends `count` frames, `gap` milliseconds apart, through one direction; gives `[time, number]` of each arrival. */
function run({ clock, near, far }: Rig, way: "receive" | "transmit", count: number, gap: number): [number, number][] {
  const [source, sink] = way === "transmit" ? [near, far] : [far, near];
  const arrivals: [number, number][] = [];
  const turn = (): void => {
    near.flush();
    for (const number of drain(sink)) arrivals.push([clock.now(), number]);
  };
  for (let i = 0; i < count; i++) {
    const at = i * gap;
    for (let due = near.next!(); due < at; due = near.next!()) {
      clock.advanceTo(due);
      turn();
    }
    clock.advanceTo(at);
    send(source, i);
    turn();
  }
  for (let due = near.next!(); due < Infinity; due = near.next!()) {
    clock.advanceTo(due);
    turn();
  }
  return arrivals;
}

const WAYS = ["receive", "transmit"] as const;

test("impair without impairment is not there", () => {
  const [left] = memory("ip");
  assert(impair({ seed: 3, direction: "both" })(left, null as never) === left);
});

test("impair loses the fraction that it is told, alone and in bursts", () => {
  for (const way of WAYS) {
    for (const burst of [1, 4]) {
      const r = rig({ loss: 0.1, burst });
      const got = run(r, way, 40_000, 0).map(([, number]) => number);
      const counters = r.counters[`impair ${way}`]!;
      assertEquals(counters.packets, 40_000);
      assertEquals(got.length, 40_000 - counters.lost);
      assertAlmostEquals(counters.lost / 40_000, 0.1, 0.015);
      let bursts = 0;
      for (let i = 1; i < got.length; i++) if (got[i]! > got[i - 1]! + 1) bursts++;
      assertAlmostEquals(counters.lost / bursts, burst === 1 ? 1.11 : 4, burst === 1 ? 0.05 : 0.4);
    }
    assertEquals(run(rig({ loss: 1, burst: 3 }), way, 1000, 0), []);
  }
});

test("impair delays, to the millisecond and in order", () => {
  for (const way of WAYS) {
    assertEquals(run(rig({ delay: 40 }), way, 3, 10), [[40, 0], [50, 1], [60, 2]]);
    const arrivals = run(rig({ delay: 40, jitter: 15 }), way, 2000, 1);
    assertEquals(arrivals.map(([, number]) => number), Array.from({ length: 2000 }, (_, i) => i));
    const delays = arrivals.map(([time, number]) => time - number);
    assert(delays.every((delay) => delay >= 25 && delay <= 55));
    assert(Math.max(...delays) - Math.min(...delays) > 10);
  }
});

test("impair reorders: what is held back is overtaken", () => {
  for (const way of WAYS) {
    const r = rig({ reorder: 0.1, reorderBy: 5 });
    const arrivals = run(r, way, 1000, 1);
    const { reordered } = r.counters[`impair ${way}`]!;
    assert(reordered > 60 && reordered < 140);
    assertEquals(arrivals.length, 1000);
    assertEquals(arrivals.filter(([time, number]) => time === number + 5).length, reordered);
    assertEquals(arrivals.filter(([time, number]) => time === number).length, 1000 - reordered);
  }
});

test("impair duplicates and flips one bit", () => {
  for (const way of WAYS) {
    const r = rig({ duplicate: 0.2 });
    const numbers = run(r, way, 2000, 1).map(([, number]) => number);
    const { duplicated } = r.counters[`impair ${way}`]!;
    assert(duplicated > 320 && duplicated < 480);
    assertEquals(numbers.length, 2000 + duplicated);
    assertEquals(new Set(numbers).size, 2000);

    const c = rig({ corrupt: 0.5 });
    const [source, sink] = way === "transmit" ? [c.near, c.far] : [c.far, c.near];
    let flipped = 0;
    for (let i = 0; i < 500; i++) {
      send(source, 0);
      assertEquals(out.view().indexOf(1), -1, "the sender's packet is not changed");
      assert(out.view().every((byte) => byte === 0));
      c.near.flush();
      into.reset();
      assert(sink.receive(into));
      let bits = 0;
      for (const byte of into.view()) for (let b = byte; b; b &= b - 1) bits++;
      assert(bits <= 1);
      flipped += bits;
    }
    assertEquals(flipped, c.counters[`impair ${way}`]!.corrupted);
    assert(flipped > 200 && flipped < 300);
  }
});

test("impair lets a rate through, and drops what its queue does not hold", () => {
  for (const way of WAYS) {
    // 100 bytes at 8000 bit/s take 100 ms; three more fit into the queue behind the one that is on its way.
    const r = rig({ rate: 8000, limit: 400, delay: 5 });
    const arrivals = run(r, way, 10, 0);
    assertEquals(arrivals, [[105, 0], [205, 1], [305, 2], [405, 3]]);
    assertEquals(r.counters[`impair ${way}`]!.dropped, 6);
    // A frame larger than the queue passes an idle wire.
    assertEquals(run(rig({ rate: 8000, limit: 0 }), way, 2, 500), [[100, 0], [600, 1]]);
  }
});

test("impair repeats itself from a seed, and only then", () => {
  const options = { loss: 0.1, burst: 2, reorder: 0.1, duplicate: 0.1, delay: 20, jitter: 10, rate: 1e6 };
  for (const way of WAYS) {
    const first = run(rig(options, 5), way, 2000, 0.7);
    assertEquals(run(rig(options, 5), way, 2000, 0.7), first);
    assert(JSON.stringify(run(rig(options, 6), way, 2000, 0.7)) !== JSON.stringify(first));
    const seeded = run(rig({ ...options, seed: 9 }, 5), way, 2000, 0.7);
    assertEquals(run(rig({ ...options, seed: 9 }, 6), way, 2000, 0.7), seeded);
  }
});

test("impair treats only the direction that it is told", () => {
  for (const way of WAYS) {
    const r = rig({ delay: 10, direction: way });
    send(r.near, 1);
    send(r.far, 2);
    assertEquals([drain(r.far).length, drain(r.near).length], way === "transmit" ? [0, 1] : [1, 0]);
    assertEquals(Object.keys(r.counters), [`impair ${way}`]);
  }
});

test("impair waits for room with what is due, and sleeps meanwhile", async () => {
  const { clock, near, far } = rig({ delay: 10 }, 1, 2);
  for (let i = 0; i < 5; i++) assert(send(near, i));
  assertEquals(near.next!(), 10);
  clock.advance(10);
  near.flush();
  assertEquals(near.next!(), Infinity);
  const wait = near.wait(Infinity);
  assertEquals(drain(far), [0, 1]);
  await wait;
  assertEquals(near.next!(), 10);
  near.flush();
  assertEquals(drain(far), [2, 3]);
  near.close();
  assertEquals(drain(far), [4]);
});

test("impair: a wait ends when a held packet is due", async () => {
  const { near, far } = rig({ delay: 1 });
  send(far, 1);
  assertEquals(drain(near), []);
  await near.wait(Infinity);
});

test("impair: a flood does not hold a turn, and the held packets are bounded", () => {
  const { clock, near, far, counters } = rig({ delay: 1 }, 1, 65_536);
  for (let i = 0; i < 2000; i++) send(far, i, 20);
  assertEquals(drain(near), []);
  assertEquals(counters["impair receive"]!.packets, 1024);
  assert(near.next!() <= clock.now(), "there is more to take in");
  assertEquals(drain(near), []);
  assertEquals(near.next!(), 1);
  for (let i = 0; i < 70_000; i++) send(near, i, 20);
  assertEquals(counters["impair transmit"]!.dropped, 70_000 - 65_536);
});

test("impair refuses bad options", () => {
  assertThrows(() => impair({ loss: 1.1 }), RangeError, 'impair(): option "loss"');
  assertThrows(() => impair({ delay: -1 }), RangeError);
  assertThrows(() => impair({ direction: "up" as never }), RangeError, "one of both, receive, transmit");
  assertThrows(() => impair({ lag: 1 } as never), TypeError, 'no option "lag"');
});
