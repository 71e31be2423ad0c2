/**
 * The app that `task start` serves: any Hono app would do.
 *
 * @module
 */

import { Hono } from "hono";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import { describePacket, Flows } from "../../plugins/trace.ts";
import type { Facts } from "./facts.ts";
import { firstPart, secondPart, type Story } from "./page.ts";
import { ConnectionRecord } from "./log.ts";
import type { Seen } from "./segments.ts";
import { measure, tell } from "./story.ts";
import { duration, endText } from "./words.ts";

/** What the server says of a request, in the shape of `Deno.ServeHandlerInfo`. */
interface Info {
  readonly remoteAddr: TcpEndpoint;
}

/** How long the page waits for the acknowledgement of its first part, in milliseconds: longer than one may be delayed. */
const PATIENCE = 100;
/** Lines of `/stream`, and milliseconds between them. */
const LINES = 10;
const PAUSE = 200;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Makes the app.
 *
 * @param facts What it knows of the network that serves it.
 * @returns The app; `net.http.serve(app)` serves it, as `Deno.serve(app.fetch)` would.
 */
export function home(facts: Facts): Hono<{ Bindings: Info }> {
  const app = new Hono<{ Bindings: Info }>();
  const began = performance.now();
  // A connection that the log has forgotten has an empty record.
  const recordOf = (remote: TcpEndpoint): ConnectionRecord =>
    facts.log.of(remote) ?? new ConnectionRecord({ hostname: "", port: 0 }, []);

  app.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });

  app.get("/", (c) => {
    const remote = c.env.remoteAddr;
    const hops = facts.hops(remote);
    // Programs that do not ask for HTML, such as curl, get the story as text.
    if (!c.req.header("accept")?.includes("text/html")) {
      return c.text(asText(facts, readStory(facts, recordOf(remote), remote)));
    }
    const first = firstPart(facts, hops, `${c.req.method} ${c.req.path}`);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(encoder.encode(String(await first)));
        await untilAcknowledged(() => recordOf(remote));
        controller.enqueue(encoder.encode(String(await secondPart(facts, readStory(facts, recordOf(remote), remote)))));
        controller.close();
      },
    });
    return c.body(body, 200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:",
    });
  });

  app.get("/api/stats", (c) =>
    c.json({
      version: facts.version,
      runtime: facts.runtime,
      uptime: Math.round(performance.now() - began) / 1000,
      counters: facts.net.counters(),
    }));

  app.get("/api/connection", (c) => {
    const remote = c.env.remoteAddr;
    const { local, totals, durations, steps, missing, lines } = readStory(facts, recordOf(remote), remote);
    return c.json({
      local,
      remote: { hostname: remote.hostname, port: remote.port },
      roundTripTime: facts.roundTripTime(remote),
      hops: facts.hops(remote),
      ...durations,
      ...totals,
      missing,
      packets: steps.map((step, i) => ({ ...step, line: lines[i] })),
    });
  });

  app.get("/stream", (c) => {
    let line = 0;
    const since = performance.now();
    const body = new ReadableStream<string>({
      async pull(controller) {
        if (line > 0) await sleep(PAUSE);
        line++;
        controller.enqueue(`line ${line} of ${LINES} at ${duration(performance.now() - since)}\n`);
        if (line === LINES) controller.close();
      },
    }, { highWaterMark: 0 });
    return c.body(body.pipeThrough(new TextEncoderStream()), 200, { "content-type": "text/plain; charset=utf-8" });
  });

  app.all(
    "/echo",
    (c) =>
      new Response(c.req.raw.body, {
        headers: { "content-type": c.req.header("content-type") ?? "application/octet-stream" },
      }),
  );

  app.get("/capture.pcapng", (c) => c.body(facts.recent.pcapng(), 200, { "content-type": "application/x-pcapng" }));

  return app;
}

/** Waits until everything that the server sent since the last request is acknowledged, but not for long. */
async function untilAcknowledged(look: () => ConnectionRecord): Promise<void> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(2)) {
    let sent = -1;
    let acknowledged = 0;
    for (const one of [...look().first, ...look().last]) {
      if (one.kind !== "tcp") continue;
      if (!one.sent && one.line !== "") sent = -1;
      if (one.sent && one.length > 0) sent = one.seq + one.length;
      else if (!one.sent) acknowledged = one.ack;
    }
    if (sent >= 0 && acknowledged >= sent) return;
  }
}

function readStory(facts: Facts, record: ConnectionRecord, remote: TcpEndpoint): Story {
  const flows = new Flows();
  const line = ({ sent, size, bytes }: Seen): string => {
    // The headers of the whole are what is described, whatever was kept of its data.
    const whole = new Uint8Array(size);
    whole.set(bytes);
    return `${sent ? "Out" : "In "} ${describePacket(whole, facts.medium, flows)}`;
  };
  return {
    remote,
    local: record.local,
    totals: record.totals,
    durations: measure(record),
    steps: tell(record),
    missing: record.skipped,
    // Made only for who shows them.
    get lines() {
      return [...record.first, ...record.last].map(line);
    },
  };
}

function asText(facts: Facts, { steps, remote, local }: Story): string {
  const ends = `${endText(remote)} and ${endText(local)}`;
  const lines = steps.map(({ at, sent, label, text }) =>
    `${duration(at).padStart(9)} ${sent ? "<--" : "-->"} ${label.padEnd(16)} ${text}`
  );
  return `This answer comes from bonsai ${facts.version}, a TCP/IP stack in TypeScript, on ${facts.runtime}.
${facts.sentence}

The packets between ${ends} up to this answer:

${lines.join("\n")}

More: / in a browser, /api/connection, /api/stats, /stream, /echo, /capture.pcapng
`;
}
