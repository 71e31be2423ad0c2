/**
 * The way from one of our addresses to a host: what both families' have in common.
 *
 * @module
 */

import type { Neighbour } from "./driver.ts";
import type { IpAddress, Network, Path } from "./ip.ts";
import type { Loopback } from "./loopback.ts";
import type { Packet } from "./packet.ts";

/**
 * The layer that a path belongs to, as the path sees it.
 *
 * @typeParam A The addresses of its family.
 */
export interface PathNetwork<A> extends Network {
  /** Hops that packets may take unless their path says otherwise. */
  readonly ttl: number;
  /** Grows whenever a path may have to go another way. */
  readonly epoch: number;
  /** Packets to ourselves. */
  readonly loopback: Loopback;
  /** Hashes an address: an int32. */
  hash(address: A): number;
  /** Finds whom packets for a host are handed to; null without a route. */
  neighbour(destination: A): Neighbour | null;
  /** Tells the MTU of the way to a host; negative where routers must be let fragment. */
  pathMtu(destination: A): number;
  /** Hears that the MTU of the way to a host is smaller than thought. */
  limit(destination: A, mtu: number): void;
  /** Sends a packet of ours in fragments; false when it was dropped. */
  fragment(packet: Packet, mtu: number, neighbour: Neighbour): boolean;
}

/**
 * The way from one of our addresses to a host.
 *
 * @typeParam A The addresses of its family.
 * @typeParam N The layer it belongs to.
 */
export abstract class IpPath<A extends IpAddress, N extends PathNetwork<A>> implements Path {
  /** The layer. */
  readonly network: N;
  /** Our address. */
  readonly source: A;
  /** The host's address. */
  readonly destination: A;
  /** A hash of the host's address. */
  readonly hash: number;
  /** The sum of both addresses, at most 2^20. */
  abstract readonly addressSum: number;
  /** Hops that packets may take, 1 to 255. */
  ttl: number;
  /** The TOS or Traffic Class byte. */
  trafficClass: number = 0;
  /** Whether a packet larger than `mms` is dropped instead of cut into fragments, by routers too where those may. */
  dontFragment: boolean = false;
  /** Whether what goes to a broadcast or a group also comes to our own listeners. */
  loop: boolean = false;
  /** Whether the destination names many hosts. */
  readonly many: boolean;
  readonly #header: number;
  #neighbour: Neighbour;
  #mtu: number = 0;
  /** {@linkcode PathNetwork.epoch} for which the two above hold. */
  #epoch: number = -1;
  /** Whether the MTU told is too small to be believed, so that routers must be let fragment (RFC 1191, 3). */
  #locked: boolean = false;

  /**
   * Made by the layer's `path`.
   *
   * @param network The layer.
   * @param source Our address.
   * @param destination The host's address.
   * @param neighbour Whom packets are handed to.
   * @param header Bytes of a header.
   */
  constructor(network: N, source: A, destination: A, neighbour: Neighbour, header: number) {
    this.network = network;
    this.source = source;
    this.destination = destination;
    this.hash = network.hash(destination);
    this.ttl = network.ttl;
    this.many = network.isMany(destination);
    this.#neighbour = neighbour;
    this.#header = header;
    this.#refresh();
  }

  /** Bytes of the largest payload that goes through unfragmented. */
  get mms(): number {
    if (this.#epoch !== this.network.epoch) this.#refresh();
    return this.#mtu - this.#header;
  }

  /** Whether a received packet came this way back. */
  abstract matches(packet: Packet): boolean;

  /** Whether a packet of ours that an error quotes went this way. */
  abstract quoted(packet: Packet): boolean;

  /**
   * Sends a payload.
   *
   * @param packet The payload; the caller's again when this returns, its window moved.
   * @param protocol Its IP protocol number.
   * @param options Options of an IPv4 header.
   * @returns False when it was dropped.
   */
  abstract transmit(packet: Packet, protocol: number, options?: Uint8Array): boolean;

  /**
   * Brings the way up to date, before a header is written.
   *
   * @returns Whether the packet has to go in one piece.
   */
  protected prepare(): boolean {
    if (this.#epoch !== this.network.epoch || !this.#neighbour.live) this.#refresh();
    return this.dontFragment && !this.#locked;
  }

  /**
   * Sends a packet, its header written.
   *
   * @param packet The packet, its window at the header.
   * @param whole Whether it has to go in one piece.
   * @returns False when it was dropped.
   */
  protected pass(packet: Packet, whole: boolean): boolean {
    if (this.loop && this.many) this.network.loopback.transmit(packet);
    if (packet.end - packet.start <= this.#mtu || packet.segment > 0) return this.#neighbour.transmit(packet);
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
