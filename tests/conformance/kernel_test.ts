// The same cases, asked of the Linux kernel (in real time, minutes long, so only when asked to: ASK_KERNEL=1): they say what the RFCs want, not what our code does.

import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "../tap/namespace.ts";
import { CASES } from "./cases.ts";
import { ETHERNET_CASES } from "./ethernet_cases.ts";
import { IPV6_CASES } from "./ipv6_cases.ts";
import { MORE_CASES } from "./more_cases.ts";

const MEDIA = { ip: [...CASES, ...MORE_CASES], ethernet: [...ETHERNET_CASES, ...IPV6_CASES] };

testWith([...NEEDS, "deno", "ASK_KERNEL=1"], "the kernel passes every conformance case too", async () => {
  await Promise.all(
    Object.entries(MEDIA).map(([medium, cases]) =>
      inNamespace(async (namespace) => {
        const program = namespace.start(["tests/conformance/kernel.ts", "", medium]);
        await program.ended;
        const lines = program.stdout.trim().split("\n");
        assertEquals(lines.filter((line) => !line.startsWith("ok ")), [], program.stderr);
        assertEquals(lines.length, cases.length);
      })
    ),
  );
});
