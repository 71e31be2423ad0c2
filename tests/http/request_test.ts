import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { statuses } from "./app.ts";
import { ask, bench, GET } from "./server_bench.ts";

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
