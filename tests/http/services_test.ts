// The HTTP app of `cli/services.ts`.

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { app } from "../../cli/services/app.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { statuses } from "./app.ts";
import { FakeNet } from "./fake_tcp.ts";

/** What comes back for segments that are sent one after the other. */
async function ask(...segments: string[]): Promise<string> {
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  http.serve(app, { port: 80 });
  const client = net.raw();
  for (const segment of segments) {
    client.send(segment);
    await net.settle();
  }
  assertEquals(net.reported, []);
  return client.received;
}

const POST = "POST /echo HTTP/1.1\r\nHost: a\r\n";

test("services: the echo of a malformed body is an error, whenever it comes", async () => {
  const head = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
  for (const bad of ["x\r\n", "3\r\nabcd\r\n", "0\r\nA : b\r\n\r\n"]) {
    assertEquals(statuses(await ask(head, bad)), [400], bad);
    assertEquals(statuses(await ask(head, "3\r\nabc\r\n", bad)), [400], bad);
  }
});

test("services: an echo waits for its body, and says how long it is", async () => {
  const expects = `${POST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`;
  assertEquals(await ask(expects), "HTTP/1.1 100 Continue\r\n\r\n");
  const text = await ask(expects, "ab", "c");
  assertEquals(statuses(text), [100, 200]);
  assert(text.includes("Content-Length: 3\r\n") && text.endsWith("\r\n\r\nabc"), text);
});

test("services: a host that no URL takes gives way to our address", async () => {
  for (const host of ["1.2.3.4.5", "300.1.1.1", "[v1.x]", "a%20b"]) {
    const text = await ask(`GET /url HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assertEquals(statuses(text), [200], host);
    assert(text.includes(`"url":"http://10.0.0.2/url"`), text);
  }
});

test("services: fields that come twice", async () => {
  const text = await ask(
    "GET /headers HTTP/1.1\r\nHost: a\r\nSet-Cookie: a=1\r\nA: b\r\nSet-Cookie: b=2\r\nA: c\r\n\r\n",
  );
  assert(text.endsWith(`{"a":"b, c","host":"a","set-cookie":"a=1, b=2"}`), text);
});

test("services: what the content is, and how it is framed", async () => {
  for (const path of ["/", "/nothing"]) {
    const text = await ask(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert(/\r\ncontent-type: text\/plain;charset=utf-8\r\n/i.test(text), text);
  }
  const content = "x".repeat(40_000);
  const echo = await ask(`${POST}Content-Length: 40000\r\n\r\n`, content);
  assert(echo.includes("Content-Length: 40000\r\n") && echo.endsWith(`\r\n\r\n${content}`), echo.slice(0, 300));
});

test("services: a stream comes in ten chunks", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  http.serve(app, { port: 80 });
  const client = net.raw();
  client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  await net.settle();
  setTimeout(resolve, 20);
  await promise;
  await net.settle();
  const [head, ...rest] = client.received.split("\r\n\r\n");
  assert(head!.includes("\r\nTransfer-Encoding: chunked"), head);
  assertEquals(rest, [`3e8\r\n${"a".repeat(1000)}\r\n`.repeat(10) + "0", ""]);
});
