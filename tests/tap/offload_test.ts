import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, runtime } from "./namespace.ts";

for (const medium of ["tap", "tun"]) {
  for (const family of ["4", "6"]) {
    testWith(
      NEEDS,
      `${medium}: checksums and segments are left to the kernel, over IPv${family}`,
      () =>
        inNamespace((namespace) => {
          const { status, stdout, stderr } = namespace.try([...runtime(), "tests/tap/offload.ts", medium, family]);
          assertEquals([status, stdout.trim()], [0, "done"], stderr);
          // Checksums are left to the kernel, so that there are none to be checked.
        }, { checked: false }),
    );
  }
}
