/**
 * UDP echo within one process: two stacks over a wire in memory, beside the kernel's UDP over loopback.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { parseIpv4 } from "@bonsai/net";
import { pair, SERVER } from "./pair.ts";
import { HOST_PORT, Meter, runProgram } from "./program.ts";
import { inProcesses } from "./runtimes.ts";
import type { Sample, Scenario } from "./scenario.ts";

/** The port of the echo service (RFC 862). */
const PORT = 7;
/** Datagrams on their way at the same time. */
const WINDOW = 64;
/** Bytes of payload. */
const SIZE = 64;
/** Milliseconds after which a datagram that did not come back counts as lost. */
const PATIENCE = 50;

/** The scenario. */
export const udpMemory: Scenario = {
  name: "udp-memory",
  title: "UDP echo between two stacks in one process",
  conditions: [
    `${WINDOW} datagrams of ${SIZE} bytes on their way at once; an echo is two datagrams; every byte compared`,
    "bonsai: Ethernet, ARP, IPv4, ICMP, UDP and TCP over memory(), checksums on",
    "bind and node:dgram call back; listen and Deno.listenDatagram are the same program with promises",
    "kernel: its UDP over loopback, through the runtime's sockets",
  ],
  rate: ["echoes/s", 1],
  cost: ["CPU µs/echo", 1e6],
  open: () =>
    inProcesses("bench/udp_memory.ts", [
      { name: "bonsai bind", runtimes: ["deno", "bun"] },
      { name: "bonsai listen", runtimes: ["deno", "bun"] },
      { name: "node:dgram", runtimes: ["deno", "bun"], against: "bonsai bind" },
      { name: "Deno.listenDatagram", runtimes: ["deno"], against: "bonsai listen" },
    ]),
};

/** Keeps datagrams on their way, and verifies what comes back. */
class Client {
  readonly meter: Meter = new Meter();
  readonly #sent: Buffer[] = [];
  readonly #counts: Int32Array = new Int32Array(WINDOW);

  /** Starts to send. */
  constructor(readonly send: (datagram: Uint8Array<ArrayBuffer>) => void) {
    for (let i = 0; i < WINDOW; i++) {
      // A buffer of its own: the pool's would be larger than the datagram.
      const datagram = Buffer.from(new ArrayBuffer(SIZE));
      for (let at = 0; at < SIZE; at++) datagram[at] = i * 31 + at * 7;
      datagram[0] = i;
      this.#sent.push(datagram);
    }
  }

  /** Begins, and sends again what is lost. */
  start(): void {
    for (const datagram of this.#sent) this.send(datagram as Uint8Array<ArrayBuffer>);
    const seen = this.#counts.slice();
    setInterval(() => {
      for (let i = 0; i < WINDOW; i++) {
        if (seen[i] === this.#counts[i]) this.send(this.#sent[i] as Uint8Array<ArrayBuffer>);
        else seen[i] = this.#counts[i]!;
      }
    }, PATIENCE);
  }

  /** Takes an echo, and sends the next datagram in its place. */
  receive(data: Uint8Array): void {
    const i = data[0]!;
    const sent = this.#sent[i];
    // One that was thought lost may come late.
    if (sent && data[1] !== sent[1]) return;
    if (!sent?.equals(data)) throw new Error("An echo is not what was sent");
    sent[1] = ++this.#counts[i]!;
    this.meter.units++;
    this.send(sent as Uint8Array<ArrayBuffer>);
  }
}

function bonsai(seconds: number): Promise<Sample> {
  const { client, server } = pair();
  const echo = server.udp.bind({ port: PORT }, (data, address, port) => void echo.send(data, address, port));
  const to = parseIpv4(SERVER);
  const load = new Client((datagram) => void socket.send(datagram, to, PORT));
  const socket = client.udp.bind({ port: 0 }, (data) => load.receive(data));
  load.start();
  return load.meter.measure(seconds);
}

function nodeDgram(seconds: number): Promise<Sample> {
  const echo = createSocket("udp4");
  echo.on("message", (data, from) => echo.send(data, from.port, from.address));
  const socket = createSocket("udp4");
  const load = new Client((datagram) => socket.send(datagram, HOST_PORT, "127.0.0.1"));
  socket.on("message", (data) => load.receive(data));
  echo.bind(HOST_PORT, "127.0.0.1", () => load.start());
  return load.meter.measure(seconds);
}

/** What a socket with promises is used for. */
interface Datagrams extends AsyncIterable<[Uint8Array, unknown]> {
  send(data: Uint8Array<ArrayBuffer>, to: unknown): Promise<number>;
}

function promised(server: Datagrams, client: Datagrams, to: unknown, seconds: number): Promise<Sample> {
  const load = new Client((datagram) => void client.send(datagram, to));
  const echo = async (): Promise<void> => {
    for await (const [data, from] of server) await server.send(data as Uint8Array<ArrayBuffer>, from);
  };
  const receive = async (): Promise<void> => {
    for await (const [data] of client) load.receive(data);
  };
  void echo();
  void receive();
  load.start();
  return load.meter.measure(seconds);
}

if (import.meta.main) {
  await runProgram({
    "bonsai bind": bonsai,
    "bonsai listen": (seconds) => {
      const { client, server } = pair();
      const to = { hostname: SERVER, port: PORT };
      return promised(
        server.udp.listen({ port: PORT }) as Datagrams,
        client.udp.listen({ port: 0 }) as Datagrams,
        to,
        seconds,
      );
    },
    "node:dgram": nodeDgram,
    "Deno.listenDatagram": (seconds) => {
      const open = (port: number): Datagrams =>
        Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port }) as unknown as Datagrams;
      return promised(open(HOST_PORT), open(0), { transport: "udp", hostname: "127.0.0.1", port: HOST_PORT }, seconds);
    },
  });
}
