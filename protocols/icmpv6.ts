/**
 * ICMP for IPv6 (RFC 4443): echo, and errors both ways.
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import type { Receiver } from "../core/driver.ts";
import { type Ip, type IpErrors, type IpFault, type IpReceiver, PROTOCOL_ICMPV6 } from "../core/ip.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { TokenBucket } from "../core/token_bucket.ts";
import { ECHO_REPLY, ECHO_REQUEST, ICMPV6_HEADER, INFORMATIONAL, readFault } from "./icmpv6/message.ts";
import type { Ipv6, Ipv6Path } from "./ipv6.ts";

/** Bytes of a packet that an error quotes: as many as fit into the least MTU (RFC 4443, 2.4 (c)). */
const QUOTED = 1232;
/** Errors that may be sent at once after a quiet time. */
const BURST = 50;

/** How to make the ICMPv6 layer. */
export interface Icmpv6Options {
  /** Errors, and replies to groups, sent in a second, at most; 1000 when left out. */
  readonly rateLimit?: number;
}

/** The JSON Schema of {@linkcode Icmpv6Options}. */
export const ICMPV6_OPTIONS: OptionsSchema<Icmpv6Options> = {
  type: "object",
  additionalProperties: false,
  properties: { rateLimit: { type: "integer", minimum: 0, maximum: 1_000_000 } },
};

/** What the ICMPv6 layer counts. */
export class Icmpv6Counters {
  /** Messages that are too short. */
  malformed: number = 0;
  /** Messages whose checksum is wrong. */
  badChecksum: number = 0;
  /** Echoes answered. */
  replies: number = 0;
  /** Errors handed to a transport. */
  faults: number = 0;
  /** Errors that quote no packet of ours, or tell what cannot be. */
  badQuotes: number = 0;
  /** Messages that nobody here reads. */
  ignored: number = 0;
  /** Errors sent. */
  errors: number = 0;
  /** Errors and replies to groups not sent because there were too many. */
  limited: number = 0;
}

