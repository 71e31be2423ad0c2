import assert from "node:assert/strict";
import { test } from "node:test";
import { type Driver, ManualClock, type NetError, simulate, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { udp } from "@bonsai/net/protocols/udp";
import { quote } from "./mod.ts";

/** Two stacks at the ends of a wire, in virtual time: no test waits, and none fails only sometimes. */
function world() {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const host = (driver: Driver<"ip">, address: string) =>
    stack({ driver, clock, protocols: [ipv4({ address }), icmp(), udp(), quote()] });
  const a = host(left, "10.0.0.1/24");
  const b = host(right, "10.0.0.2/24");
  return { a, b, clock, run: <T>(until: Promise<T>) => simulate(clock, [a, b], { until }) };
}

test("who asks gets the quote", async () => {
  const { a, b, run } = world();
  b.quote.serve(() => "Simplicity is prerequisite for reliability.");
  assert.equal(await run(a.quote.ask("10.0.0.2")), "Simplicity is prerequisite for reliability.");
  assert.equal(a.counters().quote?.asked, 1);
  assert.equal(b.counters().quote?.answered, 1);
});

test("who serves nothing refuses", async () => {
  const { a, run } = world();
  await assert.rejects(() => run(a.quote.ask("10.0.0.2")), (error: NetError) => error.code === "ECONNREFUSED");
});

test("who is not there is waited for, for a second", async () => {
  const { a, b, clock, run } = world();
  b.close();
  const before = clock.now();
  await assert.rejects(() => run(a.quote.ask("10.0.0.2")), (error: NetError) => error.code === "ETIMEDOUT");
  assert.equal(clock.now() - before, 1000);
});

test("options that do not fit are refused in a sentence", () => {
  assert.throws(() => quote({ port: 0 }), {
    name: "RangeError",
    message: 'quote(): option "port" must be an integer of at least 1 and at most 65535, not 0',
  });
});

test("a stack without what it needs is refused in a sentence", () => {
  const [driver] = memory("ip");
  // deno-lint-ignore no-explicit-any -- TypeScript would not let it pass
  const protocols: any = [ipv4({ address: "10.0.0.1/24" }), quote()];
  assert.throws(() => stack({ driver, protocols }), { message: 'quote() needs "udp": list udp() before it' });
});
