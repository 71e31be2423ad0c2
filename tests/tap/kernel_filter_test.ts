import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, runtime } from "./namespace.ts";

testWith(
  [...NEEDS, "ping"],
  "tap: the kernel drops what the stack cannot use, and lets through what it has to answer",
  () =>
    inNamespace((namespace) => {
      const { status, stdout, stderr } = namespace.try([...runtime(), "tests/tap/kernel_filter.ts"]);
      assertEquals([status, stdout.trim()], [0, "done"], stderr);
    }),
);
