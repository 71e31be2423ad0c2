import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { httpServer } from "../../protocols/http_server.ts";
import { app, statuses } from "./app.ts";
import { ask, bench, GET } from "./server_bench.ts";

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
