import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { httpServer, rememberBodies } from "../../protocols/http_server.ts";
import { FakeNet } from "./fake_tcp.ts";

/** Runs with the Response that remembers, and puts the host's back. */
async function remembering(run: (host: typeof Response) => Promise<void>): Promise<void> {
  const host = globalThis.Response;
  rememberBodies();
  try {
    await run(host);
  } finally {
    globalThis.Response = host;
  }
}

test("a Response that remembers is the host's in all else", () =>
  remembering(async (host) => {
    const remembered = globalThis.Response;
    rememberBodies();
    assertEquals(globalThis.Response, remembered, "once is enough");
    // Deno shows bodies by itself.
    if ("Deno" in globalThis) assertEquals(remembered, host);
    const made = new Response("text", { status: 201, headers: { a: "b" } });
    assert(made instanceof Response && made instanceof host && made.clone() instanceof Response);
    assert(new host("x") instanceof Response);
    assertEquals([made.status, made.headers.get("a"), await made.text(), made.bodyUsed], [201, "b", "text", true]);
    assertEquals(Response.name, "Response");
    const json = Response.json({ a: 1 }, { status: 202 });
    assertEquals([json.status, json.headers.get("content-type")?.slice(0, 16)], [202, "application/json"]);
    assertEquals(await json.json(), { a: 1 });
    assertEquals([Response.error().type, Response.redirect("http://a/", 302).status], ["error", 302]);
    class Derived extends Response {
      twice = () => this.status * 2;
    }
    const derived = new Derived("x");
    assert(derived instanceof Derived && derived instanceof Response);
    assertEquals([derived.twice(), await derived.text()], [400, "x"]);
  }));

test("what remembering responses hold is sent, unless it was read", () =>
  remembering(async (host) => {
    const used = new Response("used");
    await used.text();
    const bytes = new TextEncoder().encode("bytes");
    const answers: Record<string, [answer: () => Response, text: string, type?: string]> = {
      text: [() => new Response("täxt"), "t\xc3\xa4xt", "text/plain;charset=UTF-8"],
      html: [() => new Response("<p>", { headers: { "content-type": "text/html" } }), "<p>", "text/html"],
      bytes: [() => new Response(bytes), "bytes"],
      buffer: [() => new Response(bytes.buffer), "bytes"],
      json: [() => Response.json({ a: 1 }), '{"a":1}', "application/json"],
      form: [() => new Response(new URLSearchParams({ a: "b" })), "a=b"],
      nothing: [() => new Response(null), ""],
      none: [() => new Response(), ""],
      stream: [() => new Response(new Blob(["stream"]).stream()), "stream"],
      host: [() => new host("host"), "host"],
      clone: [() => new Response("clone").clone(), "clone"],
      wrapped: [() => new Response(new Response("wrapped").body), "wrapped"],
      used: [() => used, "failed"],
    };
    const net = new FakeNet();
    const { http } = httpServer().start(net.core, { tcp: net.tcp });
    http.serve(({ url }) => answers[url.slice(9)]![0](), {
      port: 80,
      onError: () => new Response("failed", { status: 500 }),
    });
    const client = net.raw();
    for (const [name, [, text, type]] of Object.entries(answers)) {
      client.send(`GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await net.settle();
      const received = client.take();
      assert(received.startsWith(`HTTP/1.1 ${name === "used" ? 500 : 200} `), name);
      assert(received.includes(`\r\nContent-Length: ${text.length}\r\n`), name);
      assert(received.endsWith(`\r\n\r\n${text}`), name);
      if (type) assert(received.includes(`ontent-type: ${type}`) || received.includes(`ontent-Type: ${type}`), name);
    }
  }));

test("bytes that change after a response was made of them do not change it", () =>
  remembering(async () => {
    const net = new FakeNet();
    const { http } = httpServer().start(net.core, { tcp: net.tcp });
    // The slice of a Buffer shares its memory.
    const buffer = Buffer.alloc(3);
    http.serve(async () => {
      const response = new Response(buffer.fill(97));
      await null;
      buffer.fill(98);
      return response;
    }, { port: 80 });
    const client = net.raw();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await net.settle();
    assert(client.take().endsWith("\r\n\r\naaa"));
  }));
