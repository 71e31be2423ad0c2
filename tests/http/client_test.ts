import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { Ip, Resolver } from "../../core/ip.ts";
import type { NetError } from "../../core/net_error.ts";
import { type Http, http, type HttpOptions } from "../../protocols/http.ts";
import type { TcpConnection, TcpUser } from "../../protocols/tcp.ts";
import { app } from "./app.ts";
import { FakeNet, randomSegments } from "./fake_tcp.ts";
import { seededRandom } from "../../core/random.ts";

function bench(options: HttpOptions = {}, resolver: Resolver | null = null): { net: FakeNet; http: Http } {
  const net = new FakeNet();
  const ip = { resolver } as unknown as Ip;
  return { net, ...http(options).start(net.core, { tcp: net.tcp, ip }) };
}

/** Waits for a promise while the net turns. */
async function get<T>(net: FakeNet, promise: Promise<T>): Promise<T> {
  let done = false;
  void promise.then(() => done = true, () => done = true);
  for (let i = 0; i < 50 && !done; i++) await net.settle();
  assert(done, "it settles");
  return promise;
}

/** A server that answers each connection's first bytes with a text; what was received is collected. */
function script(net: FakeNet, ...answers: (string | ((connection: TcpConnection) => void))[]): string[] {
  const seen: string[] = [];
  const begun = new Map<TcpConnection, string>();
  net.tcp.accept({ port: 80 }, (): TcpUser => ({
    readable(connection) {
      const bytes = new Uint8Array(connection.readable);
      connection.read(bytes);
      const text = (begun.get(connection) ?? "") + Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
      begun.set(connection, text);
      if (connection.readEnded) return connection.close();
      if (!text.includes("\r\n\r\n")) return;
      seen.push(text);
      begun.delete(connection);
      const answer = answers.shift();
      if (typeof answer === "function") answer(connection);
      else if (answer) connection.write(Uint8Array.from(answer, (c) => c.charCodeAt(0)));
    },
  }));
  return seen;
}

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

