/**
 * ICMP for IPv4 (RFC 792; RFC 1122, 3.2.2): echo, errors both ways, and redirects.
 *
 * @module
 */

import { foldChecksum, sumPacket, updateChecksum } from "../core/checksum.ts";
import { type Ip, type IpErrors, type IpFault, type IpReceiver, PROTOCOL_ICMP } from "../core/ip.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { type Packet, setI32, UNICAST } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { TokenBucket } from "../core/token_bucket.ts";
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

/** Bytes of a packet that an error quotes: as many as fit into a datagram of 576 bytes (RFC 1812, 4.3.2.3). */
const QUOTED = 548;
/** Errors that may be sent at once after a quiet time. */
const BURST = 50;
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
export class IcmpCounters {
  /** Messages that are too short. */
  malformed: number = 0;
  /** Messages whose checksum is wrong. */
  badChecksum: number = 0;
  /** Echoes and timestamps answered. */
  replies: number = 0;
  /** Errors handed to a transport. */
  faults: number = 0;
  /** Errors that quote no packet of ours. */
  badQuotes: number = 0;
  /** Redirects followed. */
  redirects: number = 0;
  /** Redirects that did not come from the router in use, or make no sense. */
  badRedirects: number = 0;
  /** Messages that need no answer, or must not be followed: source quenches, broadcast echoes, …. */
  ignored: number = 0;
  /** Errors sent. */
  errors: number = 0;
  /** Errors not sent because there were too many. */
  limited: number = 0;
}

/** The ICMP layer. */
export class Icmp implements IpReceiver, IpErrors {
  /** What it does and drops. */
  readonly counters: IcmpCounters = new IcmpCounters();
  readonly #core: Core;
  readonly #ipv4: Ipv4;
  readonly #bucket: TokenBucket;
  readonly #redirects: Redirects | null;
  readonly #echoes: Map<number, IpReceiver> = new Map();
  /** The way of the last reply: who asks once asks again. */
  #path: Ipv4Path | null = null;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param ipv4 What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ip: Ip, ipv4: Ipv4, options: IcmpOptions) {
    this.#core = core;
    this.#ipv4 = ipv4;
    this.#bucket = new TokenBucket(core, BURST, options.rateLimit ?? 1000);
    this.#redirects = options.redirects === false ? null : new Redirects(core, ipv4);
    ipv4.errors = this;
    ip.attach(PROTOCOL_ICMP, this);
    core.count("icmp", this.counters);
  }

  /**
   * Names who reads the replies to echoes of one identifier, and hears of those that did not arrive.
   *
   * @param identifier The identifier, 0 to 65,535.
   * @param receiver Who reads them, the window at the ICMP header; nobody any more when null.
   */
  attach(identifier: number, receiver: IpReceiver | null): void {
    if (receiver) this.#echoes.set(identifier, receiver);
    else this.#echoes.delete(identifier);
  }

  /** Reads one message. */
  receive(packet: Packet): void {
    const { counters } = this;
    if (packet.length < ICMP_HEADER) {
      counters.malformed++;
      return;
    }
    if (foldChecksum(sumPacket(packet, packet.start, packet.end)) !== 0) {
      counters.badChecksum++;
      return;
    }
    const type = packet.u8(0);
    if (packet.cast !== UNICAST || this.#ipv4.isMany(this.#ipv4.destination(packet))) counters.ignored++;
    else if (type === ECHO) this.#reply(packet, ECHO_REPLY);
    else if (type === TIMESTAMP && packet.length >= 20) this.#reply(packet, TIMESTAMP_REPLY);
    else if (type === ECHO_REPLY) this.#echoes.get(packet.u16(4))?.receive(packet);
    else if (type === UNREACHABLE || type === TIME_EXCEEDED || type === PARAMETER_PROBLEM) this.#fault(packet, type);
    else if (type === REDIRECT && this.#redirects) {
      if (this.#redirects.receive(packet)) counters.redirects++;
      else counters.badRedirects++;
    } else counters.ignored++;
  }

  /** Hears that an echo of ours did not arrive. */
  fault(packet: Packet, fault: IpFault): void {
    if (packet.u8(0) === ECHO) this.#echoes.get(packet.u16(4))?.fault?.(packet, fault);
  }

  /** Sends an error about a received packet, unless that must not be answered (RFC 1122, 3.2.2). */
  error(packet: Packet, type: number, code: number, pointer: number): void {
    const { bytes, network: at, end } = packet;
    const header = (bytes[at]! & 15) << 2;
    if (
      packet.cast !== UNICAST || this.#ipv4.isMany(this.#ipv4.destination(packet)) ||
      ((bytes[at + 6]! << 8 | bytes[at + 7]!) & 0x1fff) !== 0 ||
      bytes[at + 9] === PROTOCOL_ICMP && !(at + header < end && isQuery(bytes[at + header]!))
    ) return;
    const path = this.#ipv4.pathBack(packet);
    if (!path) return;
    if (!this.#bucket.take()) {
      this.counters.limited++;
      return;
    }
    // Errors go out as internetwork control (RFC 1812, 4.3.2.5).
    path.trafficClass = bytes[at + 1]! & 0x1e | 0xc0;
    const { pool } = this.#core;
    const quoted = Math.min(end - at, QUOTED);
    const error = pool.take(ICMP_HEADER + quoted);
    error.end = error.start + ICMP_HEADER + quoted;
    error.setI32(0, type << 24 | code << 16);
    error.setI32(4, pointer << 24);
    error.bytes.set(bytes.subarray(at, at + quoted), error.start + ICMP_HEADER);
    error.setU16(2, foldChecksum(sumPacket(error, error.start, error.end)));
    this.counters.errors++;
    path.transmit(error, PROTOCOL_ICMP);
    pool.give(error);
  }

  #reply(packet: Packet, type: number): void {
    if (!this.#path?.matches(packet)) this.#path = this.#ipv4.pathBack(packet);
    const path = this.#path;
    if (!path) return;
    path.trafficClass = packet.bytes[packet.network + 1]!;
    const { pool } = this.#core;
    const reply = pool.take(packet.length);
    reply.write(packet.view());
    const before = reply.u16(0);
    reply.setU8(0, type);
    // Only the type changes; a checksum that is kept covers the data from end to end.
    reply.setU16(2, updateChecksum(reply.u16(2), before, reply.u16(0)));
    const { bytes, network: at } = packet;
    const header = packet.start - at;
    const now = ((this.#core.clock.origin ?? 0) + this.#core.now()) % DAY;
    if (type === TIMESTAMP_REPLY) {
      setI32(reply.bytes, reply.start + 12, now);
      setI32(reply.bytes, reply.start + 16, now);
      reply.setU16(2, 0);
      reply.setU16(2, foldChecksum(sumPacket(reply, reply.start, reply.end)));
    }
    this.counters.replies++;
    const options = header > 20 ? echoOptions(bytes, at, header, path.source, now) : undefined;
    path.transmit(reply, PROTOCOL_ICMP, options);
    pool.give(reply);
  }

  #fault(packet: Packet, type: number): void {
    const code = packet.u8(1);
    const mtu = packet.u16(6);
    const from = this.#ipv4.source(packet);
    packet.pull(ICMP_HEADER);
    const fault = packet.length < 28 ? null : readFault(type, code, mtu, packet.u16(2));
    if (fault && this.#ipv4.fault(packet, { ...fault, from })) this.counters.faults++;
    else this.counters.badQuotes++;
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
