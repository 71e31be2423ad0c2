// The same cases, asked of the Linux kernel (in real time, minutes long, so only when asked to: ASK_KERNEL=1): they say what the RFCs want, not what our code does.

import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "../tap/namespace.ts";
import { OVER_ETHERNET, OVER_IP } from "./suites.ts";

const MEDIA = { ip: OVER_IP, ethernet: OVER_ETHERNET };

testWith([...NEEDS, "deno", "ASK_KERNEL=1"], "the kernel passes every conformance case too", async () => {
  await Promise.all(
    Object.entries(MEDIA).map(([medium, cases]) =>
      inNamespace(async (namespace) => {
        const program = namespace.start(["tests/conformance/kernel.ts", "", medium]);
        await program.ended;
        const lines = program.stdout.trim().split("\n");
        assertEquals(lines.filter((line) => !line.startsWith("ok ")), [], program.stderr);
        assertEquals(lines.length, cases.length);
        // Many of the frames that we send are bad on purpose.
      }, { checked: false })
    ),
  );
});
