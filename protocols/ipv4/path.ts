/**
 * The way from one of our addresses to an IPv4 host.
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../../core/checksum.ts";
import type { Neighbour } from "../../core/driver.ts";
import type { Path } from "../../core/ip.ts";
import type { Ipv4Address } from "../../core/ipv4_address.ts";
import { getI32, type Packet } from "../../core/packet.ts";
import type { Ipv4 } from "../ipv4.ts";
import { DONT_FRAGMENT, IPV4_HEADER } from "./header.ts";

/** The way from one of our addresses to a host. */
export class Ipv4Path implements Path {
  /** The layer. */
  readonly network: Ipv4;
  /** Our address. */
  readonly source: Ipv4Address;
  /** The host's address. */
  readonly destination: Ipv4Address;
  /** A hash of the host's address. */
  readonly hash: number;
  /** The sum of both addresses, at most 2^18. */
  readonly addressSum: number;
  /** Hops that packets may take, 1 to 255. */
  ttl: number;
  /** The TOS byte. */
  trafficClass: number = 0;
  /** Whether routers may not fragment what goes this way. */
  dontFragment: boolean = false;
  /** Whether what goes to a broadcast or a group also comes to our own listeners. */
  loop: boolean = false;
  /** Whether the destination names many hosts. */
  readonly many: boolean;
  #neighbour: Neighbour;
  #mtu: number = 0;
  /** {@linkcode Ipv4.epoch} for which the two above hold. */
  #epoch: number = -1;
  /** Whether the MTU told is too small to be believed, so that routers must be let fragment (RFC 1191, 3). */
  #locked: boolean = false;
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
    this.network = network;
    this.source = source;
    this.destination = destination;
    this.hash = destination;
    this.addressSum = (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
    this.ttl = network.ttl;
    this.many = network.isMany(destination);
    this.#neighbour = neighbour;
    this.#bucket = network.identifications.bucket(destination);
    this.#refresh();
  }

  /** Bytes of the largest payload that goes through unfragmented. */
  get mms(): number {
    if (this.#epoch !== this.network.epoch) this.#refresh();
    return this.#mtu - IPV4_HEADER;
  }

  /** Whether a received packet came this way back. */
  matches(packet: Packet): boolean {
    const at = packet.network;
    return getI32(packet.bytes, at + 12) === this.destination && getI32(packet.bytes, at + 16) === this.source;
  }

  /** Whether a packet of ours that an error quotes went this way. */
  quoted(packet: Packet): boolean {
    const at = packet.network;
    return getI32(packet.bytes, at + 12) === this.source && getI32(packet.bytes, at + 16) === this.destination;
  }

  /** Sends a payload. */
  transmit(packet: Packet, protocol: number): boolean {
    return this.#send(packet, protocol, 0x45, 0);
  }

  /**
   * Sends a payload behind a header with options; without them where it must be cut into fragments.
   *
   * @param packet The payload; the caller's again when this returns, its window moved.
   * @param protocol Its IP protocol number.
   * @param options The options, a multiple of four bytes and at most 40.
   * @returns False when it was dropped.
   */
  transmitWithOptions(packet: Packet, protocol: number, options: Uint8Array): boolean {
    const size = options.length;
    if (packet.length + size > this.mms) return this.transmit(packet, protocol);
    packet.bytes.set(options, packet.start -= size);
    return this.#send(packet, protocol, 0x45 + (size >> 2), sumBytes(options, 0, size));
  }

  /** Sends what follows a header's first twenty bytes; `sum` is that of the options among it. */
  #send(packet: Packet, protocol: number, versionLength: number, sum: number): boolean {
    if (this.#epoch !== this.network.epoch || !this.#neighbour.live) this.#refresh();
    const at = packet.start -= IPV4_HEADER;
    packet.network = at;
    const length = packet.end - at;
    const whole = this.dontFragment && !this.#locked;
    const id = whole ? 0 : this.network.identifications.next(this.#bucket);
    const flags = whole ? DONT_FRAGMENT : 0;
    const hops = this.ttl << 8 | protocol;
    const { source, destination, trafficClass } = this;
    const check = foldChecksum(
      this.addressSum + (versionLength << 8) + trafficClass + length + id + flags + hops + sum,
    );
    const bytes = packet.bytes;
    bytes[at] = versionLength;
    bytes[at + 1] = trafficClass;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
    bytes[at + 4] = id >>> 8;
    bytes[at + 5] = id;
    bytes[at + 6] = flags >>> 8;
    bytes[at + 7] = 0;
    bytes[at + 8] = hops >>> 8;
    bytes[at + 9] = hops;
    bytes[at + 10] = check >>> 8;
    bytes[at + 11] = check;
    bytes[at + 12] = source >>> 24;
    bytes[at + 13] = source >>> 16;
    bytes[at + 14] = source >>> 8;
    bytes[at + 15] = source;
    bytes[at + 16] = destination >>> 24;
    bytes[at + 17] = destination >>> 16;
    bytes[at + 18] = destination >>> 8;
    bytes[at + 19] = destination;
    if (this.loop && this.many) this.network.loopback.transmit(packet);
    if (length <= this.#mtu) return this.#neighbour.transmit(packet);
    return !whole && this.network.fragment(packet, this.#mtu, this.#neighbour);
  }

  /** Hears whether packets arrive. */
  advise(reachable: boolean): void {
    this.#neighbour.advise?.(reachable);
  }

  /** Hears of a smaller MTU. */
  limit(mtu: number): void {
    this.network.limit(this.destination, mtu);
  }

  #refresh(): void {
    const network = this.network;
    this.#epoch = network.epoch;
    // A route that is gone leaves the way as it was: what is sent is lost, and the transport finds out in its own time.
    this.#neighbour = network.neighbour(this.destination) ?? this.#neighbour;
    const mtu = network.pathMtu(this.destination);
    this.#locked = mtu < 0;
    this.#mtu = Math.abs(mtu);
  }
}
