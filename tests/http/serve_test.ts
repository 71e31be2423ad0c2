import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { Hono } from "hono";
import { httpServer, type ServeHandlerInfo } from "../../protocols/http_server.ts";
import { app, statuses } from "./app.ts";
import { FakeNet } from "./fake_tcp.ts";
import { ask, bench, GET } from "./server_bench.ts";

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
