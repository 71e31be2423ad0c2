// The shapes of Deno.Conn and Deno.Listener, errors by their POSIX names, ports and initial sequence numbers.

import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NetError } from "@bonsai/net";
import { tcp } from "@bonsai/net/protocols/tcp";
import { type Pair, pair, pattern } from "./pair.ts";
import { ScriptedPeer } from "./scripted_peer.ts";

const SERVER = { hostname: "10.0.0.2", port: 80 };

async function connected(net: Pair) {
  const listener = net.right.tcp.listen({ port: 80 });
  const both = Promise.all([net.left.tcp.connect(SERVER), listener.accept()]);
  const [client, server] = await net.run({ until: both });
  return { listener, client, server };
}

async function rejects(net: Pair, act: () => Promise<unknown>, code: string): Promise<NetError> {
  const error = await assertRejects(() => net.run({ until: act(), limit: 1_000_000 }), NetError);
  assertEquals(error.code, code);
  return error;
}

test("addresses are told as Deno tells them", async () => {
  const net = pair();
  const { client, server, listener } = await connected(net);
  assertEquals(client.remoteAddr, { transport: "tcp", hostname: "10.0.0.2", port: 80 });
  assertEquals(server.remoteAddr, client.localAddr);
  assertEquals(server.localAddr, client.remoteAddr);
  assertEquals(listener.addr.port, 80);
  net.close();
});

test("streams: what is piped in comes out, and closing the writable ends the readable", async () => {
  const net = pair();
  const { client, server } = await connected(net);
  const data = pattern(300_000);
  const write = async () => {
    const writer = client.writable.getWriter();
    for (let at = 0; at < data.length; at += 10_000) await writer.write(data.subarray(at, at + 10_000));
    await writer.close();
  };
  const read = async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of server.readable) chunks.push(chunk);
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  };
  const [, got] = await net.run({ until: Promise.all([write(), read()]) });
  assertEquals(got, data);
  net.close();
});

test("read gives null after the peer's FIN, again and again; half-closed, the other direction goes on", async () => {
  const net = pair();
  const { client, server } = await connected(net);
  const buffer = new Uint8Array(10);
  const talk = async () => {
    await client.closeWrite();
    assertEquals(await server.read(buffer), null);
    assertEquals(await server.read(buffer), null);
    assertEquals(await server.write(new Uint8Array([1, 2, 3])), 3);
    assertEquals(await client.read(buffer), 3);
    server.close();
    assertEquals(await client.read(buffer), null);
    await assertRejects(() => client.write(new Uint8Array(1)), NetError, "closed");
  };
  await net.run({ until: talk() });
  net.close();
});

test("a reset rejects the read and the write that wait, with ECONNRESET", async () => {
  const net = pair({ right: { receiveBuffer: 4096 }, left: { sendBuffer: 4096 } });
  const { client, server } = await connected(net);
  const write = async () => {
    for (;;) await client.write(new Uint8Array(4096));
  };
  const outcomes = Promise.allSettled([client.read(new Uint8Array(1)), write()]);
  await net.run({ limit: 1000 });
  server.abort();
  const settled = await net.run({ until: outcomes });
  for (const outcome of settled) {
    assertEquals(outcome.status === "rejected" && (outcome.reason as NetError).code, "ECONNRESET");
  }
  net.close();
});

test("a writer that waits for room goes on when the reader reads", async () => {
  const net = pair({ right: { receiveBuffer: 4096 }, left: { sendBuffer: 4096 } });
  const { client, server } = await connected(net);
  const data = pattern(100_000);
  const write = async () => {
    for (let at = 0; at < data.length;) at += await client.write(data.subarray(at));
    client.close();
  };
  let got = 0;
  const read = async () => {
    const buffer = new Uint8Array(1000);
    for (let size = await server.read(buffer); size !== null; size = await server.read(buffer)) got += size;
  };
  await net.run({ until: Promise.all([write(), read()]) });
  assertEquals(got, data.length);
  net.close();
});

test("a write after closeWrite, or still waiting at it, fails at once", async () => {
  const net = pair({ left: { sendBuffer: 4096 }, right: { receiveBuffer: 4096 } });
  const { client } = await connected(net);
  const block = new Uint8Array(8192);
  for (let i = 0; i < 2; i++) await net.run({ until: client.write(block) });
  const waiting = assertRejects(() => client.write(block), NetError, "closed");
  await client.closeWrite();
  await net.run({ until: waiting, limit: 1000 });
  await rejects(net, () => client.write(block), "EPIPE");
  net.close();
});

