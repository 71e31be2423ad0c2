import { test } from "node:test";
import { replay } from "@bonsai/net/testing";
import { assertEquals } from "@std/assert";
import app from "./app.ts";

test("an average of no prices is refused", async () => {
  const run = await replay(new URL("bug.pcap", import.meta.url), { as: "10.0.0.5", app });
  const [some, none] = run.responses();
  assertEquals(await some?.json(), { average: 3.5 });
  assertEquals(none?.status, 400);
});
