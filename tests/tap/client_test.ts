import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS, runtime } from "./namespace.ts";

for (
  const [name, what] of Object.entries({
    refused: "a closed port of the kernel's refuses at once, as ours does",
    unreachable: "a host that is not there is unreachable, as for the kernel; so is a network without a route",
    transfers: "twenty connections carry a megabyte each to the kernel's stack and back",
  })
) {
  testWith([...NEEDS, "bash"], `client: ${what}`, () =>
    inNamespace((namespace) => {
      const { status, stdout, stderr } = namespace.try([...runtime(), "tests/tap/client_scenarios.ts", name]);
      assertEquals(status, 0, `${stdout}\n${stderr}`);
    }));
}
