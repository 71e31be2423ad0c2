import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { NetError } from "../../core/net_error.ts";
import { seededRandom } from "../../core/random.ts";
import type { TcpConnection, TcpUser } from "../../protocols/tcp.ts";
import { bench, get, script } from "./client_bench.ts";
import { randomSegments } from "./fake_tcp.ts";

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
  // A thousand decoders are a few bytes to the server, and many megabytes to us.
  for (const coding of ["br", "gzip, ".repeat(999) + "gzip"]) {
    const { net, http } = bench();
    script(net, `${head}Content-Encoding: ${coding}\r\nContent-Length: 3\r\n\r\nabc`);
    const response = await get(net, http.fetch("http://10.0.0.2/"));
    assertEquals(await get(net, response.text()), "abc");
  }
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
