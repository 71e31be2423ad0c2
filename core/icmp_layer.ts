/**
 * What ICMP (RFC 792) and ICMPv6 (RFC 4443) have in common: echoes answered and awaited, and errors both ways.
 *
 * @module
 */

import { foldChecksum, sumPacket } from "./checksum.ts";
import type { Ip, IpAddress, IpFault, IpReceiver } from "./ip.ts";
import type { IpAssigned, IpErrors } from "./ip_family.ts";
import type { IpLayer } from "./ip_layer.ts";
import type { IpPath, PathNetwork } from "./ip_path.ts";
import type { Packet } from "./packet.ts";
import type { Core } from "./protocol.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Bytes of the header. */
const HEADER = 8;
/** Errors that may be sent at once after a quiet time. */
const BURST = 50;
/** Errors sent in a second, at most, unless the options say otherwise. */
const RATE_LIMIT = 1000;

/** What an ICMP layer counts, in both families. */
export class IcmpLayerCounters {
  /** Messages that are too short. */
  malformed: number = 0;
  /** Messages whose checksum is wrong. */
  badChecksum: number = 0;
  /** Queries answered. */
  replies: number = 0;
  /** Errors handed to a transport. */
  faults: number = 0;
  /** Errors that quote no packet of ours, or tell what cannot be. */
  badQuotes: number = 0;
  /** Messages that need no answer, or that nobody here reads. */
  ignored: number = 0;
  /** Errors sent. */
  errors: number = 0;
  /** Errors, and replies to groups, not sent because there were too many. */
  limited: number = 0;
}

/** What tells one ICMP from the other. */
export interface IcmpFamily {
  /** Its IP protocol number. */
  readonly protocol: number;
  /** Bytes of a packet that an error quotes, at most. */
  readonly quoted: number;
  /** The type of an echo. */
  readonly echo: number;
}

/**
 * An ICMP layer.
 *
 * @typeParam A The addresses of its family.
 * @typeParam N The IP layer that carries it.
 * @typeParam P The way to a host.
 */
export abstract class IcmpLayer<
  A extends IpAddress,
  N extends IpLayer<A, IpAssigned<A>, P>,
  P extends IpPath<A, PathNetwork<A>>,
> implements IpReceiver, IpErrors {
  /** What it does and drops. */
  abstract readonly counters: IcmpLayerCounters;
  /** The core. */
  protected readonly core: Core;
  /** What carries it. */
  protected readonly network: N;
  /** How many errors may be sent now. */
  protected readonly bucket: TokenBucket;
  readonly #family: IcmpFamily;
  readonly #echoes: Map<number, IpReceiver> = new Map();
  /** The way of the last reply: who asks once asks again. */
  #path: P | null = null;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param network What carries it.
   * @param family What tells it from the other.
   * @param rateLimit Errors sent in a second, at most.
   */
  constructor(core: Core, ip: Ip, network: N, family: IcmpFamily, rateLimit: number = RATE_LIMIT) {
    this.core = core;
    this.network = network;
    this.bucket = new TokenBucket(core, BURST, rateLimit);
    this.#family = family;
    network.errors = this;
    ip.attach(family.protocol, this);
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
    const { start, end } = packet;
    if (packet.length < HEADER) counters.malformed++;
    else if (
      foldChecksum(sumPacket(packet, start, end, this.pseudoSum(this.network.addressSum(packet), end - start)))
    ) {
      counters.badChecksum++;
    } else this.read(packet, packet.u8(0));
  }

  /** Hears that an echo of ours did not arrive. */
  fault(packet: Packet, fault: IpFault): void {
    if (this.isAwaited(packet)) this.#echoes.get(packet.u16(4))!.fault?.(packet, fault);
  }

  /** Sends an error about a received packet. */
  error(packet: Packet, type: number, code: number, value: number): void {
    const { bytes, network: at, end } = packet;
    const path = this.network.pathBack(packet);
    if (!path) return;
    if (!this.bucket.take()) {
      this.counters.limited++;
      return;
    }
    path.trafficClass = this.errorTrafficClass(packet);
    const { pool } = this.core;
    const quoted = Math.min(end - at, this.#family.quoted);
    const error = pool.take(HEADER + quoted);
    error.end += HEADER + quoted;
    error.setI32(0, type << 24 | code << 16);
    error.setI32(4, value);
    error.bytes.set(bytes.subarray(at, at + quoted), error.start + HEADER);
    this.counters.errors++;
    this.send(path, error);
    pool.give(error);
  }

  /**
   * Sends a message, its checksum still to be made.
   *
   * @param path The way it goes.
   * @param packet The message; the caller's again when this returns, its window moved.
   * @param options Options of the IP header, where there are any.
   * @returns False when it was dropped.
   */
  send(path: P, packet: Packet, options?: Uint8Array): boolean {
    const { start, end } = packet;
    packet.setU16(2, 0);
    packet.setU16(2, foldChecksum(sumPacket(packet, start, end, this.pseudoSum(path.addressSum, end - start))));
    return path.transmit(packet, this.#family.protocol, options);
  }

  /** Hands a reply to who asked. */
  protected replied(packet: Packet): void {
    this.#echoes.get(packet.u16(4))?.receive(packet);
  }

  /**
   * Answers a query with what it says itself.
   *
   * @param packet The query.
   * @param type The type of the answer.
   */
  protected reply(packet: Packet, type: number): void {
    if (!this.#path?.matches(packet)) this.#path = this.network.pathBack(packet);
    const path = this.#path;
    if (!path) return;
    path.trafficClass = this.trafficClass(packet);
    const { pool } = this.core;
    const reply = pool.take(packet.length);
    reply.write(packet.view());
    reply.setU8(0, type);
    this.counters.replies++;
    this.send(path, reply, this.finish(packet, reply, path));
    pool.give(reply);
  }

  /**
   * Changes in an answer what is not as in the query, beside the type and the checksum: nothing, unless a family says so.
   *
   * @param _query The query.
   * @param _reply The answer.
   * @param _path The way it goes.
   * @returns Options for its IP header; undefined for none.
   */
  protected finish(_query: Packet, _reply: Packet, _path: P): Uint8Array | undefined {
    return undefined;
  }

  /** Whether the reply to an echo of ours that is quoted is still awaited. */
  protected isAwaited(packet: Packet): boolean {
    return packet.u8(0) === this.#family.echo && this.#echoes.has(packet.u16(4));
  }

  /**
   * Tells a transport of an error.
   *
   * @param packet The message.
   * @param fault What it means; null where nobody may act on it.
   */
  protected report(packet: Packet, fault: IpFault | null): void {
    const from = this.network.source(packet);
    packet.pull(HEADER);
    if (fault && this.network.fault(packet, { ...fault, from })) this.counters.faults++;
    else this.counters.badQuotes++;
  }

  /**
   * Reads a message whose checksum is right.
   *
   * @param packet The message.
   * @param type Its type.
   */
  protected abstract read(packet: Packet, type: number): void;
  /** The sum of the pseudo-header of a message: of its addresses, its length and what else is in it. */
  protected abstract pseudoSum(addresses: number, length: number): number;
  /** The TOS or Traffic Class byte of a received packet. */
  protected abstract trafficClass(packet: Packet): number;
  /** The TOS or Traffic Class byte of an error about a packet. */
  protected abstract errorTrafficClass(packet: Packet): number;
}
