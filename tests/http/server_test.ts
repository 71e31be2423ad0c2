import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { Hono } from "hono";
import { seededRandom } from "../../core/random.ts";
import { httpServer, type HttpServing } from "../../protocols/http_server.ts";
import type { ServeHandler, ServeHandlerInfo, ServeOptions } from "../../protocols/http_server.ts";
import { app, statuses } from "./app.ts";
import { FakeNet, type RawClient } from "./fake_tcp.ts";

function bench(handler: ServeHandler = app, options: ServeOptions = {}): { net: FakeNet; http: HttpServing } {
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  http.serve(handler, { port: 80, ...options });
  return { net, http };
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function ask(net: FakeNet, client: RawClient, text: string): Promise<string> {
  client.send(text);
  await net.settle();
  return client.take();
}

test("the arguments of serve come in every shape that Deno.serve knows, and as an app", async () => {
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  const handler = () => new Response("x");
  let listening: unknown;
  const first = http.serve(handler, { port: 81, onListen: (addr) => listening = addr });
  assertEquals(listening, { transport: "tcp", hostname: "0.0.0.0", port: 81 });
  assertEquals(first.addr, { transport: "tcp", hostname: "0.0.0.0", port: 81 });
  http.serve({ port: 82 }, handler);
  http.serve({ port: 83, handler });
  http.serve({ fetch: handler }, { port: 84 });
  http.serve({ port: 85 }, { fetch: handler });
  http.serve(handler);
  for (const port of [81, 82, 83, 84, 85, 8000]) {
    assertEquals(statuses(await ask(net, net.raw(port), GET)), [200]);
  }
  assertThrows(() => http.serve({ port: 86 } as never), TypeError, "a handler is required");
  assertThrows(() => http.serve(handler, { port: -1 }), RangeError, 'option "port"');
  assertThrows(() => http.serve(handler, { ports: 1 } as never), TypeError, "there is no option");
  assertThrows(() => http.serve(handler, { port: 81 }), Error, "in use");
});

test("a Hono app learns who asks by getConnInfo of hono/deno", async () => {
  // Its module does not load elsewhere; this is all that it does.
  const { getConnInfo } = "Deno" in globalThis ? await import("hono/deno") : {
    getConnInfo: ({ env }: { env: { remoteAddr: ServeHandlerInfo["remoteAddr"] } }) => {
      const { hostname: address, port, transport } = env.remoteAddr;
      return { remote: { address, port, transport } };
    },
  };
  const hono = new Hono<{ Bindings: ServeHandlerInfo }>();
  hono.get("/who", (c) => c.json(getConnInfo(c as never)));
  hono.get("/header", (c) => c.text(c.req.header("x-a") ?? ""));
  hono.post("/json", async (c) => c.json({ got: await c.req.json() }));
  hono.post("/form", async (c) => c.json(await c.req.parseBody()));
  hono.get("/stream", (c) => c.body(new Blob(["abc"]).stream()));
  hono.get("/clone", (c) => c.text(new Request(c.req.raw, { headers: { a: "b" } }).url + c.req.raw.clone().method));
  const { net } = bench((request, info) => hono.fetch(request, info));
  const client = net.raw();
  assert(
    (await ask(net, client, "GET /who HTTP/1.1\r\nHost: a\r\n\r\n")).includes(
      '"address":"10.0.0.1","port":50000,"transport":"tcp"',
    ),
  );
  assert((await ask(net, client, "GET /header HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n")).endsWith("\r\n\r\nb"));
  assert(
    (await ask(net, client, 'POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{"a":1}')).endsWith(
      '{"got":{"a":1}}',
    ),
  );
  const form =
    "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\na=1&b=2";
  assert((await ask(net, client, form)).endsWith('{"a":"1","b":"2"}'));
  assert((await ask(net, client, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")).includes("abc"));
  assert((await ask(net, client, "GET /clone HTTP/1.1\r\nHost: a\r\n\r\n")).endsWith("http://a/cloneGET"));
  assertEquals(statuses(await ask(net, client, "HEAD /who HTTP/1.1\r\nHost: a\r\n\r\n"), ["HEAD"]), [200]);
});

test("a request is an instance of Request, and can be made into another", async () => {
  const seen: unknown[] = [];
  const { net } = bench(async (request) => {
    assert(request instanceof Request);
    assertEquals(request.method, "POST");
    assertEquals(request.url, "http://a/b?c");
    assertEquals(request.headers.get("content-type"), "text/plain");
    assertEquals([request.redirect, request.bodyUsed], ["follow", false]);
    assertEquals(Object.prototype.toString.call(request), "[object Request]");
    const copy = new Request(request, { method: request.method, headers: { x: "y" } });
    assertEquals([copy.method, copy.url, copy.headers.get("x")], ["POST", "http://a/b?c", "y"]);
    seen.push(await copy.text(), request.bodyUsed);
    return new Response();
  });
  const answer = await ask(
    net,
    net.raw(),
    "POST /b?c HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
  );
  assertEquals(statuses(answer), [200]);
  assertEquals(seen, ["abc", true]);
});

test("a body is read once, as text, JSON, bytes, buffer, blob and form", async () => {
  const { net } = bench(async (request) => {
    const kind = request.url.slice("http://a/".length) as "text";
    const value: unknown = await request[kind]();
    assert(request.bodyUsed);
    await assertRejects(() => request.text(), TypeError);
    if (value instanceof Blob) return new Response(`blob ${value.type} ${await value.text()}`);
    if (value instanceof FormData) return new Response(`form ${value.get("a")}`);
    if (value instanceof ArrayBuffer) return new Response(`buffer ${value.byteLength}`);
    if (value instanceof Uint8Array) return new Response(`bytes ${value.length}`);
    return new Response(typeof value === "string" ? value : JSON.stringify(value));
  });
  const client = net.raw();
  const send = (kind: string, type: string, text: string) =>
    ask(
      net,
      client,
      `POST /${kind} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  assert((await send("text", "a/b", "\xc3\xa4")).endsWith("\xc3\xa4"));
  assert((await send("json", "a/b", "[1]")).endsWith("[1]"));
  assert((await send("bytes", "a/b", "abc")).endsWith("bytes 3"));
  assert((await send("arrayBuffer", "a/b", "abc")).endsWith("buffer 3"));
  assert((await send("blob", "a/b", "abc")).endsWith("blob a/b abc"));
  assert((await send("formData", "application/x-www-form-urlencoded", "a=1")).endsWith("form 1"));
});

test("what the app does not read stays with TCP", async () => {
  let resume = (): void => {};
  let size = 0;
  const { net } = bench(async (request) => {
    const reader = request.body!.getReader();
    await new Promise<void>((resolve) => resume = resolve);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Response(String(size));
      size += value.length;
    }
  });
  const client = net.raw();
  client.connection.window = 10_000;
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n");
  await net.settle();
  let left = 30_000;
  const push = async (): Promise<void> => {
    while (left > 0) {
      const sent = client.connection.write(new Uint8Array(left));
      if (sent === 0) return;
      left -= sent;
      await net.settle();
    }
  };
  await push();
  assertEquals([size, left], [0, 20_000]);
  resume();
  await net.settle();
  await push();
  assertEquals([size, left], [30_000, 0]);
  assert(client.take().endsWith("\r\n\r\n30000"));
});

test("a stream is not read faster than the client takes it", async () => {
  let pulled = 0;
  const { net } = bench(() =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          for (let i = 0; i < 20; i++) await null;
          if (++pulled > 100) controller.close();
          else controller.enqueue(new Uint8Array(1000));
        },
      }, { highWaterMark: 0 }),
    )
  );
  const client = net.raw();
  client.connection.peer.window = 5000;
  client.reading = false;
  client.send(GET);
  await net.settle();
  assert(pulled < 10, `${pulled}`);
  client.reading = true;
  client.readable();
  await net.settle();
  for (let i = 0; i < 100 && pulled < 100; i++) await net.settle();
  assertEquals(pulled, 101);
  assert(client.received.endsWith("\r\n0\r\n\r\n"));
  assertEquals(statuses(client.received), [200]);
});

test("a large body in memory waits for the client too", async () => {
  for (const body of [new Uint8Array(300_000), "ä".repeat(150_000)]) {
    const { net } = bench(() => new Response(body));
    const client = net.raw();
    client.connection.peer.window = 5000;
    client.send(GET + GET);
    for (let i = 0; i < 300; i++) await net.settle();
    assertEquals(statuses(client.received), [200, 200]);
    assertEquals(net.counter("responses"), 2);
  }
});

test("a client that takes nothing of a response is given up", async () => {
  const { net } = bench(() => new Response(new Uint8Array(300_000)), { writeTimeout: 1000 });
  const client = net.raw();
  client.connection.peer.window = 5000;
  client.reading = false;
  client.send(GET);
  await net.pass(900);
  assert(!client.over);
  await net.pass(200);
  assertEquals(client.error?.code, "ECONNRESET");
  assertEquals(net.counter("timeouts"), 1);
});

test("100 is sent when the handler reads, and not before", async () => {
  let read = (): void => {};
  const { net } = bench(async (request) => {
    await new Promise<void>((resolve) => read = resolve);
    return new Response(await request.text());
  });
  const client = net.raw();
  assertEquals(
    await ask(net, client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
    "",
  );
  read();
  await net.settle();
  assertEquals(client.take(), "HTTP/1.1 100 Continue\r\n\r\n");
  assert((await ask(net, client, "abc")).endsWith("\r\n\r\nabc"));
  // Where the content has come already, nobody waits for 100.
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
  await net.settle();
  read();
  await net.settle();
  assertEquals(statuses(client.take()), [200]);
});

test("the times of each phase", async () => {
  const { net } = bench((request) => request.text().then((text) => new Response(text)), {
    headTimeout: 1000,
    idleTimeout: 5000,
    contentTimeout: 2000,
    lingerTimeout: 500,
  });
  // No request: closes in silence.
  const idle = net.raw();
  await net.pass(4999);
  assert(!idle.ended);
  await net.pass(1);
  assertEquals([idle.ended, idle.received], [true, ""]);
  // Part of a head, however it trickles.
  const slow = net.raw();
  slow.send("GET / HT");
  for (let i = 0; i < 9; i++) {
    await net.pass(100);
    slow.send("T");
  }
  assertEquals(slow.received, "");
  await net.pass(100);
  assertEquals(statuses(slow.received), [408]);
  assert(slow.ended);
  // Part of the content, then nothing.
  const stalled = net.raw();
  stalled.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  await net.pass(1900);
  stalled.send("d");
  await net.pass(1900);
  assertEquals(stalled.received, "");
  await net.pass(200);
  assertEquals(statuses(stalled.received), [408]);
  // Between requests.
  const kept = net.raw();
  kept.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
  await net.pass(4900);
  assertEquals(statuses(kept.take()), [200]);
  kept.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
  await net.pass(4900);
  assertEquals(statuses(kept.take()), [200]);
  await net.pass(200);
  assert(kept.ended);
  // Whoever does not close his side gets a reset in the end.
  await net.pass(1000);
  for (const client of [idle, slow, stalled, kept]) {
    assert(client.connection.peer.closed || client.connection.peer.readClosed);
  }
});

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

test("what cannot be sent is a failure of the handler", async () => {
  const used = new Response("x");
  await used.text();
  const answers: Record<string, () => Response> = {
    used: () => used,
    control: () => new Response("x", { headers: { a: "b\x01c" } }),
    error: () => Response.error(),
    chunk: () => new Response(new ReadableStream({ start: (c) => (c.enqueue("text" as never), c.close()) })),
    broken: () => new Response(new ReadableStream({ start: (c) => c.error(new Error("broken")) })),
  };
  const { net } = bench((r) => answers[r.url.slice(9)]!(), { onError: () => new Response("", { status: 500 }) });
  for (const name of Object.keys(answers)) {
    const client = net.raw();
    assertEquals(statuses(await ask(net, client, `GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`)), [500], name);
  }
});

test("fields of a response: set-cookie stays apart, the framing is ours, the date may be the app's", async () => {
  const { net } = bench(() => {
    const headers = new Headers({
      date: "x",
      "content-length": "99",
      "transfer-encoding": "chunked",
      "keep-alive": "a",
      etag: "\xe4",
    });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response("abc", { headers, status: 299, statusText: "So so" });
  });
  const text = await ask(net, net.raw(), GET);
  assert(text.startsWith("HTTP/1.1 299 So so\r\n"));
  for (const line of ["date: x", "set-cookie: a=1", "set-cookie: b=2", "etag: \xe4", "content-length: 3"]) {
    assertEquals(text.toLowerCase().split(`\r\n${line}\r\n`).length, 2, line);
  }
  assert(!/transfer-encoding|keep-alive|99\r/i.test(text));
});

test("a date is sent where the clock knows it, once a second", async () => {
  const { net } = bench();
  (net.clock as { origin?: number }).origin = 784_111_777_000;
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  http.serve(app, { port: 81 });
  const client = net.raw(81);
  assert((await ask(net, client, GET)).includes("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  await net.pass(1500);
  assert((await ask(net, client, GET)).includes("\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
});

test("the length that the app says of a stream is held to", async () => {
  const error = console.error;
  console.error = () => {};
  for (const [said, status] of [[10, 200], [9, 0], [11, 0]] as const) {
    const { net } = bench(() => {
      const stream = new ReadableStream({
        async pull(c) {
          for (let i = 0; i < 40; i++) await null;
          c.enqueue(new Uint8Array(10));
          c.close();
        },
      }, { highWaterMark: 0 });
      return new Response(stream, { headers: { "content-length": String(said) } });
    });
    const client = net.raw();
    const text = await ask(net, client, GET);
    if (status) assertEquals([statuses(text), client.over], [[200], false]);
    else assertEquals(client.error?.code, "ECONNRESET");
  }
  console.error = error;
});

test("limits: content, requests on a connection, connections", async () => {
  const { net } = bench((r) => r.text().then((text) => new Response(text)), {
    maxContent: 5,
    maxRequests: 2,
    maxConnections: 2,
  });
  const large = net.raw();
  assertEquals(statuses(await ask(net, large, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")), [413]);
  const chunks = net.raw();
  assertEquals(
    statuses(
      await ask(net, chunks, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\n"),
    ),
    [413],
  );
  const third = net.raw();
  await net.settle();
  assertEquals(third.error?.code, "ECONNRESET");
  await net.pass(5000);
  const many = net.raw();
  assertEquals(statuses(await ask(net, many, GET + GET + GET)), [200, 200]);
  assert(many.ended);
});

test("content that nobody reads is drained up to a limit", async () => {
  const { net } = bench(() => new Response("no"), { drainLimit: 1000 });
  const little = net.raw();
  assertEquals(
    statuses(
      await ask(net, little, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${"x".repeat(1000)}${GET}`),
    ),
    [200, 200],
  );
  const much = net.raw();
  const text = await ask(net, much, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${"x".repeat(3000)}`);
  assert(text.includes("Connection: close"));
  assert(much.ended && !much.over);
  const chunks = net.raw();
  await ask(net, chunks, `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n${"x".repeat(3000)}`);
  assert(chunks.ended);
});

test("shutdown lets requests finish and closes idle connections; abort does not wait", async () => {
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  let answer = (_: Response): void => {};
  const server = http.serve(() => new Promise<Response>((resolve) => answer = resolve), { port: 80 });
  const idle = net.raw();
  const busy = net.raw();
  busy.send(GET);
  await net.settle();
  let finished = false;
  void server.shutdown().then(() => finished = true);
  await net.settle();
  assert(idle.ended);
  idle.end();
  await net.settle();
  assert(!finished);
  assertEquals((await net.settle(), net.raw().error), null);
  answer(new Response("x"));
  await net.settle();
  assert(busy.take().includes("Connection: close"));
  busy.end();
  await net.settle();
  assert(finished);
  const control = new AbortController();
  const other = http.serve(() => new Promise<Response>(() => {}), { port: 81, signal: control.signal });
  const client = net.raw(81);
  client.send(GET);
  await net.settle();
  control.abort();
  await net.settle();
  assertEquals(client.error?.code, "ECONNRESET");
  await other.finished;
  const third = http.serve(app, { port: 82 });
  for (const close of net.closers) close();
  await third.finished;
});

test("a full-duplex echo", async () => {
  const { net } = bench((request) => new Response(request.body));
  const client = net.raw();
  await ask(net, client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send("3\r\nabc\r\n");
  await net.settle();
  assert(client.received.endsWith("3\r\nabc\r\n"));
  client.send("2\r\nde\r\n");
  await net.settle();
  assert(client.received.endsWith("2\r\nde\r\n"));
  client.send("0\r\n\r\n");
  await net.settle();
  assert(client.received.endsWith("2\r\nde\r\n0\r\n\r\n"));
});

test("mutated requests: every connection is answered or ends, nothing is thrown, nothing is left", async () => {
  const random = seededRandom(20_260_101);
  const below = (n: number): number => (random() >>> 0) % n;
  const seeds = [
    GET,
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nabcde\r\n0\r\nA: b\r\n\r\n",
    "GET http://b/url HTTP/1.0\r\nConnection: keep-alive, x\r\nCookie: a\r\nCookie: b\r\n\r\n",
    "POST /pipe HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nX: \xe4\r\n\r\n",
    "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
  ];
  const spice = [
    "\r",
    "\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "f",
    "+",
    "\x7f",
    "\xff",
    "chunked",
    "Content-Length: 3\r\n",
    "Host: b\r\n",
    "Transfer-Encoding: chunked\r\n",
  ];
  const mutate = (text: string): string => {
    for (let n = below(4); n >= 0; n--) {
      const at = below(text.length + 1);
      switch (below(5)) {
        case 0:
          text = text.slice(0, at) + spice[below(spice.length)] + text.slice(at);
          break;
        case 1:
          text = text.slice(0, at) + text.slice(at + 1 + below(8));
          break;
        case 2:
          text = text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
          break;
        case 3:
          text += seeds[below(seeds.length)];
          break;
        default:
          text = text.slice(0, at) + text.slice(at, at + below(20)) + text.slice(at);
      }
    }
    return text;
  };
  const { net } = bench(app, { onError: () => new Response("", { status: 500 }) });
  net.segment = (size) => below(3) ? size : 1 + below(size);
  const valid = new Set([100, 200, 204, 400, 404, 405, 408, 413, 414, 417, 421, 431, 500, 501, 505]);
  for (let round = 0; round < 500; round++) {
    const clients = Array.from({ length: 100 }, () => {
      const client = net.raw();
      client.send(mutate(seeds[below(seeds.length)]!));
      if (below(2)) client.end();
      return client;
    });
    await net.settle();
    for (const client of clients) client.end();
    await net.settle();
    for (const client of clients) {
      assert(client.over || client.ended, "it ends when the client does");
      for (const [, status] of client.received.matchAll(/(?:^|\n)HTTP\/1\.1 (\d+) /g)) {
        assert(valid.has(Number(status)), status);
      }
    }
    net.clock.advance(3000);
    net.timers.run(net.clock.now());
    await net.settle();
    assertEquals(net.connections.length, 0);
  }
  assertEquals(net.reported, []);
  assert(net.timers.size < 300, `${net.timers.size} timers`);
});
