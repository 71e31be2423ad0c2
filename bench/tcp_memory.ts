/**
 * Bulk TCP within one process: two stacks over a wire in memory, beside the kernel's TCP over loopback.
 *
 * @module
 */

import { type BulkConn, type BulkTcp, hostTcp } from "./host_tcp.ts";
import { pair, SERVER } from "./pair.ts";
import { CHUNK, Source, Verifier } from "./payload.ts";
import { HOST_PORT, Meter, runProgram } from "./program.ts";
import { inProcesses } from "./runtimes.ts";
import type { Sample, Scenario } from "./scenario.ts";

/** The scenario. */
export const tcpMemory: Scenario = {
  name: "tcp-memory",
  title: "TCP goodput between two stacks in one process",
  conditions: [
    "one connection, one direction; writes and reads of at most 64 KiB in the shape of Deno.Conn; every byte compared",
    "bonsai: Ethernet, ARP, IPv4, ICMP, UDP and TCP over memory(), MTU 1500, checksums on, timestamps on",
    "kernel: its TCP over loopback, MTU 65,536 and no checksums, through the runtime's sockets",
  ],
  rate: ["Gbit/s", 125_000_000],
  cost: ["CPU s/GB", 1e9],
  open: () =>
    inProcesses("bench/tcp_memory.ts", [
      { name: "bonsai", runtimes: ["deno", "bun"] },
      { name: "kernel", runtimes: ["deno", "bun"], against: "bonsai" },
    ]),
};

async function bulk(server: BulkTcp, client: BulkTcp, hostname: string, seconds: number): Promise<Sample> {
  const port = HOST_PORT;
  const meter = new Meter();
  const receive = async (conn: BulkConn): Promise<void> => {
    const verifier = new Verifier();
    const chunk = new Uint8Array(CHUNK);
    for (;;) {
      const size = await conn.read(chunk);
      if (size === null) return;
      verifier.take(chunk.subarray(0, size));
      meter.units = verifier.verified;
    }
  };
  const accept = async (): Promise<void> => {
    for await (const conn of server.listen({ port, hostname })) return receive(conn);
  };
  const send = async (): Promise<void> => {
    const source = new Source();
    const conn = await client.connect({ hostname, port });
    for (;;) source.advance(await conn.write(source.next()));
  };
  void accept();
  void send();
  return await meter.measure(seconds);
}

if (import.meta.main) {
  await runProgram({
    bonsai: (seconds) => {
      const { client, server } = pair();
      return bulk(server.tcp, client.tcp, SERVER, seconds);
    },
    kernel: (seconds) => bulk(hostTcp, hostTcp, "127.0.0.1", seconds),
  });
}
