import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { app } from "./app.ts";
import { bench, GET } from "./server_bench.ts";

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
