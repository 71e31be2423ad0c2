// Answers that are not those of the recording: shorter, longer, late, and those of one conversation of several.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readPcap } from "@bonsai/net/drivers/replay";
import type { TcpConn } from "@bonsai/net/protocols/tcp";
import { pair, replay, type ReplayTestOptions, tape } from "@bonsai/net/testing";
import app from "./hello_app.ts";

const HTTP = new URL("../captures/http.pcap", import.meta.url);
const SERVER = { hostname: "10.0.0.2", port: 80 };
const play = (options: ReplayTestOptions) => replay(HTTP, { as: "10.0.0.2", ...options });

test("net.http.serve answers a recorded curl as the recorded server did, from any seed", async () => {
  for (const sack of [true, false]) {
    for (const timestamps of [true, false]) {
      for (const seed of [1, 2, 3]) {
        const run = await play({ app, seed, tcp: { sack, timestamps }, ignore: ["date"] });
        run.expectIdentical();
        assertEquals(run.responses().map(({ status }) => status), [200, 200, 200]);
      }
    }
  }
});

test("answers of any length are played on, and told apart", async () => {
  for (const size of [0, 1, 2000, 100_000]) {
    const run = await play({ app: () => new Response("x".repeat(size)) });
    assertEquals(run.responses().length, 3, `${size} bytes`);
    assertEquals((await Promise.all(run.responses().map((one) => one.text()))).map(({ length }) => length), [
      size,
      size,
      size,
    ]);
    assertEquals(run.reports.map(({ verdict }) => verdict), ["different", "different"]);
  }
});

test("an app that needs time of its host gets it", async () => {
  const slow = async (request: Request): Promise<Response> => {
    const answer = await app(request);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return answer;
  };
  (await play({ app: slow })).expectIdentical();
  (await play({ app, pace: "real" })).expectIdentical();
});

test("a conversation that is stuck does not hold up the others for ever", async () => {
  let calls = 0;
  const stuck = (request: Request): Response | Promise<Response> =>
    ++calls === 1 ? new Promise(() => {}) : app(request);
  const run = await play({ app: stuck, appTime: 20 });
  assertEquals(run.reports.map(({ verdict }) => verdict), ["impossible", "identical"]);
  assert(/^packet \d+ waits for \d+ more sequence numbers/.test(run.reports[0]!.reason!), run.reports[0]!.reason!);
});

test("a recording that lacks packets, or cuts them, is impossible where nothing else differs", async () => {
  const capture = readPcap(readFileSync(HTTP));
  const late = await play({ app });
  assertEquals(late.identical, true);
  const lacking = { ...capture, packets: capture.packets.filter(({ number }) => number !== 12 && number !== 3) };
  const without = await replay(lacking, { as: "10.0.0.2", app, ports: [80] });
  assertEquals(without.reports.map(({ verdict }) => verdict), ["impossible", "identical"]);
  const cut = {
    ...capture,
    packets: capture.packets.map((packet) => ({ ...packet, bytes: packet.bytes.subarray(0, 96) })),
  };
  const short = await replay(cut, { as: "10.0.0.2", app });
  assertEquals(short.reports.map(({ reason }) => reason), [
    "its packets were cut short when they were recorded",
    "its packets were cut short when they were recorded",
  ]);
});

test("an app that reads an upload takes no real time while another conversation is stuck", async () => {
  const text = (size: number) => async (request: Request) =>
    new Response(`${(await request.bytes()).length}${"!".repeat(size)}`);
  const recorder = tape();
  const { left, right, run, close } = pair({ rightPlugins: [recorder.plugin] });
  right.http.serve(text(100), { port: 80 });
  const encoder = new TextEncoder();
  const say = async (conn: TcpConn, words: string) => void await run(conn.write(encoder.encode(words)));
  const [one, two] = [await run(left.tcp.connect(SERVER)), await run(left.tcp.connect(SERVER))];
  await say(one, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await run(one.read(new Uint8Array(1000)));
  await say(two, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  await run(undefined, { limit: 500 });
  await say(two, "67890");
  await run(two.read(new Uint8Array(1000)));
  await run(undefined, { limit: 500 });
  close();
  const began = performance.now();
  const replayed = await replay(recorder.pcapng(), { as: "10.0.0.2", app: text(0) });
  assertEquals(await Promise.all(replayed.responses().map((response) => response.text())), ["0", "10"]);
  const took = performance.now() - began;
  assert(took < 1500, `it took ${took} ms`);
});

test("a recording of nothing is called that, whoever is to be played", async () => {
  const capture = { ...readPcap(readFileSync(HTTP)), packets: [] };
  for (const as of [undefined, "10.0.0.2"]) {
    await assertRejects(
      () => replay(capture, as === undefined ? {} : { as }),
      TypeError,
      "replay(): there are no packets in this recording",
    );
  }
});
