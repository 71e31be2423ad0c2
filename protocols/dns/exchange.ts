/**
 * One query and its response: over UDP from a port of its own (RFC 5452, 9.2), over TCP where that was cut (RFC 7766, 5).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { TcpClient } from "../tcp.ts";
import type { Udp } from "../udp.ts";
import { DNS_HEADER, FLAG_TRUNCATED } from "./codes.ts";
import { type DnsResponse, readResponse, writeQuery } from "./query.ts";
import type { DnsCounters } from "./settings.ts";

/** What the exchanges of one resolver share. */
export interface ExchangeShared {
  /** The core. */
  readonly core: Core;
  /** What carries queries. */
  readonly udp: Udp;
  /** What carries those whose answer was cut. */
  readonly tcp: TcpClient | undefined;
  /** The servers' port. */
  readonly port: number;
  /** What it does and drops. */
  readonly counters: DnsCounters;
}

/**
 * Asks one server once.
 *
 * @param shared What carries it.
 * @param server The server's address, in text.
 * @param name The name's bytes.
 * @param type The number of the type.
 * @param edns Whether large responses are welcome (RFC 6891).
 * @param timeout Milliseconds to wait, over TCP anew.
 * @returns Its response.
 * @throws {NetError} `ETIMEDOUT`, `ECONNREFUSED`, …; `EMSGSIZE` when the response was cut and there is no TCP.
 */
export async function exchange(
  { core, udp, tcp, port, counters }: ExchangeShared,
  server: string,
  name: Uint8Array,
  type: number,
  edns: boolean,
  timeout: number,
): Promise<DnsResponse> {
  const query = writeQuery(core.random(), name, type, edns);
  const read = (bytes: Uint8Array<ArrayBuffer>): DnsResponse | null =>
    readResponse(bytes, query, DNS_HEADER + name.length + 4);
  const at = { hostname: server, port };
  const late = new AbortController();
  const { signal } = late;
  const timer = new Timer(() => late.abort());
  const socket = udp.listen({ port: 0 });
  let open: { close(): void } = socket;
  signal.onabort = () => open.close();
  try {
    core.timers.arm(timer, core.now() + timeout);
    counters.queries++;
    await socket.connect(at);
    await socket.send(query);
    let response: DnsResponse | null;
    while (!(response = read((await socket.receive())[0]))) counters.ignored++;
    if (!(response.flags & FLAG_TRUNCATED)) return response;
    if (!tcp) throw new NetError("EMSGSIZE", "the answer fits into no datagram: list tcp() before dns()");
    socket.close();
    counters.overTcp++;
    core.timers.arm(timer, core.now() + timeout);
    const conn = open = await tcp.connect({ ...at, signal });
    await conn.write(Uint8Array.of(query.length >> 8, query.length, ...query));
    const buffer = new Uint8Array(65_537);
    let size = 0;
    do {
      const more = await conn.read(buffer.subarray(size));
      if (!more) break;
      size += more;
    } while (size < 2 + (buffer[0]! << 8 | buffer[1]!));
    response = read(buffer.slice(2, size));
    if (!response) throw new NetError("EPROTO", `DNS server ${server} talks nonsense`);
    return response;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new NetError("ETIMEDOUT", `DNS server ${server} did not answer within ${timeout} ms`);
  } finally {
    timer.deadline = Infinity;
    open.close();
  }
}
