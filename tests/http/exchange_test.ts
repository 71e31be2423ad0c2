import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { ServeHandlerInfo } from "../../protocols/http_server.ts";
import { app, statuses } from "./app.ts";
import { ask, bench, GET } from "./server_bench.ts";

test("the signal aborts when the client goes away, and the stream is cancelled", async () => {
  let request!: Request;
  let info!: ServeHandlerInfo;
  let cancelled: unknown;
  const { net } = bench((r, i) => {
    request = r;
    info = i;
    if (r.url.endsWith("/wait")) return new Promise(() => {});
    return new Response(
      new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)), cancel: (reason) => cancelled = reason }),
    );
  });
  const waiting = net.raw();
  waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  await net.settle();
  const { signal } = request;
  const { completed } = info;
  assert(!signal.aborted);
  waiting.connection.abort();
  await net.settle();
  assert(signal.aborted && request.signal.aborted);
  await assertRejects(() => completed, Error);
  const streaming = net.raw();
  streaming.send(GET);
  await net.settle();
  assert(streaming.received.includes("chunked"));
  streaming.connection.abort();
  await net.settle();
  assertEquals((cancelled as { code: string }).code, "ECONNRESET");
  assert(request.signal.aborted, "asked for late");
  assertEquals(net.counter("aborted"), 2);
});

test("completed resolves once the response was sent", async () => {
  let info!: ServeHandlerInfo;
  const { net } = bench((_, i) => {
    info = i;
    return new Response("x");
  });
  net.raw().send(GET);
  await net.settle();
  await info.completed;
});

test("handlers that fail are answered with 500 or by onError; one that fails late is cut off", async () => {
  const errors: unknown[] = [];
  const late = (): Response =>
    new Response(
      new ReadableStream({
        async pull(c) {
          for (let i = 0; i < 30; i++) await null;
          if (errors.length > 0) return c.error(new Error("late"));
          errors.push("first");
          c.enqueue(new Uint8Array(5));
        },
      }, { highWaterMark: 0 }),
    );
  const { net } = bench((r) => r.url.endsWith("/late") ? late() : app(r), {
    onError: (error) => {
      errors.push((error as Error).message);
      return new Response("sorry", { status: 503 });
    },
  });
  const client = net.raw();
  assert((await ask(net, client, "GET /throw HTTP/1.1\r\nHost: a\r\n\r\n")).endsWith("sorry"));
  assertEquals(statuses(await ask(net, client, "GET /reject HTTP/1.1\r\nHost: a\r\n\r\n")), [503]);
  assertEquals(statuses(await ask(net, client, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")), [503]);
  assertEquals(errors, ["the handler throws", "the handler rejects", "Handlers must return a Response, not undefined"]);
  assertEquals(statuses(await ask(net, client, GET)), [200]);
  errors.length = 0;
  const error = console.error;
  console.error = () => {};
  await ask(net, client, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  console.error = error;
  assertEquals(client.error?.code, "ECONNRESET");
});

test("without onError a handler that fails is reported, and its connection goes on", async () => {
  const reported: unknown[] = [];
  const { error } = console;
  console.error = (what) => reported.push((what as Error).message);
  const { net } = bench();
  const client = net.raw();
  const post = "POST /throw HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  const text = await ask(
    net,
    client,
    `GET /reject HTTP/1.1\r\nHost: a\r\n\r\n${post}HEAD /throw HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  console.error = error;
  assertEquals(statuses(text, ["GET", "POST", "HEAD"]), [500, 500, 500]);
  assertEquals(reported, ["the handler rejects", "the handler throws", "the handler throws"]);
  assertEquals(net.counter("handlerErrors"), 3);
  assertEquals(statuses(await ask(net, client, GET)), [200]);
});

test("the stream of a response that cannot be sent is cancelled", async () => {
  let cancelled: unknown;
  const { net } = bench(
    () =>
      new Response(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }), { headers: { a: "\x01" } }),
    { onError: () => new Response("no") },
  );
  assertEquals(statuses(await ask(net, net.raw(), GET)), [200]);
  assert(cancelled instanceof TypeError);
});
