// Every conformance case, asked of our stack in virtual time.

import { test } from "node:test";
import { CASES } from "./cases.ts";
import { ETHERNET_CASES } from "./ethernet_cases.ts";
import { IPV6_CASES } from "./ipv6_cases.ts";
import { MORE_CASES } from "./more_cases.ts";
import { ourFrameWire, ourWire } from "./wire.ts";

for (const { name, run } of [...CASES, ...MORE_CASES]) test(`ours: ${name}`, () => run(ourWire()));
for (const { name, run } of [...ETHERNET_CASES, ...IPV6_CASES]) {
  test(`ours: ${name}`, async () => run(await ourFrameWire()));
}
