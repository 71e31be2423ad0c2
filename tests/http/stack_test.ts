/** HTTP over the real TCP, in virtual time. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import type { Plugin } from "../../core/driver.ts";
import type { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { impair } from "../../plugins/impair.ts";
import { type Http, http } from "../../protocols/http.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { type Tcp, tcp, type TcpOptions } from "../../protocols/tcp.ts";
import { app, statuses } from "./app.ts";
import { RAW_CASES } from "./raw_cases.ts";

interface Pair {
  clock: ManualClock;
  a: Stack<{ http: Http; tcp: Tcp }>;
  b: Stack<{ http: Http; tcp: Tcp }>;
  run<T>(until: Promise<T>, limit?: number): Promise<T>;
  close(): Promise<void>;
}

function pair(plugins: Plugin[] = [], options: TcpOptions = {}): Pair {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const make = (driver: typeof left, address: string, seed: number) =>
    stack({ driver, clock, random: seededRandom(seed), plugins, protocols: [ipv4({ address }), tcp(options), http()] });
  const a = make(left, "10.0.0.1/24", 1);
  const b = make(right, "10.0.0.2/24", 2);
  return {
    clock,
    a,
    b,
    run: (until, limit = 600_000) => simulate(clock, [a, b], { until, limit }),
    async close() {
      await simulate(clock, [a, b], { limit: 300_000 });
      for (const net of [a, b]) {
        const { connections, timeWait } = net.counters().tcp as Record<string, number>;
        assertEquals([connections, timeWait, net.packetsTaken], [0, 0, 0]);
        net.close();
      }
    },
  };
}

test("http over tcp: pages, echoes and streams", async () => {
  const { a, b, run, close } = pair();
  b.http.serve(app, { port: 80 });
  await run((async () => {
    const text = async (path: string, init?: RequestInit): Promise<string> =>
      (await a.http.fetch(`http://10.0.0.2${path}`, init)).text();
    assertEquals(await text("/"), "hello");
    assertEquals(await text("/echo", { method: "POST", body: "abc" }), "abc");
    assertEquals((await text("/stream")).length, 10_000);
    const many = await Promise.all(Array.from({ length: 100 }, (_, i) => text(`/url/${i}`)));
    assertEquals(many[99], "http://10.0.0.2/url/99");
  })());
  await close();
});

test("http over tcp: 5 MB each way, small windows and a bad network", async () => {
  const { a, b, run, close } = pair([impair({ loss: 0.01, delay: 5, jitter: 2 })], {
    sendBuffer: 65_536,
    receiveBuffer: 65_536,
  });
  b.http.serve((request) => new Response(request.body), { port: 80 });
  const random = seededRandom(9);
  const bytes = Uint8Array.from({ length: 5_000_000 }, () => random());
  const back = await run((async () => {
    let at = 0;
    const body = new ReadableStream({
      pull(c) {
        if (at === bytes.length) return c.close();
        c.enqueue(bytes.subarray(at, at += 50_000));
      },
    });
    const response = await a.http.fetch("http://10.0.0.2/", { method: "POST", body, duplex: "half" } as RequestInit);
    return response.bytes();
  })());
  assertEquals(back.length, bytes.length);
  assert(back.every((octet, i) => octet === bytes[i]));
  await close();
});

test("http over tcp: a client that goes away aborts the request; a refused port; shutdown", async () => {
  const { a, b, run, close } = pair();
  const asked = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<Event>();
  const server = b.http.serve((request) => {
    request.signal.addEventListener("abort", aborted.resolve);
    asked.resolve();
    return new Promise(() => {});
  }, { port: 80 });
  await run((async () => {
    const control = new AbortController();
    const waiting = a.http.fetch("http://10.0.0.2/", { signal: control.signal });
    await asked.promise;
    control.abort();
    await assertRejects(() => waiting);
    await aborted.promise;
    const refused = await assertRejects(() => a.http.fetch("http://10.0.0.2:81/"));
    assertEquals((refused as NetError).code, "ECONNREFUSED");
    await server.shutdown();
  })());
  await close();
});

test("http over tcp: closing the stack ends its servers and fetches", async () => {
  const { a, b, run } = pair();
  const server = b.http.serve(() => new Promise(() => {}), { port: 80 });
  const failed = assertRejects(() => a.http.fetch("http://10.0.0.2/"));
  for (let i = 0; i < 20; i++) for (const net of [a, b]) net.poll();
  b.close();
  await server.finished;
  await run(failed);
  a.close();
});

test("http over tcp: every raw case, in whole and byte by byte", async () => {
  const { clock, a, b, close } = pair();
  b.http.serve(app, { port: 80, onError: () => new Response("", { status: 500 }) });
  for (const raw of RAW_CASES) {
    for (const piece of raw.send.length < 500 ? [raw.send.length, 1] : [raw.send.length]) {
      let received = "";
      let ended = false;
      let failed: NetError | null = null;
      const connection = a.tcp.open({ hostname: "10.0.0.2", port: 80 }, {
        readable(c) {
          const bytes = new Uint8Array(c.readable);
          c.read(bytes);
          for (const octet of bytes) received += String.fromCharCode(octet);
          ended ||= c.readEnded;
        },
        closed: (_, error) => failed = error,
      });
      connection.setNoDelay(true);
      for (let at = 0; at < raw.send.length; at += piece) {
        connection.write(Uint8Array.from(raw.send.slice(at, at + piece), (c) => c.charCodeAt(0)));
        if (piece < raw.send.length) { for (let i = 0; i < 4; i++) for (const net of [a, b]) net.poll(); }
      }
      if (raw.end) connection.closeWrite();
      await simulate(clock, [a, b], { limit: 1000 });
      const label = `${raw.name}: ${received.slice(0, 200)}`;
      const methods = raw.send.split("\r\n\r\n").map((head) => head.trimStart().split(" ")[0]!);
      const found = statuses(received, methods);
      if (raw.rest !== undefined && found.length > raw.status.length) assertEquals(found.pop(), raw.rest, label);
      assertEquals(found.length, raw.status.length, label);
      raw.status.forEach((status, i) => assert([status].flat().includes(found[i]!), label));
      if (raw.closes !== undefined) assertEquals(ended, raw.closes, label);
      assertEquals(failed, null, "no reset destroys the response");
      connection.close();
    }
  }
  await close();
});