/** The ICMPv6 layer. */
export class Icmpv6 implements IpReceiver, IpErrors {
  /** What it does and drops. */
  readonly counters: Icmpv6Counters = new Icmpv6Counters();
  readonly #core: Core;
  readonly #ipv6: Ipv6;
  readonly #bucket: TokenBucket;
  readonly #echoes: Map<number, IpReceiver> = new Map();
  readonly #types: Map<number, Receiver> = new Map();
  /** The way of the last reply: who asks once asks again. */
  #path: Ipv6Path | null = null;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param ipv6 What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ip: Ip, ipv6: Ipv6, options: Icmpv6Options) {
    this.#core = core;
    this.#ipv6 = ipv6;
    this.#bucket = new TokenBucket(core, BURST, options.rateLimit ?? 1000);
    ipv6.errors = this;
    ip.attach(PROTOCOL_ICMPV6, this);
    core.count("icmpv6", this.counters);
  }

  /**
   * Names who reads the replies to echoes of one identifier, and hears of those that did not arrive.
   *
   * @param identifier The identifier, 0 to 65,535.
   * @param receiver Who reads them, the window at the ICMPv6 header; nobody any more when null.
   */
  attach(identifier: number, receiver: IpReceiver | null): void {
    if (receiver) this.#echoes.set(identifier, receiver);
    else this.#echoes.delete(identifier);
  }

  /**
   * Names who reads messages of a type that is neither an echo nor an error.
   *
   * @param type The type, 130 to 255.
   * @param receiver Who reads them, the window at the ICMPv6 header.
   */
  attachType(type: number, receiver: Receiver): void {
    this.#types.set(type, receiver);
  }

  /** Reads one message. */
  receive(packet: Packet): void {
    const { counters } = this;
    if (packet.length < ICMPV6_HEADER) {
      counters.malformed++;
      return;
    }
    if (foldChecksum(sumPacket(packet, packet.start, packet.end, this.#pseudo(packet))) !== 0) {
      counters.badChecksum++;
      return;
    }
    const type = packet.u8(0);
    if (type === ECHO_REQUEST) this.#reply(packet);
    else if (type === ECHO_REPLY) this.#echoes.get(packet.u16(4))?.receive(packet);
    else if (type < INFORMATIONAL) this.#fault(packet, type);
    else {
      const receiver = this.#types.get(type);
      if (receiver) receiver.receive(packet);
      else counters.ignored++;
    }
  }

  /** Hears that an echo or a reply of ours did not arrive. */
  fault(packet: Packet, fault: IpFault): void {
    const type = packet.u8(0);
    const ours = type === ECHO_REQUEST ? this.#echoes.has(packet.u16(4)) : this.#path?.quoted(packet);
    // What is too big comes through in fragments next time.
    if (fault.mtu > 0 && ours) this.#ipv6.limit(this.#ipv6.destination(packet), fault.mtu);
    if (type === ECHO_REQUEST) this.#echoes.get(packet.u16(4))?.fault?.(packet, fault);
  }

  /** Sends an error about a received packet. */
  error(packet: Packet, type: number, code: number, pointer: number): void {
    const { bytes, network: at, end } = packet;
    const path = this.#ipv6.pathBack(packet);
    if (!path) return;
    if (!this.#bucket.take()) {
      this.counters.limited++;
      return;
    }
    const { pool } = this.#core;
    const quoted = Math.min(end - at, QUOTED);
    const error = pool.take(ICMPV6_HEADER + quoted);
    error.end = error.start + ICMPV6_HEADER + quoted;
    error.setI32(0, type << 24 | code << 16);
    error.setI32(4, pointer);
    error.bytes.set(bytes.subarray(at, at + quoted), error.start + ICMPV6_HEADER);
    this.counters.errors++;
    this.send(path, error);
    pool.give(error);
  }

  /**
   * Sends a message, its checksum still to be made.
   *
   * @param path The way it goes.
   * @param packet The message; the caller's again when this returns, its window moved.
   * @returns False when it was dropped.
   */
  send(path: Ipv6Path, packet: Packet): boolean {
    packet.setU16(2, 0);
    const sum = path.addressSum + PROTOCOL_ICMPV6 + packet.length;
    packet.setU16(2, foldChecksum(sumPacket(packet, packet.start, packet.end, sum)));
    return path.transmit(packet, PROTOCOL_ICMPV6);
  }

  #reply(packet: Packet): void {
    // One packet to a group must not bring forth many, nor without end.
    if (packet.bytes[packet.network + 24] === 255 && !this.#bucket.take()) {
      this.counters.limited++;
      return;
    }
    if (!this.#path?.matches(packet)) this.#path = this.#ipv6.pathBack(packet);
    const path = this.#path;
    if (!path) return;
    path.trafficClass = packet.bytes[packet.network]! << 4 & 0xf0 | packet.bytes[packet.network + 1]! >> 4;
    const { pool } = this.#core;
    const reply = pool.take(packet.length);
    reply.write(packet.view());
    reply.setU8(0, ECHO_REPLY);
    this.counters.replies++;
    this.send(path, reply);
    pool.give(reply);
  }

  #fault(packet: Packet, type: number): void {
    const fault = readFault(type, packet.u8(1), packet.i32(4) >>> 0);
    const from = this.#ipv6.source(packet);
    packet.pull(ICMPV6_HEADER);
    if (fault && this.#ipv6.fault(packet, { ...fault, from })) this.counters.faults++;
    else this.counters.badQuotes++;
  }

  /** The sum of the pseudo-header (RFC 8200, 8.1). */
  #pseudo(packet: Packet): number {
    return this.#ipv6.addressSum(packet) + PROTOCOL_ICMPV6 + packet.length;
  }
}

/** The {@linkcode icmpv6} protocol. */
export interface Icmpv6Protocol extends Protocol<"icmpv6", { ip: Ip; ipv6: Ipv6 }, { icmpv6: Icmpv6 }> {}

/**
 * ICMP for IPv6.
 *
 * @param options Limits.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function icmpv6(options: Icmpv6Options = {}): Icmpv6Protocol {
  checkOptions("icmpv6", ICMPV6_OPTIONS, options);
  return {
    name: "icmpv6",
    needs: { ip: "required", ipv6: "required" },
    start: (core, { ip, ipv6 }) => ({ icmpv6: new Icmpv6(core, ip, ipv6, options) }),
  };
}
