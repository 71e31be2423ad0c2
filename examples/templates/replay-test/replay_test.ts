import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { replay } from "@bonsai/net/testing";
import { app } from "./app.ts";
import { record } from "./record.ts";

const FILE = new URL("bug.pcapng", import.meta.url);

test("the app answers as it did when it was recorded", async () => {
  // The file of a bug report, once there is one.
  const capture = existsSync(FILE) ? readFileSync(FILE) : await record();
  const run = await replay(capture, { as: "10.0.0.2", app });
  run.expectIdentical();
});
