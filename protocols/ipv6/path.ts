/**
 * The way from one of our addresses to an IPv6 host.
 *
 * @module
 */

import { sumBytes } from "../../core/checksum.ts";
import type { Neighbour } from "../../core/driver.ts";
import type { Path } from "../../core/ip.ts";
import type { Ipv6Address } from "../../core/ipv6_address.ts";
import { type Packet, setI32 } from "../../core/packet.ts";
import type { Ipv6 } from "../ipv6.ts";
import { IPV6_HEADER } from "./header.ts";

/** Words of the header. */
const WORDS = 20;

/** The way from one of our addresses to a host. */
export class Ipv6Path implements Path {
  /** The layer. */
  readonly network: Ipv6;
  /** Our address. */
  readonly source: Ipv6Address;
  /** The host's address. */
  readonly destination: Ipv6Address;
  /** A hash of the host's address. */
  readonly hash: number;
  /** The sum of both addresses, at most 2^20. */
  readonly addressSum: number;
  /** Hops that packets may take, 1 to 255. */
  ttl: number;
  /** The Traffic Class byte. */
  trafficClass: number = 0;
  /** Whether a packet larger than `mms` is dropped instead of cut into fragments: routers never do that. */
  dontFragment: boolean = false;
  /** Whether what goes to a group also comes to our own listeners. */
  loop: boolean = false;
  /** Whether the destination is a group. */
  readonly many: boolean;
  readonly #flowLabel: number;
  readonly #header: Uint8Array<ArrayBuffer> = new Uint8Array(IPV6_HEADER);
  // Stores into a packet's words cost a third of a copy of bytes.
  readonly #words: Uint16Array<ArrayBuffer> = new Uint16Array(this.#header.buffer);
  #neighbour: Neighbour;
  #mtu: number = 0;
  /** {@linkcode Ipv6.epoch} for which the two above hold. */
  #epoch: number = -1;

  /**
   * Made by {@linkcode Ipv6.path}.
   *
   * @param network The layer.
   * @param source Our address.
   * @param destination The host's address.
   * @param neighbour Whom packets are handed to.
   * @param flowLabel The label of its packets, 20 bits: the same for a whole flow (RFC 6437).
   */
  constructor(
    network: Ipv6,
    source: Ipv6Address,
    destination: Ipv6Address,
    neighbour: Neighbour,
    flowLabel: number,
  ) {
    this.network = network;
    this.source = source;
    this.destination = destination;
    this.hash = network.hash(destination);
    this.ttl = network.hopLimit;
    this.many = network.isMany(destination);
    this.#flowLabel = flowLabel;
    source.write(this.#header, 8);
    destination.write(this.#header, 24);
    this.addressSum = sumBytes(this.#header, 8, IPV6_HEADER);
    this.#neighbour = neighbour;
    this.#refresh();
  }

  /** Bytes of the largest payload that goes through unfragmented. */
  get mms(): number {
    if (this.#epoch !== this.network.epoch) this.#refresh();
    return this.#mtu - IPV6_HEADER;
  }

  /** Whether a received packet came this way back. */
  matches(packet: Packet): boolean {
    const at = packet.network;
    return this.destination.at(packet.bytes, at + 8) && this.source.at(packet.bytes, at + 24);
  }

  /** Whether a packet of ours that an error quotes went this way. */
  quoted(packet: Packet): boolean {
    const at = packet.network;
    return this.source.at(packet.bytes, at + 8) && this.destination.at(packet.bytes, at + 24);
  }

  /** Sends a payload. */
  transmit(packet: Packet, protocol: number): boolean {
    if (this.#epoch !== this.network.epoch || !this.#neighbour.live) this.#refresh();
    const bytes = packet.bytes;
    const payload = packet.length;
    const at = packet.network = packet.start -= IPV6_HEADER;
    if (at & 1) bytes.set(this.#header, at);
    else {
      const from = this.#words;
      const to = packet.words;
      for (let i = 4, word = at >> 1; i < WORDS; i++) to[word + i] = from[i]!;
    }
    setI32(bytes, at, 6 << 28 | this.trafficClass << 20 | this.#flowLabel);
    bytes[at + 4] = payload >>> 8;
    bytes[at + 5] = payload;
    bytes[at + 6] = protocol;
    bytes[at + 7] = this.ttl;
    if (this.loop && this.many) this.network.loopback.transmit(packet);
    if (payload + IPV6_HEADER <= this.#mtu) return this.#neighbour.transmit(packet);
    return !this.dontFragment && this.network.fragment(packet, this.#mtu, this.#neighbour);
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
    this.#mtu = network.pathMtu(this.destination);
  }
}
