// The code of the tutorials is that of examples, whose tests run here.

import { assert } from "@std/assert";
import { test } from "node:test";
import { read } from "../checks/tree.ts";
import "../../examples/plugin/meter_test.ts";
import "../../examples/templates/driver/mod_test.ts";
import "../../examples/templates/protocol/mod_test.ts";

const TUTORIALS: Record<string, string[]> = {
  "docs/writing_a_protocol.md": ["examples/templates/protocol/mod.ts", "examples/templates/protocol/mod_test.ts"],
  "docs/writing_a_driver.md": ["examples/templates/driver/mod.ts", "examples/templates/driver/mod_test.ts"],
  "docs/writing_a_plugin.md": ["examples/plugin/meter.ts", "examples/plugin/meter_test.ts"],
};

/** A page shows code from its own margin on. */
const withoutIndent = (text: string) => text.replace(/^[ ]+/gm, "");

for (const [path, sources] of Object.entries(TUTORIALS)) {
  test(`${path}: every piece of code stands in a file that is tested`, () => {
    const code = sources.map(read).map(withoutIndent);
    const pieces = [...read(path).matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)].map(([, piece]) => piece!);
    assert(pieces.length >= 5, `${pieces.length} pieces`);
    for (const piece of pieces) {
      assert(
        code.some((text) => text.includes(withoutIndent(piece))),
        `${path} shows what is in none of ${sources.join(", ")}:\n${piece}`,
      );
    }
  });
}
