import { assertEquals, assertRejects } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, runtime } from "./namespace.ts";

for (
  const [what, filter] of [["good", ""], ["bad ip", "UDP|DNS"], ["bad udp", "DNS"], ["malformed", "Malformed"]] as const
) {
  testWith([...NEEDS, "tcpdump", "tshark"], `tshark looks at what a test's stacks send: ${what}`, async () => {
    const run = (): Promise<void> =>
      inNamespace((namespace) => {
        const { status, stderr } = namespace.try([...runtime(), "tests/tap/bad_frames.ts", what]);
        assertEquals([status, stderr], [0, ""]);
      });
    if (filter === "") return await run();
    const { message } = await assertRejects(run, Error, "Frames that were sent are bad");
    assertEquals([message.split("\n").length, new RegExp(filter).test(message)], [2, true], message);
  });
}
