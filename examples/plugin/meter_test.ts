import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, simulate, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { udp } from "@bonsai/net/protocols/udp";
import { meter } from "./meter.ts";

test("what a second has no room for is dropped; the next one has room again", async () => {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const a = stack({
    driver: left,
    clock,
    plugins: [meter({ quota: 3000 })],
    protocols: [ipv4({ address: "10.0.0.1/24" }), udp()],
  });
  const b = stack({ driver: right, clock, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
  let heard = 0;
  b.udp.bind({ port: 9 }, () => heard++);
  const socket = a.udp.bind({ port: 0 }, () => {});
  socket.connect("10.0.0.2", 9);
  // 20 bytes of IP, 8 of UDP: three of these fit.
  for (let i = 0; i < 5; i++) socket.send(new Uint8Array(972));
  await simulate(clock, [a, b]);
  assert.equal(heard, 3);
  clock.advance(1000);
  socket.send(new Uint8Array(972));
  await simulate(clock, [a, b]);
  assert.equal(heard, 4);
  assert.deepEqual({ ...a.counters().meter }, { received: 0, sent: 4000, dropped: 2 });
  a.close();
  b.close();
});

test("options that do not fit are refused in a sentence", () => {
  assert.throws(() => meter({ quota: 0 }), {
    message: 'meter(): option "quota" must be an integer of at least 1, not 0',
  });
});
