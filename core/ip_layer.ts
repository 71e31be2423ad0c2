/**
 * What the two IP protocols have in common: addresses, groups, routes, MTUs and the ways to hosts.
 *
 * @module
 */

import type { Link, LinkReceiver, Neighbour } from "./driver.ts";
import type { Ip, IpAddress, IpFault, Network, Path, Rejection } from "./ip.ts";
import { sameAddress } from "./ip.ts";
import type { IpAssigned, IpCounters, IpErrors, IpFamily, IpObserver } from "./ip_family.ts";
import { Loopback } from "./loopback.ts";
import type { NetErrorCode } from "./net_error.ts";
import type { Packet } from "./packet.ts";
import { PathMtus } from "./path_mtu.ts";
import type { Core } from "./protocol.ts";
import { type IpPrefix, type Route, Routes } from "./routes.ts";

/**
 * An IP layer.
 *
 * @typeParam A The addresses of its family.
 * @typeParam O What it knows of an address of ours.
 * @typeParam P The way to a host.
 */
export abstract class IpLayer<A extends IpAddress, O extends IpAssigned<A>, P extends Path>
  implements Network, LinkReceiver {
  /** The version. */
  readonly family: 4 | 6;
  /** What it does and drops. */
  abstract readonly counters: IpCounters;
  /** Hops that packets may take unless their path says otherwise, 1 to 255. */
  ttl: number;
  /** Who tells senders of errors: ICMP, where it is there. */
  errors: IpErrors | null = null;
  /** Who hears what changes. */
  readonly observers: IpObserver<A>[] = [];
  /** Grows whenever a path may have to go another way. */
  epoch: number = 0;
  /** Packets to ourselves. */
  readonly loopback: Loopback;
  /** The core. */
  protected readonly core: Core;
  /** What carries it. */
  protected readonly link: Link<A>;
  readonly #ip: Ip;
  readonly #addresses: O[] = [];
  /** Groups that were joined, each as often as it was. */
  readonly #groups: A[] = [];
  readonly #routes: Routes<A>;
  readonly #mtus: PathMtus;
  readonly #leastMtu: number;
  #mtu: number;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param link What carries it.
   * @param ip The protocols above it.
   * @param ttl Hops that packets may take.
   * @param family What tells it from the other.
   * @throws {RangeError} When the link's MTU is too small.
   */
  constructor(core: Core, link: Link<A>, ip: Ip, ttl: number, family: IpFamily<A>) {
    const { version, leastMtu } = family;
    if (link.mtu < leastMtu) {
      throw new RangeError(`ipv${version}() needs an MTU of at least ${leastMtu}, and the link's is ${link.mtu}`);
    }
    this.family = version;
    this.core = core;
    this.link = link;
    this.#ip = ip;
    this.ttl = ttl;
    this.#mtu = link.mtu;
    this.#leastMtu = leastMtu;
    this.#routes = new Routes(family.commonPrefix);
    this.#mtus = new PathMtus(core, family.leastPathMtu, () => this.epoch++);
    this.loopback = new Loopback(core, { receive: (packet) => this.receive(packet, true) });
    link.attach(this);
  }

  /** Bytes of the largest packet on our link: what the link takes, or less where a router or a server told so. */
  get mtu(): number {
    return this.#mtu;
  }

  set mtu(mtu: number) {
    this.#mtu = Math.max(this.#leastMtu, Math.min(mtu, this.link.mtu));
    this.epoch++;
  }

  /** Our addresses, the preferred one first. */
  get addresses(): readonly O[] {
    return this.#addresses;
  }

  /** The groups that were joined, each as often as it was. */
  get groups(): readonly A[] {
    return this.#groups;
  }

  /**
   * Takes an address, and a route to the network it is in.
   *
   * @param own The address and its network.
   * @returns Whether it may be used at once.
   */
  protected take(own: O): boolean {
    this.#addresses.push(own);
    if (own.onLink !== false) this.addRoute(own, null);
    const usable = this.link.claim(own.address);
    this.tell("addressed");
    return usable;
  }

  /**
   * Gives an address up again.
   *
   * @param own The address; one that is not ours is left alone.
   * @returns Whether it was ours.
   */
  withdraw({ address }: { readonly address: A }): boolean {
    const at = this.#addresses.findIndex((own) => sameAddress(own.address, address));
    if (at < 0) return false;
    const own = this.#addresses.splice(at, 1)[0]!;
    if (own.onLink !== false) this.removeRoute(own, null);
    this.link.release(address);
    this.tell("addressed");
    return true;
  }

  /** Hears what became of an address that was claimed: one that another host has is not used (RFC 4862, 5.4.5; RFC 5227, 2.1). */
  claimed(address: A, ours: boolean): void {
    const own = this.#addresses.find((own) => sameAddress(own.address, address));
    if (!own) return;
    if (ours) own.usable = true;
    else this.withdraw(own);
    this.tell("claimed", address, ours);
  }

  /**
   * Adds a route.
   *
   * @param target Where it leads.
   * @param gateway The router to hand packets to; null, or 0.0.0.0, for hosts on our own link.
   */
  addRoute(target: IpPrefix<A>, gateway: Route<A>["gateway"]): void {
    this.#routes.add({ target, gateway });
    this.epoch++;
  }

  /**
   * Removes a route.
   *
   * @param target Where it leads.
   * @param gateway Its router, as it was added.
   */
  removeRoute(target: IpPrefix<A>, gateway: Route<A>["gateway"]): void {
    this.#routes.remove({ target, gateway });
    this.epoch++;
  }

  /**
   * Finds the address of whom packets for a host are handed to.
   *
   * @param destination The host.
   * @returns A router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: A): A | null {
    return this.#routes.nextHop(destination);
  }

  /** Whether packets for an address end here. */
  isLocal(address: A): boolean {
    for (const own of this.#addresses) if (own.usable !== false && sameAddress(own.address, address)) return true;
    return this.isLoopback(address);
  }

  /** Finds the way to a host. */
  path(destination: A, source: A | null): P | NetErrorCode {
    const own = source !== null && !this.isUnspecified(source) ? source : null;
    if (this.core.closed) return "ENETDOWN";
    if (own !== null && !this.isLocal(own)) return "EADDRNOTAVAIL";
    const neighbour = this.neighbour(destination);
    if (!neighbour) return "ENETUNREACH";
    const from = own ?? this.sourceFor(destination, source !== null);
    return from === null ? "EADDRNOTAVAIL" : this.way(from, destination, neighbour);
  }

  /** Finds the way back to where a received packet came from. */
  pathBack(packet: Packet): P | null {
    const source = this.source(packet);
    if (this.isUnspecified(source) || this.isMany(source)) return null;
    const destination = this.destination(packet);
    const path = this.path(source, this.isLocal(destination) ? destination : null);
    return typeof path === "string" ? null : path;
  }

  /**
   * Finds whom packets for a host are handed to.
   *
   * @param destination The host.
   * @returns The neighbour; null without a route.
   */
  neighbour(destination: A): Neighbour | null {
    if (this.isLocal(destination)) return this.loopback;
    const nextHop = this.isMany(destination) ? destination : this.nextHop(destination);
    return nextHop === null ? null : this.link.neighbour(nextHop);
  }

  /**
   * Tells the MTU of the way to a host.
   *
   * @param destination The host.
   * @returns Bytes of the largest packet; negative where routers must be let fragment.
   */
  pathMtu(destination: A): number {
    return this.#mtus.get(this.hash(destination), this.#mtu);
  }

  /**
   * Hears that the MTU of the way to a host is smaller than thought.
   *
   * @param destination The host.
   * @param mtu Bytes of the largest packet.
   */
  limit(destination: A, mtu: number): void {
    this.#mtus.limit(this.hash(destination), mtu, this.#mtu);
  }

  /** Joins a group. */
  join(group: A): void {
    const first = !this.inGroup(group);
    this.#groups.push(group);
    this.link.join(group);
    if (first) this.tell("grouped", group, true);
  }

  /** Leaves a group. */
  leave(group: A): void {
    const at = this.#groups.findIndex((other) => sameAddress(other, group));
    if (at < 0) return;
    this.#groups.splice(at, 1);
    this.link.leave(group);
    if (!this.inGroup(group)) this.tell("grouped", group, false);
  }

  /**
   * Tells whether a group was joined.
   *
   * @param group The group.
   * @returns Whether packets for it end here too.
   */
  inGroup(group: A): boolean {
    for (const other of this.#groups) if (sameAddress(other, group)) return true;
    return false;
  }

  /**
   * Hands a datagram to the protocol above.
   *
   * @param packet The datagram, `network` set.
   * @param protocol Its IP protocol number.
   * @param at Where its payload begins.
   */
  deliver(packet: Packet, protocol: number, at: number): void {
    packet.transport = packet.start = at;
    const receiver = this.#ip.receiver(protocol);
    if (receiver) {
      this.counters.delivered++;
      receiver.receive(packet);
    } else {
      this.counters.unknownProtocol++;
      this.reject(packet, "protocol");
    }
  }

  /** Hears that a neighbour did not answer. */
  unreachable(packet: Packet): void {
    packet.network = packet.start;
    this.tell("unreachable", this.destination(packet));
    // Nothing between here and there can have lost it: to open a connection is hopeless.
    this.fault(packet, { code: "EHOSTUNREACH", hard: true, mtu: 0, message: "the host does not answer" });
  }

  /**
   * Tells a transport what happened to a packet of ours.
   *
   * @param packet The packet, or what an ICMP error quotes of it: its window at the header; lent until this returns.
   * @param fault What happened.
   * @returns False when it cannot be a packet of ours, or holds too little to tell whose.
   */
  fault(packet: Packet, fault: IpFault): boolean {
    packet.network = packet.start;
    const protocol = this.quotedProtocol(packet);
    if (protocol < 0 || packet.length < 8 || !this.isLocal(this.source(packet))) return false;
    packet.transport = packet.start;
    packet.ip = this;
    this.#ip.receiver(protocol)?.fault?.(packet, fault);
    return true;
  }

  /** Tells those who hear of it what has changed. */
  protected tell(event: keyof IpObserver<A>, address?: A, now?: boolean): void {
    for (const observer of this.observers) observer[event]?.(address!, now!);
  }

  /** Reads an address in text. */
  abstract parse(text: string): A | null;
  /** Writes an address. */
  abstract format(address: A): string;
  /** Whether an address names many hosts. */
  abstract isMany(address: A): boolean;
  /** The source address of a received packet. */
  abstract source(packet: Packet): A;
  /** The destination address of a received packet. */
  abstract destination(packet: Packet): A;
  /** A hash of the source address of a received packet. */
  abstract sourceHash(packet: Packet): number;
  /** A hash of the destination address of a packet of ours that an error quotes. */
  abstract destinationHash(packet: Packet): number;
  /** The sum of the addresses of a received packet. */
  abstract addressSum(packet: Packet): number;
  /** Tells the sender of a received packet that it was in vain. */
  abstract reject(packet: Packet, why: Rejection): void;
  /**
   * Reads one packet.
   *
   * @param packet The packet, its window at the header; lent until this returns.
   * @param local Whether we sent it to ourselves.
   */
  abstract receive(packet: Packet, local?: boolean): void;
  /** Hashes an address, as {@linkcode Path.hash} is one. */
  abstract hash(address: A): number;
  /**
   * Sends a packet of ours in fragments.
   *
   * @param packet The packet, its window at the header.
   * @param mtu Bytes of the largest packet that goes through.
   * @param neighbour Whom it is handed to.
   * @returns False when it was dropped.
   */
  abstract fragment(packet: Packet, mtu: number, neighbour: Neighbour): boolean;
  /** Whether an address is one of this host's own that never goes out. */
  protected abstract isLoopback(address: A): boolean;
  /** Whether an address is that of who has none. */
  protected abstract isUnspecified(address: A): boolean;
  /**
   * Chooses the address of ours that a host sees.
   *
   * @param destination The host.
   * @param none Whether to have none would do.
   * @returns The address; null when there is none.
   */
  protected abstract sourceFor(destination: A, none: boolean): A | null;
  /** Makes the way to a host. */
  protected abstract way(source: A, destination: A, neighbour: Neighbour): P;
  /**
   * Finds the payload of a packet of ours, or of what is quoted of one.
   *
   * @param packet The packet, `network` set; its window is moved to the payload.
   * @returns The IP protocol number; -1 when it is no whole packet of this family or no first fragment.
   */
  protected abstract quotedProtocol(packet: Packet): number;
}
