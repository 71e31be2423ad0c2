/**
 * Echoes to one host, and what becomes of each (RFC 792; RFC 4443, 4).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import {
  type Ip,
  type IpAddress,
  type IpFault,
  type IpReceiver,
  type Path,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
} from "../../core/ip.ts";
import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";

/** Bytes of the header of an echo. */
export const ECHO_HEADER = 8;

/** What carries echoes of one family: `icmp()` or `icmpv6()`. */
export interface EchoLayer {
  /** Names who reads the replies to echoes of one identifier. */
  attach(identifier: number, receiver: IpReceiver | null): void;
}

/** A stack that these tools work on: any with an ICMP protocol. */
export interface EchoStack {
  /** The stack's time and packets. */
  readonly core: Core;
  /** Its IP layer. */
  readonly ip: Ip;
  /** ICMP for IPv4, where it is there. */
  readonly icmp?: EchoLayer;
  /** ICMP for IPv6, where it is there. */
  readonly icmpv6?: EchoLayer;
}

/** What became of an echo. */
export interface EchoOutcome {
  /** Milliseconds until that was known; null when nothing was heard in time. */
  readonly time: number | null;
  /** Who answered: the host, or a router that tells of a fault; null when nobody did. */
  readonly from: IpAddress | null;
  /** The TTL or hop limit of the reply; 0 without one. */
  readonly ttl: number;
  /** What went wrong; null where the host replied. */
  readonly fault: IpFault | null;
}

/** An echo that is under way. */
interface Waiting {
  readonly began: number;
  readonly size: number;
  settle(outcome: EchoOutcome): void;
}

/** Nothing was heard. */
const SILENCE: EchoOutcome = { time: null, from: null, ttl: 0, fault: null };

/** Echoes to one host. */
export class Echoes implements IpReceiver {
  /** The way there. */
  readonly path: Path;
  readonly #core: Core;
  readonly #layer: EchoLayer;
  readonly #identifier: number;
  readonly #waiting: Map<number, Waiting> = new Map();
  #sequence: number = 0;

  /**
   * Begins.
   *
   * @param net The stack.
   * @param address The host's address, in text.
   * @throws {NetError} `ENETUNREACH` without a way, `ENOPROTOOPT` without ICMP of the address's family, `EADDRNOTAVAIL`
   * when it names more than one host.
   */
  constructor(net: EchoStack, address: string) {
    const { network, address: destination } = net.ip.parse(address)!;
    const path = network.path(destination, null);
    const layer = network.family === 4 ? net.icmp : net.icmpv6;
    if (typeof path === "string") throw new NetError(path, `Cannot send echoes to ${address}: no route leads there`);
    if (!layer) throw new NetError("ENOPROTOOPT", `Cannot send echoes to ${address}: the stack has no ICMP for it`);
    if (network.isMany(destination)) {
      throw new NetError("EADDRNOTAVAIL", `Cannot send echoes to ${address}: it names more than one host`);
    }
    this.path = path;
    this.#core = net.core;
    this.#layer = layer;
    this.#identifier = net.core.random() & 0xffff;
    layer.attach(this.#identifier, this);
  }

  /**
   * Sends an echo.
   *
   * @param size Bytes of its data.
   * @param timeout Milliseconds to wait.
   * @returns What became of it.
   */
  echo(size: number, timeout: number): Promise<EchoOutcome> {
    const core = this.#core;
    const sequence = this.#sequence = this.#sequence + 1 & 0xffff;
    return new Promise((resolve) => {
      const settle = (outcome: EchoOutcome): void => {
        timer.deadline = Infinity;
        this.#waiting.delete(sequence);
        resolve(outcome);
      };
      const timer = new Timer(() => settle(SILENCE));
      this.#waiting.set(sequence, { began: core.clock.now(), size, settle });
      core.timers.arm(timer, core.now() + timeout);
      this.#send(sequence, size);
      core.wake();
    });
  }

  /** Ends: what is under way stays unanswered. */
  end(): void {
    this.#layer.attach(this.#identifier, null);
    for (const { settle } of [...this.#waiting.values()]) settle(SILENCE);
  }

  /** Reads a reply, whose data must be that of its echo. */
  receive(packet: Packet): void {
    const waiting = this.#waiting.get(packet.u16(6));
    const { bytes, start: at, ip, network } = packet;
    if (!waiting || packet.length !== ECHO_HEADER + waiting.size || !this.path.matches(packet)) return;
    for (let i = 0; i < waiting.size; i++) if (bytes[at + ECHO_HEADER + i] !== (i & 255)) return;
    waiting.settle({
      time: this.#core.clock.now() - waiting.began,
      from: ip!.source(packet),
      ttl: bytes[network + (ip!.family === 4 ? 8 : 7)]!,
      fault: null,
    });
  }

  /** Hears that an echo did not arrive. */
  fault(packet: Packet, fault: IpFault): void {
    const waiting = this.#waiting.get(packet.u16(6));
    if (!waiting || !this.path.quoted(packet)) return;
    waiting.settle({ time: this.#core.clock.now() - waiting.began, from: fault.from ?? null, ttl: 0, fault });
  }

  #send(sequence: number, size: number): void {
    const { pool } = this.#core;
    const { network: { family }, addressSum } = this.path;
    const length = ECHO_HEADER + size;
    const packet = pool.take(length);
    const { bytes, start: at } = packet;
    packet.end = at + length;
    packet.transport = at;
    packet.setI32(0, (family === 4 ? 8 : 128) << 24);
    packet.setU16(4, this.#identifier);
    packet.setU16(6, sequence);
    for (let i = 0; i < size; i++) bytes[at + ECHO_HEADER + i] = i;
    packet.setU16(2, foldChecksum(sumPacket(packet, at, packet.end, family === 4 ? 0 : addressSum + 58 + length)));
    this.path.transmit(packet, family === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
    pool.give(packet);
  }
}

/**
 * Finds a host's address.
 *
 * @param ip The IP layer.
 * @param host The host: an address in text, or a name where the stack has a resolver.
 * @returns Its address, in text.
 * @throws {NetError} `ENOTFOUND` when it is no address and there is no resolver, and as the resolver does.
 */
export async function addressOf(ip: Ip, host: string): Promise<string> {
  if (ip.parse(host)) return host;
  if (ip.resolver) return (await ip.resolver.lookup(host))[0]!;
  throw new NetError("ENOTFOUND", `Cannot find host "${host}": it is no address, and the stack has no resolver`);
}
