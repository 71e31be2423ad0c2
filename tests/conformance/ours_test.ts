// Every conformance case, asked of our stack in virtual time.

import { test } from "node:test";
import { OVER_ETHERNET, OVER_IP } from "./suites.ts";
import { ourFrameWire, ourWire } from "./wire.ts";

for (const { name, run } of OVER_IP) test(`ours: ${name}`, () => run(ourWire()));
for (const { name, run } of OVER_ETHERNET) test(`ours: ${name}`, async () => run(await ourFrameWire()));
// What a stack has to answer comes through the filter that it makes.
for (const { name, run } of OVER_ETHERNET) test(`ours, filtered: ${name}`, async () => run(await ourFrameWire(true)));
