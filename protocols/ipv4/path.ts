/**
 * The way from one of our addresses to an IPv4 host.
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../../core/checksum.ts";
import type { Neighbour } from "../../core/driver.ts";
import { IpPath } from "../../core/ip_path.ts";
import type { Ipv4Address } from "../../core/ipv4_address.ts";
import { getI32, type Packet, setI32 } from "../../core/packet.ts";
import type { Ipv4 } from "../ipv4.ts";
import { DONT_FRAGMENT, IPV4_HEADER } from "./header.ts";

/** The way from one of our addresses to a host. */
export class Ipv4Path extends IpPath<Ipv4Address, Ipv4> {
  /** The sum of both addresses, at most 2^18. */
  readonly addressSum: number;
  readonly #bucket: number;

  /**
   * Made by {@linkcode Ipv4.path}.
   *
   * @param network The layer.
   * @param source Our address.
   * @param destination The host's address.
   * @param neighbour Whom packets are handed to.
   */
  constructor(network: Ipv4, source: Ipv4Address, destination: Ipv4Address, neighbour: Neighbour) {
    super(network, source, destination, neighbour, IPV4_HEADER);
    this.addressSum = (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
    this.#bucket = network.identifications.bucket(destination);
  }

  /** Whether a received packet came this way back. */
  matches({ bytes, network: at }: Packet): boolean {
    return getI32(bytes, at + 12) === this.destination && getI32(bytes, at + 16) === this.source;
  }

  /** Whether a packet of ours that an error quotes went this way. */
  quoted({ bytes, network: at }: Packet): boolean {
    return getI32(bytes, at + 12) === this.source && getI32(bytes, at + 16) === this.destination;
  }

  /**
   * Sends a payload.
   *
   * @param packet The payload; the caller's again when this returns, its window moved.
   * @param protocol Its IP protocol number.
   * @param options What the header has at its end, a multiple of four bytes and at most 40; left out where the packet must be
   * cut into fragments.
   * @returns False when it was dropped.
   */
  transmit(packet: Packet, protocol: number, options?: Uint8Array): boolean {
    const whole = this.prepare();
    // What is at the header's start, and the sum of it and of the options.
    let first = 0x4500;
    let sum = 0;
    if (options && packet.length + options.length <= this.mms) {
      packet.bytes.set(options, packet.start -= options.length);
      first += options.length << 6;
      sum = sumBytes(options, 0, options.length);
    }
    first |= this.trafficClass;
    const bytes = packet.bytes;
    const at = packet.network = packet.start -= IPV4_HEADER;
    const length = packet.end - at;
    const id = whole ? 0 : this.network.identifications.next(this.#bucket);
    const flags = whole ? DONT_FRAGMENT : 0;
    const hops = this.ttl << 8 | protocol;
    setI32(bytes, at, first << 16 | length);
    setI32(bytes, at + 4, id << 16 | flags);
    setI32(bytes, at + 8, hops << 16 | foldChecksum(this.addressSum + first + length + id + flags + hops + sum));
    setI32(bytes, at + 12, this.source);
    setI32(bytes, at + 16, this.destination);
    return this.pass(packet, whole);
  }
}
