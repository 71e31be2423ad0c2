/**
 * A small DNS server: the authority for a zone, and for all other names one that asks others (RFC 1034, 1035, 2308, 6891,
 * 7766).
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { dnsServer } from "@bonsai/net/protocols/dns_server";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ip");
 * const net = stack({
 *   driver,
 *   protocols: [ipv4({ address: "10.0.0.2/24" }), udp(), tcp(), dnsServer({ forward: ["9.9.9.9"] })],
 * });
 * console.log(net.counters().dnsServer);
 * ```
 *
 * @module
 */

import type { IpAddress } from "../core/ip.ts";
import { NetError } from "../core/net_error.ts";
import { checkOptions } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import {
  CLASS_ANY,
  CLASS_IN,
  DNS_DATAGRAM,
  DNS_HEADER,
  FLAG_AUTHORITATIVE,
  FLAG_RECURSION_AVAILABLE,
  FLAG_RECURSION_DESIRED,
  FLAG_RESPONSE,
  FLAG_TRUNCATED,
  FORMAT_ERROR,
  NAME_ERROR,
  NOT_IMPLEMENTED,
  OPCODE,
  RCODE,
  REFUSED,
  SERVER_FAILURE,
} from "./dns/codes.ts";
import { exchange, type ExchangeShared } from "./dns/exchange.ts";
import { nameBytes } from "./dns/query.ts";
import { type DnsMessage, readMessage } from "./dns/reader.ts";
import { type DnsRecord, typeNumber } from "./dns/record.ts";
import { DnsCounters } from "./dns/settings.ts";
import { writeMessage } from "./dns/writer.ts";
import { DNS_SERVER_OPTIONS, DnsServerCounters, type DnsServerOptions } from "./dns_server/settings.ts";
import { DnsStream } from "./dns_server/stream.ts";
import { Zone } from "./dns_server/zone.ts";
import type { Tcp } from "./tcp.ts";
import type { Udp } from "./udp.ts";

export {
  DNS_SERVER_OPTIONS,
  DnsServerCounters,
  type DnsServerOptions,
  type DnsServerRecord,
} from "./dns_server/settings.ts";

/** Types of whole zones, which are not given out. */
const TRANSFERS = ["TYPE251", "TYPE252"];
/** The type of the record that EDNS is (RFC 6891). */
const OPT = "TYPE41";
/** Flag of an OPT record: the asker understands DNSSEC. */
const DNSSEC_OK = 0x8000;
/** No data. */
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);
/** Bytes of a response to who says nothing of larger ones (RFC 1035, 2.3.4). */
const SMALL = 512;

/** Takes the response to a query. */
type Answer = (bytes: Uint8Array<ArrayBuffer>) => void;

/** The DNS server. */
export class DnsServer {
  /** What it does and drops. */
  readonly counters: DnsServerCounters = new DnsServerCounters();
  readonly #options: DnsServerOptions;
  readonly #zone: Zone | null;
  readonly #shared: ExchangeShared;
  #pending: number = 0;

