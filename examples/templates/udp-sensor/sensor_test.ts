import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "@bonsai/net/drivers/memory";
import { collector } from "./collector.ts";
import { sensor } from "./sensor.ts";

test("readings arrive, frost too", async () => {
  const [ours, theirs] = memory("ethernet");
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard: number[] = [];
  const hears = collector(theirs, (celsius) => {
    if (heard.push(celsius) === 3) resolve();
  });
  const thermometer = sensor(ours);
  for (const celsius of [21.5, 0, -12.3]) assert.equal(thermometer.report(celsius), true);
  await promise;
  assert.deepEqual(heard, [21.5, 0, -12.3]);
  thermometer.close();
  hears.close();
});
