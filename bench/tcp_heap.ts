/**
 * What a TCP connection holds in memory while it says nothing: `deno run -A --v8-flags=--expose-gc bench/tcp_heap.ts`.
 *
 * Ten thousand connections between two stacks over a wire in memory. Each has carried 100 bytes both ways and is then idle,
 * and at last in TIME-WAIT at the end that closed first. The heap is what V8 says after a collection; buffers are not part
 * of it, and a connection that says nothing holds none.
 *
 * @module
 */

import process from "node:process";
import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp, type TcpConnection } from "@bonsai/net/protocols/tcp";

const COUNT = 10_000;

const [left, right] = memory("ip");
const server = stack({
  driver: left,
  protocols: [ipv4({ address: "10.0.0.2/24" }), tcp({ maxConnections: 16 * COUNT })],
});
const client = stack({ driver: right, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp()] });
const DATA = new Uint8Array(100);
const accepted = new Set<TcpConnection>();
let answered = 0;

const served = {
  readable: (conn: TcpConnection): void => {
    if (conn.readEnded) return;
    conn.consume(conn.readable);
    conn.write(DATA);
  },
  closed: (conn: TcpConnection): void => void accepted.delete(conn),
};
const asking = {
  opened: (conn: TcpConnection): void => void conn.write(DATA),
  readable: (conn: TcpConnection): void => {
    if (conn.readable > 0) answered++;
    conn.consume(conn.readable);
    if (conn.readEnded) conn.close();
  },
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Bytes in the heap, garbage collected, once every timer that was disarmed has been let go of. */
async function heap(): Promise<number> {
  await pause(2000);
  (globalThis as unknown as { gc(): void }).gc();
  return process.memoryUsage().heapUsed;
}

/** Opens connections, and waits until all have had their answer. */
async function openAll(port: number): Promise<void> {
  answered = 0;
  server.tcp.accept({ port, backlog: COUNT }, (conn) => (accepted.add(conn), served));
  for (let i = 0; i < COUNT; i++) {
    client.tcp.open({ hostname: "10.0.0.2", port }, asking);
    if (i % 100 === 99) await pause(5);
  }
  while (answered < COUNT) await pause(10);
}

/** Closes them on the server's side, and waits until they are closed. */
async function closeAll(): Promise<void> {
  for (const conn of accepted) conn.close();
  while (accepted.size > 0) await pause(10);
}

// A first round, so that code is not counted.
await openAll(80);
await closeAll();
const empty = await heap();
const before = server.counters().tcp!.timeWait!;
await openAll(81);
const idle = await heap();
console.log(`idle: ${accepted.size} connections, ${Math.round((idle - empty) / COUNT / 2)} bytes for each end of one`);
await closeAll();
const waiting = await heap();
const count = server.counters().tcp!.timeWait! - before;
console.log(`TIME-WAIT: ${count} connections, ${Math.round((waiting - empty) / count)} bytes each`);
for (const net of [client, server]) net.close();
