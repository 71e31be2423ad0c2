import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import type { TcpConnection } from "../../protocols/tcp.ts";
import { app } from "./app.ts";
import { bench, get, script } from "./client_bench.ts";
import { randomSegments } from "./fake_tcp.ts";

test("fetch: against our own server, whatever the pieces", async () => {
  for (const segment of [(size: number) => size, () => 1, randomSegments(seededRandom(3), 50)]) {
    const { net, http } = bench();
    net.segment = segment;
    http.serve(app, { port: 80 });
    const text = async (path: string, init?: RequestInit): Promise<string> => {
      const response = await get(net, http.fetch(`http://10.0.0.2${path}`, init));
      assertEquals(response.url, `http://10.0.0.2${path}`);
      return get(net, response.text());
    };
    assertEquals(await text("/"), "hello");
    assertEquals(await text("/echo", { method: "POST", body: "abc" }), "abc");
    assertEquals(await text("/echo", { method: "PUT", body: new Uint8Array([97]) }), "a");
    assertEquals(await text("/pipe", { method: "POST", body: new Blob(["abc"]) }), "abc");
    assertEquals(await text("/echo", { method: "POST", body: new URLSearchParams({ a: "b" }) }), "a=b");
    assertEquals((await text("/stream")).length, 10_000);
    assertEquals(await text("/", { method: "HEAD" }), "");
    assertEquals(await text("/empty"), "");
    assertEquals(await text("/header/x", { headers: { x: "y" } }), "y");
    assertEquals(await text("/url?a#b".slice(0, 6)), "http://10.0.0.2/url?a");
    let left = 5;
    const body = new ReadableStream({
      async pull(c) {
        for (let i = 0; i < 30; i++) await null;
        if (left-- === 0) c.close();
        else c.enqueue(new Uint8Array([97, 98]));
      },
    });
    assertEquals(await text("/pipe", { method: "POST", body, duplex: "half" } as RequestInit), "ababababab");
    assertEquals(net.opened, 1, "all over one connection");
    await net.pass(20_000);
    assertEquals(net.connections.length, 0, "the idle one closes");
  }
});

test("fetch: what is sent", async () => {
  const { net, http } = bench();
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const seen = script(net, ok, ok, ok);
  await get(
    net,
    http.fetch("http://10.0.0.2/a?b#c", {
      headers: { "X-A": "\xe4", connection: "close", "content-length": "7", te: "x" },
    }),
  );
  await get(
    net,
    http.fetch("http://10.0.0.2", { method: "POST", headers: { accept: "a/b", "accept-encoding": "identity" } }),
  );
  await get(net, http.fetch("http://10.0.0.2", { method: "POST", body: "ä" }));
  assertEquals(
    seen[0],
    "GET /a?b HTTP/1.1\r\nHost: 10.0.0.2\r\nx-a: \xe4\r\naccept: */*\r\naccept-encoding: gzip, deflate\r\n\r\n",
  );
  assertEquals(
    seen[1],
    "POST / HTTP/1.1\r\nHost: 10.0.0.2\r\naccept: a/b\r\naccept-encoding: identity\r\nContent-Length: 0\r\n\r\n",
  );
  assert(seen[2]!.endsWith("\r\nContent-Length: 2\r\n\r\n\xc3\xa4"));
});

test("fetch: nobody listens, a scheme that is not http, a name that nobody resolves", async () => {
  const { net, http } = bench();
  assertEquals((await assertRejects(() => get(net, http.fetch("http://10.0.0.2/"))) as NetError).code, "ECONNREFUSED");
  await assertRejects(() => http.fetch("https://10.0.0.2/"), TypeError, 'its scheme is not "http:"');
  await assertRejects(() => http.fetch("no url"), TypeError);
  assertEquals((await assertRejects(() => get(net, http.fetch("http://a.test/"))) as NetError).code, "ENOTFOUND");
  const named = bench({}, {
    lookup: (name) => Promise.resolve([name === "a.test" ? "10.0.0.2" : "10.0.0.3"]),
    async connect(name, attempt, signal) {
      return attempt((await this.lookup(name))[0]!, signal!);
    },
  });
  named.http.serve(app, { port: 80 });
  const response = await get(named.net, named.http.fetch("http://a.test/url"));
  assertEquals(await response.text(), "http://a.test/url");
});

test("fetch: redirects", async () => {
  const { net, http } = bench();
  const to = (status: number, location: string): Response => new Response(null, { status, headers: { location } });
  http.serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/end") {
      return new Response(`${request.method} ${await request.text()} ${request.headers.get("content-type")}`);
    }
    if (pathname === "/loop") return to(302, "/loop");
    if (pathname === "/scheme") return to(302, "ftp://a/");
    if (pathname === "/none") return new Response("stay", { status: 302 });
    return to(Number(pathname.slice(1)), "../end#x");
  }, { port: 80 });
  const fetched = (path: string, init?: RequestInit): Promise<Response> =>
    get(net, http.fetch(`http://10.0.0.2${path}`, init));
  const text = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await fetched(path, init);
    assert(response.redirected);
    assertEquals(response.url, "http://10.0.0.2/end");
    return await get(net, response.text());
  };
  const post = { method: "POST", body: "abc" };
  assertEquals(await text("/301"), "GET  null");
  assertEquals(await text("/301", post), "GET  null");
  assertEquals(await text("/302", post), "GET  null");
  assertEquals(await text("/303", { method: "PUT", body: "abc" }), "GET  null");
  assert((await text("/307", post)).startsWith("POST abc "));
  assert((await text("/308", { ...post, method: "PUT" })).startsWith("PUT abc "));
  assertEquals((await fetched("/302", { redirect: "manual" })).status, 302);
  await assertRejects(() => fetched("/302", { redirect: "error" }), TypeError, "it redirects");
  await assertRejects(() => fetched("/loop"), TypeError, "more than 20 redirects");
  await assertRejects(() => fetched("/scheme"), TypeError, "scheme");
  assertEquals((await fetched("/none")).status, 302);
});

