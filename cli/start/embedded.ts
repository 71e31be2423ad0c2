/**
 * Two stacks in this process, a wire in memory between them, and a port of the host's that leads into the first.
 *
 * @module
 */

import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp, type TcpEndpoint } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import type { Hop } from "../home/facts.ts";
import { ConnectionLog } from "../home/log.ts";
import { bytes, duration, endText } from "../home/words.ts";
import { type Carried, type Forward, forward } from "./forward.ts";
import type { Place, PlaceOptions } from "./place.ts";

const CLIENT = "10.0.0.1";
const SERVER: TcpEndpoint = { hostname: "10.0.0.2", port: 80 };
/** On a wire in memory no segment is late, so that a port need not rest for a minute after use. */
const TIME_WAIT = 1000;
const PORT = 8080;

/**
 * Makes both stacks; nobody reaches them before `open`.
 *
 * @param options The host's port, and the serving stack's plugins.
 * @returns The place.
 */
export function embedded({ port = PORT, plugins, print }: PlaceOptions): Place {
  const [outer, inner] = memory("ethernet");
  const log = new ConnectionLog(SERVER.port);
  const net = stack({
    driver: inner,
    plugins: [log.plugin, ...plugins],
    protocols: [
      ethernet(),
      arp(),
      ipv4({ address: `${SERVER.hostname}/24` }),
      icmp(),
      udp(),
      tcp({ timeWait: TIME_WAIT }),
      httpServer(),
    ],
  });
  const client = stack({
    driver: outer,
    protocols: [ethernet(), arp(), ipv4({ address: `${CLIENT}/24` }), icmp(), tcp({ timeWait: TIME_WAIT })],
  });
  const lines = new Lines(print);
  const carried: Map<number, Carried> = new Map();
  let way: Forward | null = null;
  return {
    net,
    log,
    port: SERVER.port,
    medium: "ethernet",
    sentence: "Your request crossed two of them, one at each end of a wire that is made of memory.",
    lost: new AbortController().signal,
    async open() {
      way = await forward({
        port,
        tcp: client.tcp,
        target: SERVER,
        onOpen(one) {
          carried.set(one.connection.local.port, one);
          lines.opened(one);
        },
        onClose(one) {
          carried.delete(one.connection.local.port);
          lines.closed(one);
        },
      });
      return `Open http://127.0.0.1:${way.port}/\n` +
        `  127.0.0.1:${way.port} → bonsai ${CLIENT} → wire in memory → bonsai ${endText(SERVER)} → app`;
    },
    visit: (_, answer) => answer(),
    hops: (remote) => hops(carried.get(remote.port), remote, way?.port ?? port),
    roundTripTime: (remote) => carried.get(remote.port)?.connection.roundTripTime ?? null,
    stop() {
      way?.stop();
    },
    close() {
      way?.close();
      client.close();
      net.close();
    },
  };
}

function hops(one: Carried | undefined, remote: TcpEndpoint, port: number): Hop[] {
  return [
    {
      name: "You",
      address: one ? endText(one.client) : "127.0.0.1",
      text: "Your program’s socket: TCP of the kernel.",
      ours: false,
    },
    {
      name: "Forward",
      address: `127.0.0.1:${port}`,
      text: `The kernel’s TCP ends here. ${
        one ? `${bytes(one.up)} came in and go` : "What comes in goes"
      } on through bonsai.`,
      ours: true,
    },
    {
      name: "Client stack",
      address: endText(remote),
      text: "TCP, IPv4, ARP and Ethernet of bonsai, onto a wire in memory.",
      ours: true,
    },
    {
      name: "Server stack",
      address: endText(SERVER),
      text: "Ethernet, ARP, IPv4, TCP and HTTP of bonsai, from the wire.",
      ours: true,
    },
  ];
}

/** Says what becomes of each connection. */
class Lines {
  readonly #print: (line: string) => void;
  readonly #numbers: Map<Carried, number> = new Map();
  #count: number = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  opened(one: Carried): void {
    this.#numbers.set(one, ++this.#count);
    const { client, connection } = one;
    this.#print(
      `#${this.#count} ${endText(client)} → ${endText(connection.local)} → ${endText(connection.remote)}`,
    );
  }

  closed(one: Carried): void {
    const number = this.#numbers.get(one);
    this.#numbers.delete(one);
    const after = duration(performance.now() - one.since);
    const how = one.error ? `broken off (${one.error.message})` : "closed";
    this.#print(`#${number} ${how} after ${after}: ${bytes(one.up)} up, ${bytes(one.down)} down`);
  }
}
