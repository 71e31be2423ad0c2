// Every conformance case, asked of our stack in virtual time.

import { test } from "node:test";
import { OVER_ETHERNET, OVER_IP } from "./suites.ts";
import { ourFrameWire, ourWire } from "./wire.ts";

for (const { name, run } of OVER_IP) test(`ours: ${name}`, () => run(ourWire()));
for (const { name, run } of OVER_ETHERNET) test(`ours: ${name}`, async () => run(await ourFrameWire()));
// What a stack has to answer comes through the filter that it makes; and what it leaves to a card comes out the same.
for (const between of ["filter", "card"] as const) {
  for (const { name, run } of OVER_ETHERNET) {
    test(`ours, with a ${between}: ${name}`, async () => run(await ourFrameWire(between)));
  }
}