const head = "HTTP/1.1 200 OK\r\n";
const good: [name: string, answer: string, text: string][] = [
  ["a length", `${head}Content-Length: 3\r\n\r\nabc`, "abc"],
  ["chunks", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n`, "abc"],
  [
    "interim responses",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${head}Content-Length: 1\r\n\r\na`,
    "a",
  ],
  ["no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", "a"],
  ["no space before it either", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", "a"],
  ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", ""],
  ["1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", "a"],
  ["obs-text in the reason", "HTTP/1.1 200 \xe4\r\nContent-Length: 1\r\n\r\na", "a"],
];
for (const [name, answer, text] of good) {
  test(`fetch: ${name}`, async () => {
    for (const segment of [(size: number) => size, () => 1, randomSegments(seededRandom(5), 20)]) {
      const { net, http } = bench();
      net.segment = segment;
      script(net, answer, answer);
      for (let i = 0; i < 2; i++) {
        const response = await get(net, http.fetch("http://10.0.0.2/"));
        assertEquals(await get(net, response.text()), text);
      }
      assertEquals(net.opened, 1);
    }
  });
}

const closing: [name: string, answer: string, text: string][] = [
  ["content until the connection closes", `${head}\r\nabc`, "abc"],
  ["content of 1.0", "HTTP/1.0 200 OK\r\n\r\nabc", "abc"],
  ["close", `${head}Connection: close\r\nContent-Length: 3\r\n\r\nabc`, "abc"],
];
for (const [name, answer, text] of closing) {
  test(`fetch: ${name}`, async () => {
    for (const segment of [(size: number) => size, () => 1]) {
      const { net, http } = bench();
      net.segment = segment;
      const close = (connection: TcpConnection): void => {
        connection.write(Uint8Array.from(answer, (c) => c.charCodeAt(0)));
        connection.closeWrite();
      };
      script(net, close, close);
      for (let i = 0; i < 2; i++) {
        const response = await get(net, http.fetch("http://10.0.0.2/"));
        assertEquals(await get(net, response.text()), text);
      }
      assertEquals(net.opened, 2);
      await net.pass(1000);
      assertEquals(net.connections.length, 0);
    }
  });
}

const bad: [name: string, answer: string][] = [
  ["two lengths", `${head}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ["a length and chunks", `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a malformed length", `${head}Content-Length: +3\r\n\r\nabc`],
  ["gzip, chunked", `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["chunks in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a folded line before the first field", `${head} A: b\r\n\r\n`],
  ["a folded length", `${head}Content-Length:\r\n 3\r\n\r\nabc`],
  ["a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a space before the colon", `${head}Content-Length : 3\r\n\r\nabc`],
  ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
  ["a version in lower case", "http/1.1 200 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["status 600", "HTTP/1.1 600 OK\r\n\r\n"],
  ["101", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["no HTTP at all", "SSH-2.0-OpenSSH\r\n"],
  ["a bad chunk", `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n`],
  ["interim responses without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)],
  ["a head without end", `${head}${`A: ${"b".repeat(1000)}\r\n`.repeat(100)}`],
];
for (const [name, answer] of bad) {
  test(`fetch refuses ${name}`, async () => {
    for (const segment of [(size: number) => size, randomSegments(seededRandom(7), 30)]) {
      const { net, http } = bench();
      net.segment = segment;
      script(net, answer);
      const error = await assertRejects(async () => {
        const response = await get(net, http.fetch("http://10.0.0.2/"));
        await get(net, response.text());
      });
      assertEquals((error as NetError).code, "EPROTO");
      await net.settle();
      assertEquals(net.connections.length, 0);
    }
  });
}

test("fetch: a folded line is one, with spaces in place of its ends (RFC 9112, 5.2)", async () => {
  for (const segment of [(size: number) => size, () => 1, randomSegments(seededRandom(9), 10)]) {
    const { net, http } = bench();
    net.segment = segment;
    script(net, `${head}A: b\r\n c\r\n\t d\r\nB:\r\n e\r\nContent-Length: 3\r\n\r\nabc`);
    const response = await get(net, http.fetch("http://10.0.0.2/"));
    assertEquals([response.headers.get("a"), response.headers.get("b")], ["b   c  \t d", "e"]);
    assertEquals(await get(net, response.text()), "abc");
  }
});

test("fetch: content codings are undone, in their order; one that nobody asked for is left", async () => {
  const text = "bonsai ".repeat(2000);
  const code = async (content: BodyInit, format: CompressionFormat): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(
      await new Response(new Response(content).body!.pipeThrough(new CompressionStream(format))).arrayBuffer(),
    );
  const gzip = await code(text, "gzip");
  const cases: [coding: string, content: Uint8Array<ArrayBuffer>][] = [
    ["gzip", gzip],
    ["X-GZIP", gzip],
    ["deflate", await code(text, "deflate")],
    ["deflate , gzip", await code(await code(text, "deflate"), "gzip")],
  ];
  for (const [coding, content] of cases) {
    const { net, http } = bench();
    const fields = { "content-encoding": coding };
    let pieces = 0;
    http.serve(({ url }) => {
      if (url.endsWith("/whole")) return new Response(content, { headers: fields });
      const stream = new ReadableStream({
        async pull(c) {
          for (let i = 0; i < 30; i++) await null;
          c.enqueue(content.slice(pieces, pieces += 17));
          if (pieces >= content.length) c.close();
        },
      });
      return new Response(stream, { headers: fields });
    }, { port: 80 });
    for (const path of ["whole", "stream"]) {
      const response = await get(net, http.fetch(`http://10.0.0.2/${path}`));
      assertEquals(await get(net, response.text()), text, `${coding} ${path}`);
    }
    assertEquals(net.opened, 1);
  }
  const { net, http } = bench();
  script(net, `${head}Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc`);
  const response = await get(net, http.fetch("http://10.0.0.2/"));
  assertEquals(await get(net, response.text()), "abc");
});

test("fetch: content that is cut off", async () => {
  for (
    const answer of [
      `${head}Content-Length: 9\r\n\r\nabc`,
      `${head}Transfer-Encoding: chunked\r\n\r\n9\r\nabc`,
      `${head}Content-Le`,
    ]
  ) {
    const { net, http } = bench();
    script(net, (connection) => {
      connection.write(Uint8Array.from(answer, (c) => c.charCodeAt(0)));
      connection.closeWrite();
    });
    const error = await assertRejects(async () => {
      const response = await get(net, http.fetch("http://10.0.0.2/"));
      await get(net, response.text());
    });
    assertEquals((error as NetError).code, "ECONNRESET");
  }
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

test("mutated responses: every fetch settles, nothing is left", async () => {
  const random = seededRandom(77);
  const below = (n: number): number => (random() >>> 0) % n;
  const seeds = [...good, ...closing].map(([, answer]) => answer);
  for (let round = 0; round < 60; round++) {
    const { net, http } = bench();
    net.tcp.accept({ port: 80 }, (): TcpUser => ({
      readable(connection) {
        connection.consume(connection.readable);
        if (connection.readEnded) return connection.close();
        let text = seeds[below(seeds.length)]!;
        for (let n = below(3); n >= 0; n--) {
          const at = below(text.length + 1);
          text = text.slice(0, at) + String.fromCharCode(below(256)).repeat(below(3)) + text.slice(at + below(4));
        }
        connection.write(Uint8Array.from(text, (c) => c.charCodeAt(0)));
        connection.closeWrite();
      },
    }));
    const settled = await get(
      net,
      Promise.allSettled(Array.from({ length: 50 }, async () => {
        const response = await http.fetch("http://10.0.0.2/");
        await response.bytes();
      })),
    );
    assertEquals(settled.length, 50);
    await net.pass(20_000);
    assertEquals(net.connections.length, 0);
    assertEquals(net.reported, []);
  }
});
