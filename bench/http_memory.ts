/**
 * HTTP within one process: a raw client and a server on two stacks over a wire in memory, beside the runtime's server over
 * loopback with the same client over the runtime's sockets.
 *
 * @module
 */

import { rememberBodies } from "@bonsai/net/protocols/http_server";
import type { TcpConnection } from "@bonsai/net/protocols/tcp";
import { Answers, app, REQUEST } from "./app.ts";
import { type BulkConn, hostTcp } from "./host_tcp.ts";
import { pair, SERVER } from "./pair.ts";
import { HOST_PORT, Meter, runProgram } from "./program.ts";
import { inProcesses } from "./runtimes.ts";
import type { Sample, Scenario } from "./scenario.ts";

/** Connections that are kept alive. */
const CONNECTIONS = 64;
const PORT = 80;

/** The scenario. */
export const httpMemory: Scenario = {
  name: "http-memory",
  title: "HTTP requests between two stacks in one process",
  conditions: [
    `${CONNECTIONS} keep-alive connections, one request at a time on each; the handler is a Hono app; status and body of ` +
    "every answer compared",
    "the client writes a fixed request and reads the answer by its length: the server's side dominates; client and " +
    "server share the process and its processor time",
    "bonsai: http.serve() over TCP, IPv4, ARP and Ethernet over memory(), MTU 1500, checksums on; with " +
    "rememberBodies(), which does nothing in Deno",
    "Deno.serve and Bun.serve: over the kernel's loopback, the client over the runtime's sockets",
  ],
  rate: ["requests/s", 1],
  cost: ["CPU µs/request", 1e6],
  open: () =>
    inProcesses("bench/http_memory.ts", [
      { name: "bonsai", runtimes: ["deno", "bun"] },
      { name: "Deno.serve", runtimes: ["deno"], against: "bonsai" },
      { name: "Bun.serve", runtimes: ["bun"], against: "bonsai" },
    ]),
};

function bonsai(seconds: number): Promise<Sample> {
  const { client, server } = pair();
  rememberBodies();
  server.http.serve(app, { port: PORT });
  const meter = new Meter();
  for (let i = 0; i < CONNECTIONS; i++) {
    const answers = new Answers();
    client.tcp.open({ hostname: SERVER, port: PORT }, {
      opened: (connection) => void connection.write(REQUEST),
      readable(connection: TcpConnection) {
        if (connection.readEnded) throw new Error("The server closed the connection");
        if (!answers.take(connection.read(answers.room))) return;
        meter.units++;
        connection.write(REQUEST);
      },
    });
  }
  return meter.measure(seconds);
}

function host(serve: () => void): (seconds: number) => Promise<Sample> {
  return (seconds) => {
    serve();
    const meter = new Meter();
    const ask = async (): Promise<void> => {
      const conn: BulkConn = await hostTcp.connect({ hostname: "127.0.0.1", port: HOST_PORT });
      const answers = new Answers();
      for (;;) {
        await conn.write(REQUEST);
        let size: number | null;
        do {
          size = await conn.read(answers.room);
          if (size === null) throw new Error("The server closed the connection");
        } while (!answers.take(size));
        meter.units++;
      }
    };
    for (let i = 0; i < CONNECTIONS; i++) void ask();
    return meter.measure(seconds);
  };
}

/** What is used of Bun. */
interface BunServe {
  serve(options: { hostname: string; port: number; fetch: (request: Request) => Response | Promise<Response> }): void;
}

if (import.meta.main) {
  await runProgram({
    "bonsai": bonsai,
    "Deno.serve": host(() => {
      Deno.serve({ hostname: "127.0.0.1", port: HOST_PORT, onListen() {} }, app.fetch);
    }),
    "Bun.serve": host(() => {
      (globalThis as unknown as { Bun: BunServe }).Bun.serve({
        hostname: "127.0.0.1",
        port: HOST_PORT,
        fetch: app.fetch,
      });
    }),
  });
}
