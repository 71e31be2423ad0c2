// Every conformance case, asked of our stack in virtual time.

import { test } from "node:test";
import { CASES } from "./cases.ts";
import { ourWire } from "./wire.ts";

for (const { name, run } of CASES) test(`ours: ${name}`, () => run(ourWire()));
