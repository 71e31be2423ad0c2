import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Core, Protocol } from "../../core/protocol.ts";
import type { Packet } from "../../core/packet.ts";
import type { Wire } from "../../core/driver.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { Timer } from "../../core/timers.ts";
import { memory } from "../../drivers/memory.ts";

/** A protocol that answers a frame with the number in it less one, until 0, and tells the app by a promise. */
class Countdown {
  readonly #core: Core;
  readonly #wire: Wire;
  readonly #timer: Timer;
  #done: () => void = () => {};
  log: string[] = [];

  constructor(core: Core, wire: Wire) {
    this.#core = core;
    this.#wire = wire;
    this.#timer = new Timer(() => this.#send(3));
    wire.attach({ receive: (packet: Packet) => this.#receive(packet) });
  }

  after(ms: number): Promise<void> {
    this.#core.timers.arm(this.#timer, this.#core.now() + ms);
    this.#core.wake();
    return new Promise((resolve) => this.#done = resolve);
  }

  #send(number: number): void {
    const packet = this.#core.pool.take();
    packet.end = packet.start + 1;
    packet.setU8(0, number);
    this.#wire.transmit(packet);
    this.#core.pool.give(packet);
  }

  #receive(packet: Packet): void {
    const number = packet.u8(0);
    this.log.push(`${this.#core.now()}:${number}`);
    if (number > 0) this.#send(number - 1);
    this.#done();
  }
}

const countdown: Protocol<"countdown", { wire: Wire }, { countdown: Countdown }> = {
  name: "countdown",
  needs: { wire: "required" },
  start: (core, { wire }) => ({ countdown: new Countdown(core, wire) }),
};

function pair() {
  const clock = new ManualClock();
  const [left, right] = memory("ethernet");
  const a = stack({ driver: left, clock, random: seededRandom(1), protocols: [countdown] });
  const b = stack({ driver: right, clock, random: seededRandom(2), protocols: [countdown] });
  return { clock, a, b };
}

test("simulate moves the clock to deadlines and carries everything out at one time", async () => {
  for (const swapped of [false, true]) {
    const { clock, a, b } = pair();
    const started = performance.now();
    await simulate(clock, swapped ? [b, a] : [a, b], { until: a.countdown.after(3_600_000) });
    assert(performance.now() - started < 1000);
    assertEquals(clock.now(), 3_600_000);
    assertEquals(b.countdown.log, ["3600000:3", "3600000:1"]);
    assertEquals(a.countdown.log, ["3600000:2", "3600000:0"]);
    assertEquals(a.packetsTaken, 0);
  }
});

test("simulate lets the app act between steps, through long chains of promises", async () => {
  const { clock, a, b } = pair();
  const app = async (): Promise<string> => {
    for (let i = 0; i < 3; i++) {
      await a.countdown.after(10);
      for (let tick = 0; tick < 1000; tick++) await Promise.resolve();
    }
    return "done";
  };
  assertEquals(await simulate(clock, [a, b], { until: app() }), "done");
  assertEquals(clock.now(), 30);
});

test("simulate ends at a condition, at rest and at its limit", async () => {
  const { clock, a, b } = pair();
  void a.countdown.after(5);
  await simulate(clock, [a, b], { until: () => b.countdown.log.length > 0 });
  assertEquals(clock.now(), 5);
  void a.countdown.after(5);
  await simulate(clock, [a, b]);
  assertEquals(clock.now(), 10);
  void a.countdown.after(5);
  await simulate(clock, [a, b], { limit: 2 });
  assertEquals(clock.now(), 12);
  await simulate(clock, [a, b], { limit: 100 });
  assertEquals(clock.now(), 15);
});

test("simulate says when what is waited for does not come", async () => {
  const { clock, a, b } = pair();
  const never = new Promise<void>(() => {});
  await assertRejects(() => simulate(clock, [a, b], { until: never }), Error, "at 0 ms all is idle for good");
  void a.countdown.after(50);
  await assertRejects(
    () => simulate(clock, [a, b], { until: never, limit: 20 }),
    Error,
    "20 ms of virtual time are over",
  );
  assertEquals(clock.now(), 20);
  await assertRejects(() => simulate(clock, [a, b], { until: Promise.reject(new Error("mine")) }), Error, "mine");
  await assertRejects(() => simulate(clock, [a, b], { limit: 0 }), RangeError, '"limit" must be above 0');
});

test("simulate waits for the host where it is told to", async () => {
  const { clock, a, b } = pair();
  void a.countdown.after(5);
  const slow = new Promise((resolve) => setTimeout(resolve, 20));
  await simulate(clock, [a, b], { until: slow.then(() => assertEquals(clock.now(), 0)), settle: () => slow });
});
