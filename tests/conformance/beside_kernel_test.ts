// Odd packets of a seed, asked of our stack and of the Linux kernel: both say the same.

import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "../tap/namespace.ts";

testWith(
  [...NEEDS, "deno"],
  "odd packets and fragments are answered as the kernel answers them",
  () =>
    inNamespace(async (namespace) => {
      const program = namespace.start(["tests/conformance/beside_kernel.ts", "1", "1000"]);
      await program.ended;
      assertEquals(program.stdout.trim().split("\n"), ["asked 1000"], program.stderr);
    }, { checked: false }),
);
