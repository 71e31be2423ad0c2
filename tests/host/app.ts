// An app that does something over TCP, UDP and HTTP. It knows nothing of where it runs: on a stack, or on the host's sockets.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { HostNet } from "../../host/mod.ts";
import { NetError } from "../../mod.ts";

type Net = Pick<HostNet, "tcp" | "udp" | "http">;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

/** Ports of the app: none that another program is likely to have. */
export interface Ports {
  readonly tcp: number;
  readonly udp: number;
  readonly http: number;
}

/** Serves at one end and asks at the other; both are the same net where there is one. */
export async function app(server: Net, client: Net, hostname: string, ports: Ports): Promise<void> {
  await overTcp(server, client, hostname, ports.tcp);
  await overUdp(server, client, hostname, ports.udp);
  await overHttp(server, client, hostname, ports.http);
}

async function overTcp(server: Net, client: Net, hostname: string, port: number): Promise<void> {
  using listener = server.tcp.listen({ port, hostname });
  assertEquals(listener.addr.transport, "tcp");
  const echoing = (async () => {
    for await (const conn of listener) {
      await conn.readable.pipeTo(conn.writable);
      return;
    }
  })();
  const conn = await client.tcp.connect({ hostname, port });
  conn.setNoDelay();
  assertEquals([conn.remoteAddr.hostname, conn.remoteAddr.port], [hostname, port]);
  const sent = new Uint8Array(300_000).map((_, i) => i * 7);
  const writing = (async () => {
    for (let at = 0; at < sent.length;) at += await conn.write(sent.subarray(at));
    await conn.closeWrite();
  })();
  const got = new Uint8Array(sent.length);
  let size = 0;
  for (let n = await conn.read(got); n !== null; n = await conn.read(got.subarray(size))) {
    size += n;
    if (size === got.length) break;
  }
  await writing;
  assertEquals(await conn.read(new Uint8Array(1)), null);
  assertEquals(size, sent.length);
  assertEquals(got, sent);
  conn.close();
  await echoing;
  listener.close();
  const refused = await assertRejects(() => client.tcp.connect({ hostname, port }), NetError);
  assertEquals(refused.code, "ECONNREFUSED");
  await assertRejects(
    () => client.tcp.connect({ hostname, port, signal: AbortSignal.abort(new Error("no")) }),
    Error,
    "no",
  );
}

async function overUdp(server: Net, client: Net, hostname: string, port: number): Promise<void> {
  using socket = server.udp.listen({ port, hostname });
  const echoing = (async () => {
    const [data, from] = await socket.receive();
    await socket.send(data, from);
  })();
  using asker = client.udp.listen({ port: 0 });
  await asker.connect({ hostname, port });
  assertEquals(await asker.send(bytes("hello")), 5);
  const [data, from] = await asker.receive();
  assertEquals([text(data), from.hostname, from.port], ["hello", hostname, port]);
  await echoing;
  const waiting = assertRejects(() => socket.receive(), NetError, "closed");
  socket.close();
  await waiting;
}

async function overHttp(server: Net, client: Net, hostname: string, port: number): Promise<void> {
  const seen: string[] = [];
  const serving = server.http.serve({
    port,
    hostname,
    onListen: (addr) => seen.push(`${addr.hostname}:${addr.port}`),
    onError: (error) => new Response((error as Error).message, { status: 500 }),
    maxContent: 1000,
  }, async (request, info) => {
    seen.push(info.remoteAddr.transport);
    const { pathname } = new URL(request.url);
    if (pathname === "/throw") throw new Error("as asked");
    if (pathname === "/broken") return new Response(broken());
    return new Response(`${request.method} ${await request.text()}`, { headers: { "x-app": "yes" } });
  });
  assertThrows(() => server.http.serve(() => new Response(), { port: 1, maxContent: -1 }), RangeError, "maxContent");
  const url = `http://${hostname}:${port}/`;
  const response = await client.http.fetch(url, { method: "POST", body: "hello" });
  assertEquals([response.status, response.headers.get("x-app"), await response.text()], [200, "yes", "POST hello"]);
  const failed = await client.http.fetch(`${url}throw`);
  assertEquals([failed.status, await failed.text()], [500, "as asked"]);
  // A stream that fails on its way takes its response with it, and no more.
  await assertRejects(async () => await (await client.http.fetch(`${url}broken`)).text());
  // Content that tells its length, and content that does not.
  const streamed = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(600));
      if (++chunks === 2) controller.close();
    },
  });
  let chunks = 0;
  for (const body of [new Uint8Array(1001), streamed]) {
    const refused = await client.http.fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
    assertEquals(refused.status, 413);
    await refused.text();
  }
  assertEquals(seen.slice(0, 3), [`${hostname}:${port}`, "tcp", "tcp"]);
  assertEquals(serving.addr.port, port);
  await serving.shutdown();
  await serving.finished;
  await server.http.serve({ port, hostname, signal: AbortSignal.abort(), handler: () => new Response() }).finished;
}

/** A stream that fails after its first chunk has gone. */
function broken(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let chunks = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (chunks++ === 0) controller.enqueue(new Uint8Array(10));
      else controller.error(new Error("broken, as asked"));
    },
  });
}
