/**
 * One query and its response: over UDP from a port of its own (RFC 5452, 9.2), over TCP where that was cut (RFC 7766, 5).
 *
 * @module
 */

import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { Tcp } from "../tcp.ts";
import type { Udp } from "../udp.ts";
import { readResponse, writeQuery } from "./query.ts";
import { DNS_HEADER, type DnsMessage, FLAG_TRUNCATED } from "./reader.ts";
import type { DnsCounters } from "./settings.ts";

/** What the exchanges of one resolver share. */
export interface ExchangeShared {
  /** The core. */
  readonly core: Core;
  /** What carries queries. */
  readonly udp: Udp;
  /** What carries those whose answer was cut. */
  readonly tcp: Tcp | undefined;
  /** The servers' port. */
  readonly port: number;
  /** What it does and drops. */
  readonly counters: DnsCounters;
}

/** Ends an exchange. */
type Settle = (outcome: DnsMessage | NetError) => void;

/**
 * Asks one server once.
 *
 * @param shared What carries it.
 * @param server The server's address, in text.
 * @param name The name's bytes.
 * @param type The type.
 * @param edns Whether large responses are welcome (RFC 6891).
 * @param timeout Milliseconds to wait.
 * @returns Its response.
 * @throws {NetError} `ETIMEDOUT`, `ECONNREFUSED`, …; `EMSGSIZE` when the response was cut and there is no TCP.
 */
export async function exchange(
  shared: ExchangeShared,
  server: string,
  name: Uint8Array,
  type: string,
  edns: boolean,
  timeout: number,
): Promise<DnsMessage> {
  const { core, udp, tcp, port, counters } = shared;
  const query = writeQuery(core.random() & 0xffff, name, type, edns);
  const read = (bytes: Uint8Array): DnsMessage | null => readResponse(bytes, query, DNS_HEADER + name.length + 4);
  const failure = (code: NetErrorCode, why: string): NetError => new NetError(code, `DNS server ${server} ${why}`);
  const lost = (error?: NetError | null): NetError =>
    failure(error?.code ?? "ECONNABORTED", `cannot be asked: ${error?.message ?? "it hung up"}`);
  const settled = (begin: (settle: Settle) => () => void): Promise<DnsMessage> =>
    new Promise((resolve, reject) => {
      let stop = (): void => {};
      const settle: Settle = (outcome) => {
        timer.deadline = Infinity;
        if (outcome instanceof NetError) reject(outcome);
        else resolve(outcome);
        stop();
      };
      const timer = new Timer(() => settle(failure("ETIMEDOUT", `did not answer within ${timeout} ms`)));
      core.timers.arm(timer, core.now() + timeout);
      try {
        stop = begin(settle);
      } catch (error) {
        settle(lost(error as NetError));
      }
    });
  counters.queries++;
  const response = await settled((settle) => {
    const socket = udp.bind({ port: 0, onError: (error) => settle(lost(error)) }, (data) => {
      const message = read(data);
      if (message) settle(message);
      else counters.ignored++;
    });
    // After the answer, or when the stack closes.
    socket.onClose = () => settle(lost());
    try {
      socket.connect(server, port);
      socket.send(query);
    } catch (error) {
      settle(lost(error as NetError));
    }
    return () => socket.close();
  });
  if (!(response.flags & FLAG_TRUNCATED)) return response;
  if (!tcp) throw failure("EMSGSIZE", "has more to say than a datagram holds: list tcp() before dns()");
  counters.overTcp++;
  return settled((settle) => {
    const buffer = new Uint8Array(65_537);
    let size = 0;
    const connection = tcp.open({ hostname: server, port }, {
      readable(connection) {
        size += connection.read(buffer.subarray(size));
        const end = 2 + (buffer[0]! << 8 | buffer[1]!);
        if (size < 2 || size < end) {
          if (connection.readEnded) settle(lost());
        } else settle(read(buffer.subarray(2, end)) ?? failure("EPROTO", "talks nonsense"));
      },
      closed: (_, error) => settle(lost(error)),
    });
    connection.write(Uint8Array.from([query.length >> 8, query.length, ...query]));
    return () => connection.abort();
  });
}
