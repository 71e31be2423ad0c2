import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { stack } from "../../core/stack.ts";
import { Timer } from "../../core/timers.ts";
import { memory } from "../../drivers/memory.ts";
import { happyEyeballs } from "../../protocols/dns/happy_eyeballs.ts";

/** Attempts that succeed or fail after as many milliseconds as their list says; a failure's number is negative. */
// deno-lint-ignore explicit-function-return-type
function race(plan: Record<string, number>, signal?: AbortSignal, honest: boolean = true) {
  const clock = new ManualClock();
  const [driver] = memory("ip");
  const net = stack({ driver, clock, random: seededRandom(1), protocols: [] });
  const log: string[] = [];
  const disposed: string[] = [];
  const attempt = (hostname: string, signal: AbortSignal) => {
    log.push(`${clock.now()} ${hostname}`);
    signal.addEventListener("abort", () => log.push(`${clock.now()} ${hostname} aborted`));
    return new Promise<{ hostname: string } & Disposable>((resolve, reject) => {
      const time = plan[hostname]!;
      signal.addEventListener("abort", () => honest && reject(signal.reason));
      const settle = (): void => {
        if (time < 0) reject(new Error(hostname));
        else resolve({ hostname, [Symbol.dispose]: () => void disposed.push(hostname) });
      };
      net.core.timers.arm(new Timer(settle), clock.now() + Math.abs(time));
    });
  };
  const result = happyEyeballs(net.core, Object.keys(plan), attempt, signal).then(({ hostname }) => hostname);
  return { clock, log, disposed, outcome: simulate(clock, [net], { until: result, limit: 100_000 }), net };
}

test("the first address has 250 ms before the second is tried beside it (RFC 8305, 5)", async () => {
  const quick = race({ a: 100, b: 10 });
  assertEquals(await quick.outcome, "a");
  assertEquals(quick.log, ["0 a"]);
  const slow = race({ a: 1000, b: 100, c: 5 });
  assertEquals(await slow.outcome, "b");
  assertEquals(slow.log, ["0 a", "250 b", "350 a aborted"]);
});

test("one that fails is followed by the next at once, and the failure of the last address is told", async () => {
  const { outcome, log } = race({ a: -10, b: -10, c: 10 });
  assertEquals(await outcome, "c");
  assertEquals(log.slice(0, 3), ["0 a", "10 b", "20 c"]);
  const none = race({ a: -300, b: -10 });
  await assertRejects(() => none.outcome, Error, "b");
  assertEquals(none.log.slice(0, 2), ["0 a", "250 b"]);
});

test("of two that succeed in the same turn, one is disposed of", async () => {
  const { outcome, disposed } = race({ a: 300, b: 50 }, undefined, false);
  const winner = await outcome;
  await Promise.resolve();
  assertEquals([winner, disposed], winner === "a" ? ["a", ["b"]] : ["b", ["a"]]);
});

test("a signal ends all of them", async () => {
  const controller = new AbortController();
  const { outcome, log, net, clock } = race({ a: 1000, b: 1000 }, controller.signal);
  net.core.timers.arm(new Timer(() => controller.abort(new Error("enough"))), clock.now() + 400);
  await assertRejects(() => outcome, Error, "enough");
  assertEquals(log, ["0 a", "250 b", "400 a aborted", "400 b aborted"]);
  await assertRejects(() => race({ a: 1 }, AbortSignal.abort(new Error("before"))).outcome, Error, "before");
});

test("families take turns, that of the best address first (RFC 8305, 4)", async () => {
  const order = async (...addresses: string[]): Promise<string[]> => {
    const { outcome, log } = race(Object.fromEntries(addresses.map((address) => [address, -1])));
    await outcome.catch(() => {});
    return log.filter((line) => !/ (failed|aborted)$/.test(line)).map((line) => line.split(" ")[1]!);
  };
  assertEquals(await order("::1", "::2", "1.1.1.1", "2.2.2.2", "3.3.3.3"), [
    "::1",
    "1.1.1.1",
    "::2",
    "2.2.2.2",
    "3.3.3.3",
  ]);
  assertEquals(await order("1.1.1.1", "::1", "::2", "::3"), ["1.1.1.1", "::1", "::2", "::3"]);
});
