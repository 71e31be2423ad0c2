/** A resolver and DNS servers that do as a test says, on one link in virtual time. */

import { ManualClock } from "../../core/clock.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate } from "../../core/simulate.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { FLAG_RESPONSE } from "../../protocols/dns/codes.ts";
import { type DnsMessage, readMessage } from "../../protocols/dns/reader.ts";
import type { DnsRecord } from "../../protocols/dns/record.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";
import { type Dns, dns, type DnsOptions } from "../../protocols/dns.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { type Tcp, tcp, type TcpUser } from "../../protocols/tcp.ts";
import { type Udp, udp } from "../../protocols/udp.ts";

export const SERVER = "10.0.0.1";
/** A second address of the same host. */
export const SECOND = "10.0.0.3";

/** What a scripted server sends for a query: messages, whole datagrams, or nothing. */
export type Script = (query: DnsMessage, over: "udp" | "tcp", nth: number) => (DnsMessage | Uint8Array)[];

export interface World {
  readonly clock: ManualClock;
  readonly client: Stack<{ dns: Dns; tcp: Tcp; udp: Udp }>;
  readonly server: Stack<{ tcp: Tcp; udp: Udp }>;
  /** The queries that the server got. */
  readonly queries: { readonly message: DnsMessage; readonly port: number; readonly at: number; readonly to: string }[];
  /** Waits, in virtual time. */
  wait<T>(promise: Promise<T>, limit?: number): Promise<T>;
  close(): void;
}

export function record(name: string, type: string, data: DnsRecord["data"], ttl: number = 60): DnsRecord {
  return { name, type, class: 1, ttl, data };
}

export function soa(name: string, minimum: number = 30, ttl: number = 300): DnsRecord {
  const data = { mname: "ns." + name, rname: "root." + name, serial: 1, refresh: 2, retry: 3, expire: 4, minimum };
  return record(name, "SOA", data, ttl);
}

export function answer(query: DnsMessage, answers: DnsRecord[], more: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: query.id,
    flags: FLAG_RESPONSE | 0x180,
    questions: query.questions,
    answers,
    authorities: [],
    additionals: [],
    ...more,
  };
}

/** An array of bytes that a message is, unless it is one already. */
function bytesOf(message: DnsMessage | Uint8Array): Uint8Array {
  return message instanceof Uint8Array ? message : writeMessage(message);
}

export function world(
  script: Script,
  { options = { servers: [SERVER] }, withTcp = true }: { options?: DnsOptions; withTcp?: boolean } = {},
): World {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const common = { clock };
  const address = { address: "10.0.0.2/24" };
  const random = seededRandom(11);
  const client = withTcp
    ? stack({ ...common, random, driver: left, protocols: [ipv4(address), icmp(), udp(), tcp(), dns(options)] })
    : stack({ ...common, random, driver: left, protocols: [ipv4(address), icmp(), udp(), dns(options)] });
  const server = stack({
    ...common,
    random: seededRandom(12),
    driver: right,
    protocols: [ipv4({ address: `${SERVER}/24`, addresses: [`${SECOND}/24`] }), icmp(), udp(), tcp()],
  });
  const queries: World["queries"] = [];
  for (const to of [SERVER, SECOND]) {
    const socket = server.udp.bind({ port: 53, hostname: to }, (data, from, port) => {
      const message = readMessage(data)!;
      queries.push({ message, port, at: clock.now(), to });
      for (const reply of script(message, "udp", queries.length)) socket.send(bytesOf(reply), from, port);
    });
  }
  server.tcp.accept({ port: 53 }, (): TcpUser => {
    const buffer = new Uint8Array(65_537);
    let size = 0;
    return {
      readable(connection) {
        size += connection.read(buffer.subarray(size));
        const end = 2 + (buffer[0]! << 8 | buffer[1]!);
        if (size < 2 || size < end) return;
        const message = readMessage(buffer.subarray(2, end))!;
        queries.push({ message, port: connection.remote.port, at: clock.now(), to: SERVER });
        for (const reply of script(message, "tcp", queries.length)) {
          const bytes = bytesOf(reply);
          connection.write(Uint8Array.of(bytes.length >> 8, bytes.length));
          connection.write(bytes);
        }
      },
    };
  });
  return {
    clock,
    client: client as unknown as World["client"],
    server: server as unknown as World["server"],
    queries,
    wait: (promise, limit = 120_000) => simulate(clock, [client, server], { until: promise, limit }),
    close() {
      client.close();
      server.close();
    },
  };
}

/** How a promise failed: its code and its sentence. */
export function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then((value) => `no failure: ${JSON.stringify(value)}`, (error) => `${error.code}: ${error.message}`);
}