test("fetch: signals, before, while waiting, and within the content", async () => {
  const { net, http } = bench();
  http.serve(
    (request) =>
      request.url.endsWith("/wait")
        ? new Promise(() => {})
        : new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(3)) })),
    { port: 80 },
  );
  await assertRejects(
    () => http.fetch("http://10.0.0.2/", { signal: AbortSignal.abort(new Error("early")) }),
    Error,
    "early",
  );
  for (const init of [{}, { method: "POST", body: "abc" }]) {
    const soon = new AbortController();
    const fetched = http.fetch("http://10.0.0.2/", { ...init, signal: soon.signal });
    soon.abort(new Error("soon"));
    await assertRejects(() => get(net, fetched), Error, "soon");
  }
  await net.settle();
  assertEquals(net.counter("requests"), 0, "nothing was sent");
  const waiting = new AbortController();
  const promise = http.fetch("http://10.0.0.2/wait", { signal: waiting.signal });
  await net.settle();
  waiting.abort(new Error("bored"));
  await assertRejects(() => get(net, promise), Error, "bored");
  const reading = new AbortController();
  const response = await get(net, http.fetch("http://10.0.0.2/", { signal: reading.signal }));
  const text = response.text();
  await net.settle();
  reading.abort(new Error("enough"));
  await assertRejects(() => get(net, text), Error, "enough");
  await net.settle();
  assertEquals(net.connections.length, 0);
  assertEquals(net.counter("aborted"), 2);
});

test("fetch: a signal that aborts on the way to an idle connection", async () => {
  const { net, http } = bench();
  http.serve(() => new Response("abc"), { port: 80 });
  assertEquals(await (await get(net, http.fetch("http://10.0.0.2/"))).text(), "abc");
  const soon = new AbortController();
  const fetched = http.fetch("http://10.0.0.2/", { signal: soon.signal });
  soon.abort(new Error("soon"));
  await assertRejects(() => get(net, fetched), Error, "soon");
  await net.settle();
  assertEquals(net.counter("requests"), 1);
});

test("fetch: a body that is not needed any more is cancelled at once, not with its next chunk", async () => {
  for (const listens of [true, false]) {
    const { net, http } = bench();
    if (listens) script(net, (connection) => connection.abort());
    let cancelled = false;
    const body = new ReadableStream({
      start: (c) => c.enqueue(new Uint8Array(3)),
      cancel: () => void (cancelled = true),
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    await assertRejects(() => get(net, http.fetch("http://10.0.0.2/", init)));
    await net.settle();
    assert(cancelled);
  }
});

test("fetch: cancelling a body closes its connection", async () => {
  const { net, http } = bench();
  http.serve(() => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(3)) })), { port: 80 });
  const response = await get(net, http.fetch("http://10.0.0.2/"));
  await response.body!.cancel();
  await net.settle();
  assertEquals(net.connections.length, 0);
});

test("fetch: a body that is not read holds the server back", async () => {
  const { net, http } = bench();
  let pulled = 0;
  http.serve(() =>
    new Response(
      new ReadableStream({
        async pull(c) {
          for (let i = 0; i < 20; i++) await null;
          if (pulled++ === 100) return c.close();
          c.enqueue(new Uint8Array(100_000));
        },
      }, { highWaterMark: 0 }),
    ), { port: 80 });
  const response = await get(net, http.fetch("http://10.0.0.2/"));
  await net.settle();
  assert(pulled < 25, `${pulled}`);
  assertEquals((await get(net, response.bytes())).length, 10_000_000);
});

test("fetch: an idle connection that is stale is replaced, for what may be sent twice", async () => {
  const { net, http } = bench();
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const drop = (connection: TcpConnection): void => connection.abort();
  script(net, ok, drop, ok, drop, "never");
  await get(net, http.fetch("http://10.0.0.2/"));
  assertEquals((await get(net, http.fetch("http://10.0.0.2/"))).status, 200);
  assertEquals([net.opened, net.counter("retries")], [2, 1]);
  const error = await assertRejects(() => get(net, http.fetch("http://10.0.0.2/", { method: "POST", body: "a" })));
  assertEquals((error as NetError).code, "ECONNRESET");
  assertEquals(net.opened, 2);
});

test("fetch: an idle connection that the server closes or talks on is dropped", async () => {
  const { net, http } = bench();
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  script(net, `${ok}HTTP/1.1 200 OK\r\n`, ok);
  await get(net, http.fetch("http://10.0.0.2/"));
  await net.settle();
  assertEquals(net.connections.length, 0);
  await get(net, http.fetch("http://10.0.0.2/"));
  assertEquals([net.opened, net.counter("retries")], [2, 0]);
});

test("fetch: 100 requests at once, then all over the idle connections", async () => {
  const { net, http } = bench({ maxIdle: 10 });
  http.serve(app, { port: 80 });
  const all = await get(net, Promise.all(Array.from({ length: 100 }, () => http.fetch("http://10.0.0.2/"))));
  assertEquals(all.filter((response) => response.status === 200).length, 100);
  await net.settle();
  await net.pass(3000);
  assertEquals([net.opened, net.connections.length], [100, 20]);
  await get(net, Promise.all(Array.from({ length: 10 }, () => http.fetch("http://10.0.0.2/"))));
  assertEquals([net.opened, net.counter("reused")], [100, 10]);
});