  /**
   * Starts the server.
   *
   * @param core The core.
   * @param below What carries it.
   * @param options What it serves, checked already.
   * @throws {RangeError} When a record lies outside of the zone, or has data that is none.
   */
  constructor(core: Core, { udp, tcp }: { udp: Udp; tcp?: Tcp }, options: DnsServerOptions) {
    this.#options = options;
    const { zone, records = [], ttl = 300, port = 53, hostname } = options;
    this.#zone = zone === undefined ? null : new Zone(zone, records, ttl);
    this.#shared = { core, udp, tcp, port: 53, counters: new DnsCounters() };
    const where = hostname === undefined ? { port } : { port, hostname };
    const socket = udp.bind(where, (data, from, port) => {
      if (port !== 0) this.#receive(data, true, (bytes) => send(bytes, from, port));
    });
    const send = (bytes: Uint8Array, to: IpAddress, port: number): void => {
      try {
        socket.send(bytes, to, port);
      } catch (error) {
        // A route may be gone by now, and the stack closed.
        if (!(error instanceof NetError)) throw error;
      }
    };
    tcp?.accept(
      where,
      (connection) => new DnsStream(core, connection, (query, answer) => this.#receive(query, false, answer)),
    );
    core.count("dnsServer", this.counters);
  }

  #receive(bytes: Uint8Array, datagram: boolean, answer: Answer): void {
    const { counters } = this;
    const query = readMessage(bytes);
    const flags = bytes.length < DNS_HEADER ? FLAG_RESPONSE : bytes[2]! << 8 | bytes[3]!;
    // A response is never answered: two servers would do so for ever.
    if (flags & FLAG_RESPONSE) {
      counters.malformed++;
      return;
    }
    // What was received is lent: others may have answered before this goes back.
    const id = bytes[0]! << 8 | bytes[1]!;
    const opts = query?.additionals.filter(({ type }) => type === OPT) ?? [];
    const [opt] = opts;
    const limit = datagram ? Math.max(SMALL, Math.min(opt?.class ?? SMALL, DNS_DATAGRAM)) : 65_535;
    const reply = (rcode: number, more: Partial<DnsMessage> & { flags?: number } = {}, extended: number = 0): void => {
      const message: DnsMessage = {
        id,
        questions: query?.questions ?? [],
        answers: [],
        authorities: [],
        ...more,
        flags: FLAG_RESPONSE | flags & (OPCODE | FLAG_RECURSION_DESIRED) | (more.flags ?? 0) | rcode |
          (this.#options.forward ? FLAG_RECURSION_AVAILABLE : 0),
        additionals: [
          ...more.additionals ?? [],
          // The bit of DNSSEC comes back (RFC 3225, 3).
          ...opt
            ? [{ name: "", type: OPT, class: DNS_DATAGRAM, ttl: extended << 24 | opt.ttl & DNSSEC_OK, data: NOTHING }]
            : [],
        ],
      };
      const out = writeMessage(message, limit);
      if (out[2]! << 8 & FLAG_TRUNCATED) counters.truncated++;
      answer(out);
    };
    const question = query?.questions[0];
    if (flags & OPCODE) {
      counters.malformed++;
      reply(NOT_IMPLEMENTED);
    } else if (!question || query.questions.length > 1 || opts.length > 1 || opt && opt.name !== "") {
      counters.malformed++;
      reply(FORMAT_ERROR, question && query.questions.length === 1 ? {} : { questions: [] });
    } else if (opt && (opt.ttl >>> 16 & 255) !== 0) {
      // A version that nobody knows yet: BADVERS.
      reply(0, {}, 1);
    } else if ((question.class !== CLASS_IN && question.class !== CLASS_ANY) || TRANSFERS.includes(question.type)) {
      counters.refused++;
      reply(REFUSED);
    } else if (this.#zone?.holds(question.name)) {
      counters.answered++;
      const { exists, ...records } = this.#zone.answer(question.name, question.type);
      reply(exists ? 0 : NAME_ERROR, { ...records, flags: FLAG_AUTHORITATIVE });
    } else if (this.#options.forward?.length && flags & FLAG_RECURSION_DESIRED) {
      void this.#forward(question.name, question.type).then((response) => {
        if (!response) return reply(SERVER_FAILURE);
        const { answers, authorities } = response;
        const additionals = response.additionals.filter(({ type }: DnsRecord) => type !== OPT);
        reply(response.flags & RCODE, { answers, authorities, additionals });
      });
    } else {
      counters.refused++;
      reply(REFUSED);
    }
  }

  /** Asks the other servers; null when none of them answers. */
  async #forward(name: string, type: string): Promise<DnsMessage | null> {
    const { counters } = this;
    const { forward = [], timeout = 2000, pending = 256 } = this.#options;
    if (this.#pending < pending) {
      this.#pending++;
      counters.forwarded++;
      try {
        for (const server of forward) {
          try {
            const { bytes } = await exchange(this.#shared, server, nameBytes(name), typeNumber(type), true, timeout);
            const response = readMessage(bytes)!;
            const code = response.flags & RCODE;
            if (code === 0 || code === NAME_ERROR) return response;
          } catch (error) {
            if (!(error instanceof NetError)) throw error;
          }
        }
      } finally {
        this.#pending--;
      }
    }
    counters.failed++;
    return null;
  }
}

/** The {@linkcode dnsServer} protocol. */
export interface DnsServerProtocol extends Protocol<"dnsServer", { udp: Udp; tcp?: Tcp }, { dnsServer: DnsServer }> {}

/**
 * A DNS server over UDP, and over TCP where that is listed before it: `net.dnsServer`.
 *
 * @param options What it serves.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function dnsServer(options: DnsServerOptions): DnsServerProtocol {
  checkOptions("dnsServer", DNS_SERVER_OPTIONS, options);
  return {
    name: "dnsServer",
    needs: { udp: "required", tcp: "optional" },
    start: (core, below) => ({ dnsServer: new DnsServer(core, below, options) }),
  };
}
