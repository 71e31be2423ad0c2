/**
 * ICMP for IPv4 (RFC 792; RFC 1122, 3.2.2): echo, errors both ways, and redirects.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { icmp } from "@bonsai/net/protocols/icmp";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), icmp()] });
 * console.log(net.counters().icmp); // it answers pings by itself
 * ```
 *
 * @module
 */

import { type IcmpFamily, IcmpLayer, IcmpLayerCounters } from "../core/icmp_layer.ts";
import { type Ip, PROTOCOL_ICMP } from "../core/ip.ts";
import type { Ipv4Address } from "../core/ipv4_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { type Packet, UNICAST } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { echoOptions } from "./icmp/echo_options.ts";
import {
  ECHO,
  ECHO_REPLY,
  ICMP_HEADER,
  isQuery,
  PARAMETER_PROBLEM,
  readFault,
  REDIRECT,
  TIME_EXCEEDED,
  TIMESTAMP,
  TIMESTAMP_REPLY,
  UNREACHABLE,
} from "./icmp/message.ts";
import { Redirects } from "./icmp/redirects.ts";
import type { Ipv4, Ipv4Path } from "./ipv4.ts";

/** Bytes of an IPv4 header without options. */
const IPV4_HEADER = 20;
const FAMILY: IcmpFamily = {
  protocol: PROTOCOL_ICMP,
  // As many as fit into a datagram of 576 bytes (RFC 1812, 4.3.2.3).
  quoted: 548,
  echo: ECHO,
};
/** Bytes of a timestamp message. */
const TIMESTAMP_LENGTH = 20;
/** Milliseconds of a day. */
const DAY = 86_400_000;

/** How to make the ICMP layer. */
export interface IcmpOptions {
  /** Errors sent in a second, at most; 1000 when left out. */
  readonly rateLimit?: number;
  /** Whether to follow redirects; true when left out. */
  readonly redirects?: boolean;
}

/** The JSON Schema of {@linkcode IcmpOptions}. */
export const ICMP_OPTIONS: OptionsSchema<IcmpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    rateLimit: { type: "integer", minimum: 0, maximum: 1_000_000 },
    redirects: { type: "boolean" },
  },
};

/** What the ICMP layer counts. */
export class IcmpCounters extends IcmpLayerCounters {
  /** Redirects followed. */
  redirects: number = 0;
  /** Redirects that did not come from the router in use, or make no sense. */
  badRedirects: number = 0;
}

/** The ICMP layer. */
export class Icmp extends IcmpLayer<Ipv4Address, Ipv4, Ipv4Path> {
  /** What it does and drops. */
  readonly counters: IcmpCounters = new IcmpCounters();
  readonly #redirects: Redirects | null;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param ipv4 What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ip: Ip, ipv4: Ipv4, options: IcmpOptions) {
    super(core, ip, ipv4, FAMILY, options.rateLimit);
    this.#redirects = options.redirects === false ? null : new Redirects(core, ipv4);
    core.count("icmp", this.counters);
  }

  /** Sends an error about a received packet, unless that must not be answered (RFC 1122, 3.2.2). */
  override error(packet: Packet, type: number, code: number, pointer: number): void {
    const { bytes, network: at, end } = packet;
    const header = (bytes[at]! & 15) << 2;
    if (
      packet.cast !== UNICAST || this.network.isMany(this.network.destination(packet)) ||
      ((bytes[at + 6]! << 8 | bytes[at + 7]!) & 0x1fff) !== 0 ||
      bytes[at + 9] === PROTOCOL_ICMP && !(at + header < end && isQuery(bytes[at + header]!))
    ) return;
    super.error(packet, type, code, pointer << 24);
  }

  /** Reads a message whose checksum is right. */
  protected read(packet: Packet, type: number): void {
    const { counters } = this;
    if (packet.cast !== UNICAST || this.network.isMany(this.network.destination(packet))) counters.ignored++;
    else if (type === ECHO) this.reply(packet, ECHO_REPLY);
    else if (type === TIMESTAMP && packet.length >= TIMESTAMP_LENGTH) this.reply(packet, TIMESTAMP_REPLY);
    else if (type === ECHO_REPLY) this.replied(packet);
    else if (type === UNREACHABLE || type === TIME_EXCEEDED || type === PARAMETER_PROBLEM) {
      const enough = packet.length >= ICMP_HEADER + 28;
      const fault = enough ? readFault(type, packet.u8(1), packet.u16(6), packet.u16(ICMP_HEADER + 2)) : null;
      this.report(packet, fault);
    } else if (type === REDIRECT && this.#redirects) {
      if (this.#redirects.receive(packet)) counters.redirects++;
      else counters.badRedirects++;
    } else counters.ignored++;
  }

  /** Writes the times; where the way of the query was recorded, that of the answer is (RFC 1122, 3.2.2.6 and 3.2.2.8). */
  protected override finish(query: Packet, reply: Packet, { source }: Ipv4Path): Uint8Array | undefined {
    const { bytes, network: at, start } = query;
    const stamped = reply.u8(0) === TIMESTAMP_REPLY;
    const header = start - at;
    if (!stamped && header === IPV4_HEADER) return undefined;
    const now = ((this.core.clock.origin ?? 0) + this.core.now()) % DAY;
    if (stamped) {
      reply.setI32(12, now);
      reply.setI32(16, now);
      reply.setU8(1, 0);
      reply.end = reply.start + TIMESTAMP_LENGTH;
    }
    return header === IPV4_HEADER ? undefined : echoOptions(bytes, at, header, source, now);
  }

  /** ICMP has no pseudo-header. */
  protected pseudoSum(): number {
    return 0;
  }

  /** The TOS byte of a received packet. */
  protected trafficClass({ bytes, network }: Packet): number {
    return bytes[network + 1]!;
  }

  /** Errors go out as internetwork control (RFC 1812, 4.3.2.5). */
  protected errorTrafficClass(packet: Packet): number {
    return this.trafficClass(packet) & 0x1e | 0xc0;
  }
}

/** The {@linkcode icmp} protocol. */
export interface IcmpProtocol extends Protocol<"icmp", { ip: Ip; ipv4: Ipv4 }, { icmp: Icmp }> {}

/**
 * ICMP for IPv4.
 *
 * @param options Limits.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function icmp(options: IcmpOptions = {}): IcmpProtocol {
  checkOptions("icmp", ICMP_OPTIONS, options);
  return {
    name: "icmp",
    needs: { ip: "required", ipv4: "required" },
    start: (core, { ip, ipv4 }) => ({ icmp: new Icmp(core, ip, ipv4, options) }),
  };
}
