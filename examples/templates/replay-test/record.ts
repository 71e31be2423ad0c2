import { writeFileSync } from "node:fs";
import { pair, tape } from "@bonsai/net/testing";
import { app } from "./app.ts";

/** Records what a client asks of the app: the same bytes each time, for time and randomness are the test's own. */
export async function record(): Promise<Uint8Array> {
  const recorder = tape();
  const { left, right, run, close } = pair({ seed: 7, rightPlugins: [recorder.plugin] });
  right.http.serve(app, { port: 80 });
  for (const path of ["/", "/nothing"]) {
    const response = await run(left.http.fetch(`http://10.0.0.2${path}`));
    await run(response.text());
  }
  // Until the client's idle connection is closed and forgotten: more than a minute, which takes no time.
  await run();
  close();
  return recorder.pcapng();
}

if (import.meta.main) writeFileSync("bug.pcapng", await record());