test("a write after the readable was cancelled fails at once, for that closes both directions", async () => {
  const net = pair();
  const { client } = await connected(net);
  await client.readable.cancel();
  await net.run({ until: assertRejects(() => client.write(new Uint8Array(1)), NetError, "closed"), limit: 1000 });
  net.close();
});

test("connect: refused, unreachable, no route, gives up on a signal", async () => {
  const net = pair();
  const refused = await rejects(net, () => net.left.tcp.connect({ hostname: "10.0.0.2", port: 81 }), "ECONNREFUSED");
  assertEquals(refused.message, "Connection to 10.0.0.2 port 81 was refused");
  const start = net.clock.now();
  await rejects(net, () => net.left.tcp.connect({ hostname: "10.0.0.99", port: 80 }), "EHOSTUNREACH");
  assert(net.clock.now() - start < 5000, "the link knows soon");
  await rejects(net, () => net.left.tcp.connect({ hostname: "192.0.2.1", port: 80 }), "ENETUNREACH");
  await rejects(net, () => net.left.tcp.connect({ hostname: "no address", port: 80 }), "ENOTFOUND");
  await rejects(net, () => net.left.tcp.connect({ hostname: "255.255.255.255", port: 80 }), "EADDRNOTAVAIL");
  await rejects(net, () => net.left.tcp.connect({ hostname: "224.0.0.1", port: 80 }), "EADDRNOTAVAIL");
  const controller = new AbortController();
  const pending = net.left.tcp.connect({ hostname: "10.0.0.98", port: 80, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => net.run({ until: pending }), Error, "enough");
  assertEquals(net.left.counters().tcp!.connections, 0);
  net.close();
});

test("listen: EADDRINUSE, EADDRNOTAVAIL, a free port for 0, ports checked", async () => {
  const net = pair();
  const { tcp } = net.right;
  tcp.listen({ port: 80 });
  const inUse = assertThrows(() => tcp.listen({ port: 80 }), NetError);
  assertEquals([inUse.code, inUse.message], ["EADDRINUSE", "Cannot listen on TCP port 80: it is in use"]);
  // One address beside all of them: the more particular one is asked first.
  tcp.listen({ port: 80, hostname: "10.0.0.2" });
  assertEquals(assertThrows(() => tcp.listen({ port: 81, hostname: "10.0.0.9" }), NetError).code, "EADDRNOTAVAIL");
  assert(tcp.listen({ port: 0 }).addr.port >= 49_152);
  for (const port of [-1, 65_536, 1.5, NaN]) assertThrows(() => tcp.listen({ port }), RangeError, "Port must be");
  await assertRejects(() => net.left.tcp.connect({ hostname: "10.0.0.2", port: 0 }), RangeError);
  net.close();
});

test("a closed listener ends its iteration, rejects accept, resets who waits, and refuses the next", async () => {
  const net = pair();
  const listener = net.right.tcp.listen({ port: 80 });
  const client = await net.run({ until: net.left.tcp.connect(SERVER) });
  const seen: string[] = [];
  const iterate = async () => {
    for await (const conn of listener) seen.push(conn.remoteAddr.hostname);
    seen.push("end");
  };
  const done = iterate();
  await net.run({ until: () => seen.length === 1 });
  await net.run({ until: net.left.tcp.connect(SERVER) });
  await net.run({ until: () => seen.length === 2 });
  const pending = net.left.tcp.connect(SERVER);
  const waiting = await net.run({ until: pending });
  listener.close();
  await net.run({ until: done });
  assertEquals(seen.at(-1), "end");
  await rejects(net, () => net.left.tcp.connect(SERVER), "ECONNREFUSED");
  void [client, waiting];
  net.close();
});

test("connections that nobody accepts are reset when the listener closes", async () => {
  const net = pair();
  const listener = net.right.tcp.listen({ port: 80 });
  const client = await net.run({ until: net.left.tcp.connect(SERVER) });
  await net.run({ limit: 10 });
  listener.close();
  await rejects(net, () => client.read(new Uint8Array(1)), "ECONNRESET");
  await assertRejects(() => listener.accept(), NetError, "closed");
  net.close();
});

test("the backlog holds what the app does not accept, and no more", async () => {
  const net = pair();
  const listener = net.right.tcp.listen({ port: 80, backlog: 2 });
  let open = 0;
  for (let i = 0; i < 5; i++) net.left.tcp.connect(SERVER).then(() => open++, () => {});
  await net.run({ limit: 500 });
  assertEquals(open, 2);
  await net.run({ until: Promise.all([listener.accept(), listener.accept()]) });
  await net.run({ until: () => open === 4, limit: 60_000 });
  net.close();
});

test("a connection to an address of our own works", async () => {
  const net = pair();
  const listener = net.left.tcp.listen({ port: 80 });
  const talk = async () => {
    const [client, server] = await Promise.all([
      net.left.tcp.connect({ hostname: "10.0.0.1", port: 80 }),
      listener.accept(),
    ]);
    await client.write(new Uint8Array([7]));
    const buffer = new Uint8Array(1);
    await server.read(buffer);
    return buffer[0];
  };
  assertEquals(await net.run({ until: talk() }), 7);
  net.close();
});

test("closing the stack tells every user, and leaves no packet", async () => {
  const net = pair();
  const { client } = await connected(net);
  const read = client.read(new Uint8Array(1));
  net.left.close();
  assertEquals((await assertRejects(() => read, NetError)).code, "ECONNABORTED");
  assertEquals([net.left.packetsTaken, net.left.counters().tcp!.connections], [0, 0]);
  net.close();
});

test("a user who aborts is told that it is over even when the stack closes at once", async () => {
  const net = pair();
  net.right.tcp.listen({ port: 80 });
  const log: string[] = [];
  const connection = net.left.tcp.open(SERVER, { closed: (_, error) => log.push(String(error?.code)) });
  await net.run({ limit: 10 });
  connection.abort();
  net.left.close();
  assertEquals(log, ["ECONNABORTED"]);
  net.close();
});

test("initial sequence numbers: apart for each connection, ahead for the same one, not from the seed alone (RFC 6528)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  const seen: number[] = [];
  for (let port = 1000; port < 1064; port++) {
    await peer.send({ flags: "S", seq: 0, sourcePort: port });
    seen.push(peer.take()!.rawSeq);
  }
  // 64 numbers of 32 bits that are evenly spread do not lie close together.
  const near = seen.filter((a, i) => seen.some((b, j) => i !== j && Math.abs(a - b | 0) < 100_000)).length;
  assert(near < 8, `${near} of 64 lie close to another`);
  await peer.send({ flags: "R", seq: 1, sourcePort: 1000 });
  peer.clock.advance(1000);
  await peer.send({ flags: "S", seq: 0, sourcePort: 1000 });
  assertEquals((peer.take()!.rawSeq - seen[0]! | 0) / 250_000, 1, "the clock ticks every 4 µs");
});

