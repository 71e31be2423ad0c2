/**
 * What a short TCP connection costs: `deno run -A bench/tcp_short.ts`.
 *
 * Two stacks over a wire in memory, 64 connections at a time: 100 bytes there, 100 bytes back, closed by the server, which
 * keeps it in TIME-WAIT. Prints the processor time of both ends for one, after a warm-up.
 *
 * @module
 */

import process from "node:process";
import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp, type TcpUser } from "@bonsai/net/protocols/tcp";

const WARM_UP = 20_000;
const COUNT = 80_000;
const AT_ONCE = 64;
/** Listeners, so that no port of a connection in TIME-WAIT is used again soon. */
const PORTS = 10;
const DATA = new Uint8Array(100);

const [left, right] = memory("ip");
const server = stack({ driver: left, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()] });
const client = stack({ driver: right, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp()] });

const served: TcpUser = {
  readable: (conn) => {
    if (conn.readEnded) return;
    conn.consume(conn.readable);
    conn.write(DATA);
    conn.close();
  },
};
for (let port = 0; port < PORTS; port++) server.tcp.accept({ port: 80 + port }, () => served);

let opened = 0;
let closed = 0;
let since = process.cpuUsage();

function open(): void {
  client.tcp.open({ hostname: "10.0.0.2", port: 80 + opened++ % PORTS }, {
    opened: (conn) => void conn.write(DATA),
    readable: (conn) => {
      conn.consume(conn.readable);
      if (conn.readEnded) conn.close();
    },
    closed: () => {
      if (++closed === WARM_UP) since = process.cpuUsage();
      if (closed === WARM_UP + COUNT) {
        const { user, system } = process.cpuUsage(since);
        console.log(`${((user + system) / COUNT).toFixed(1)} µs a connection`);
        for (const net of [client, server]) net.close();
      } else if (opened < WARM_UP + COUNT) open();
    },
  });
}

for (let i = 0; i < AT_ONCE; i++) open();
