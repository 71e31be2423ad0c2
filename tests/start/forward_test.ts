import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp, type TcpConn } from "@bonsai/net/protocols/tcp";
import { assert, assertEquals, assertLess } from "@std/assert";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { forward } from "../../cli/start/forward.ts";

const SERVER = { hostname: "10.0.0.2", port: 7 };

interface Ground {
  /** A client of the host's, connected to the forward. */
  client(): Promise<Socket>;
  /** The other end of the next connection, in the stack that serves. */
  accept(): Promise<TcpConn>;
  /** How the forward's connections ended. */
  readonly ended: (Error | null)[];
}

/** Two stacks, a forward into the first, and a listener on the second. */
async function onGround(run: (ground: Ground) => Promise<void>, listen = true): Promise<void> {
  const [left, right] = memory("ip");
  const client = stack({ driver: left, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp()] });
  const server = stack({ driver: right, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()] });
  const listener = server.tcp.listen({ port: listen ? SERVER.port : 8 });
  const ended: (Error | null)[] = [];
  const way = await forward({ port: 0, tcp: client.tcp, target: SERVER, onClose: ({ error }) => ended.push(error) });
  const sockets: Socket[] = [];
  try {
    await run({
      client: () =>
        new Promise((resolve, reject) => {
          const socket = connect({ port: way.port, host: "127.0.0.1", allowHalfOpen: true });
          sockets.push(socket);
          socket.once("connect", () => resolve(socket)).on("error", reject);
        }),
      accept: () => listener.accept(),
      ended,
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    way.close();
    client.close();
    server.close();
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 5000; !condition();) {
    if (performance.now() > end) throw new Error(`It did not happen within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How a socket of the host's ended. */
function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    socket.on("end", () => resolve("end"));
    socket.resume();
  });
}

async function readAll(conn: TcpConn): Promise<string> {
  const text = new TextDecoder();
  let all = "";
  for await (const chunk of conn.readable) all += text.decode(chunk, { stream: true });
  return all;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a forward carries both directions, and each direction's end by itself", () =>
  onGround(async ({ client, accept, ended }) => {
    const socket = await client();
    const conn = await accept();
    let got = "";
    socket.on("data", (data) => got += data);
    const end = new Promise((resolve) => socket.on("end", () => resolve(true)));
    socket.end("question");
    assertEquals(await readAll(conn), "question");
    // The client's direction is closed; ours still carries.
    await conn.write(bytes("answer"));
    await until(() => got === "answer", "the answer");
    await conn.closeWrite();
    assert(await end);
    await until(() => ended.length === 1, "the end");
    assertEquals(ended, [null]);
  }));

test("a forward passes on the server's end first, and the client goes on", () =>
  onGround(async ({ client, accept, ended }) => {
    const socket = await client();
    const conn = await accept();
    const end = endOf(socket);
    await conn.closeWrite();
    assertEquals(await end, "end");
    socket.end("late");
    assertEquals(await readAll(conn), "late");
    await until(() => ended.length === 1, "the end");
    assertEquals(ended, [null]);
  }));

test("a forward passes on a client's reset", () =>
  onGround(async ({ client, accept, ended }) => {
    const socket = await client();
    const conn = await accept();
    socket.write("x");
    await conn.read(new Uint8Array(1));
    const read = conn.read(new Uint8Array(1)).then(() => "read", (error) => error.code);
    socket.resetAndDestroy();
    assertEquals(await read, "ECONNRESET");
    await until(() => ended.length === 1, "the end");
    assert(ended[0]);
  }));

test("a forward passes on the server's reset", () =>
  onGround(async ({ client, accept, ended }) => {
    const socket = await client();
    const conn = await accept();
    const end = endOf(socket);
    socket.write("x");
    await conn.read(new Uint8Array(1));
    conn.abort();
    assertEquals(await end, "ECONNRESET");
    await until(() => ended.length === 1, "the end");
    assert(ended[0]);
  }));

test("a forward resets a client whom nobody serves", () =>
  onGround(async ({ client, ended }) => {
    assertEquals(await endOf(await client()), "ECONNRESET");
    await until(() => ended.length === 1, "the end");
  }, false));

test("a forward slows a client down to what the server reads, and loses nothing", () =>
  onGround(async ({ client, accept }) => {
    const socket = await client();
    const conn = await accept();
    const block = new Uint8Array(65_536).map((_, i) => i * 7);
    const whole = 640 * block.length;
    let written = 0;
    const write = (): void => {
      while (written < whole) {
        written += block.length;
        if (!socket.write(block)) return;
      }
      socket.end();
    };
    socket.on("drain", write);
    write();
    // Nobody reads: it comes to a halt, with what the buffers on the way hold.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertLess(written, whole);
    let at = 0;
    for await (const chunk of conn.readable) {
      for (let i = 0; i < chunk.length; i += 4093) assertEquals(chunk[i], block[(at + i) % block.length]);
      at += chunk.length;
    }
    assertEquals(at, whole);
  }));

test("a forward slows the server down to what a client reads, and loses nothing", () =>
  onGround(async ({ client, accept }) => {
    const socket = await client();
    socket.pause();
    const conn = await accept();
    const block = new Uint8Array(65_536).map((_, i) => i * 11);
    const whole = 640 * block.length;
    let written = 0;
    const writing = (async () => {
      while (written < whole) written += await conn.write(block.subarray(written % block.length));
      await conn.closeWrite();
    })();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertLess(written, whole);
    let at = 0;
    await new Promise<void>((resolve, reject) => {
      socket.on("data", (chunk: Uint8Array) => {
        for (let i = 0; i < chunk.length; i += 4093) {
          if (chunk[i] !== block[(at + i) % block.length]) reject(new Error(`Byte ${at + i} differs`));
        }
        at += chunk.length;
      });
      socket.on("end", resolve).on("error", reject);
      socket.resume();
    });
    await writing;
    assertEquals(at, whole);
  }));