test("local ports are drawn at random from the ephemeral range (RFC 6056)", async () => {
  const net = pair();
  net.right.tcp.listen({ port: 80, backlog: 1000 });
  const ports: number[] = [];
  for (let i = 0; i < 50; i++) {
    const conn = await net.run({ until: net.left.tcp.connect(SERVER) });
    ports.push(conn.localAddr.port);
  }
  assert(ports.every((port) => port >= 49_152 && port <= 65_535));
  assertEquals(new Set(ports).size, 50);
  const steps = ports.slice(1).filter((port, i) => Math.abs(port - ports[i]!) < 10).length;
  assert(steps < 5, "they do not follow one another");
  net.close();
});

test("options are checked in one sentence", () => {
  assertThrows(() => tcp({ minRto: 0 }), RangeError, 'tcp(): option "minRto" must be a number of at least 1');
  assertThrows(() => tcp({ rto: 5 } as never), TypeError, 'tcp(): there is no option "rto"');
  assertThrows(() => tcp({ timestamps: 1 } as never), TypeError, "must be a boolean, not 1");
});

test("closing the stack ends its listeners", async () => {
  const net = pair();
  const listener = net.right.tcp.listen({ port: 7 });
  const accepting = listener.accept().then(() => "accepted", () => "refused");
  const iterating = (async () => {
    for await (const _ of listener);
    return "ended";
  })();
  net.close();
  assertEquals([await accepting, await iterating], ["refused", "ended"]);
});
