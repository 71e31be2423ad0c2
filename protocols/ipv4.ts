/**
 * IPv4 (RFC 791, RFC 1122).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import type { Link, LinkReceiver, Neighbour } from "../core/driver.ts";
import { Ip, type IpFault, type Network, type Rejection } from "../core/ip.ts";
import {
  formatIpv4,
  IPV4_BROADCAST,
  type Ipv4Address,
  type Ipv4Cidr,
  isIpv4Loopback,
  isIpv4Multicast,
  tryParseIpv4,
} from "../core/ipv4_address.ts";
import { Loopback } from "../core/loopback.ts";
import type { NetErrorCode } from "../core/net_error.ts";
import { getI32, type Packet, UNICAST } from "../core/packet.ts";
import { PathMtus } from "../core/path_mtu.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Reassembly } from "../core/reassembly.ts";
import { Ipv4Counters } from "./ipv4/counters.ts";
import { transmitFragments } from "./ipv4/fragmentation.ts";
import {
  FRAGMENT_OFFSET,
  fragmentBits,
  headerLength,
  IPV4_HEADER,
  MORE_FRAGMENTS,
  totalLength,
} from "./ipv4/header.ts";
import { Identifications } from "./ipv4/identification.ts";
import { OPTIONS_SOUND, OPTIONS_SOURCE_ROUTE, walkOptions } from "./ipv4/options.ts";
import { Ipv4Path } from "./ipv4/path.ts";
import { Ipv4Routes } from "./ipv4/routes.ts";
import { type Ipv4Options, type Ipv4Settings, readOptions } from "./ipv4/settings.ts";

export { Ipv4Counters } from "./ipv4/counters.ts";
export type { Identifications } from "./ipv4/identification.ts";
export type { Loopback } from "../core/loopback.ts";
export type { Ipv4Path } from "./ipv4/path.ts";
export type { Ipv4Route } from "./ipv4/routes.ts";
export { IPV4_OPTIONS, type Ipv4Options, type Ipv4RouteOptions, type Ipv4Settings } from "./ipv4/settings.ts";

/** The group that every host is in (RFC 1112, 4). */
const ALL_HOSTS = 0xe0000001 | 0;
/** Bytes of the least MTU: a largest header, and eight bytes of a fragment (RFC 791, 3.2). */
const LEAST_MTU = 68;
/** Bytes below which the MTU of a way is not believed, for then every packet would be a fragment: as Linux has it. */
const LEAST_PATH_MTU = 552;
/** Milliseconds for which the fragments of a datagram may arrive. */
const REASSEMBLY_TIME = 30_000;
/** ICMP: Destination Unreachable. */
const UNREACHABLE = 3;
/** ICMP: Time Exceeded. */
const TIME_EXCEEDED = 11;
/** ICMP: Parameter Problem. */
const PARAMETER_PROBLEM = 12;

/** Tells senders what was wrong with their packets: ICMP, where it is there. */
export interface Ipv4Errors {
  /**
   * Sends an error about a received packet, unless that must not be answered.
   *
   * @param packet The packet, `network` set; its window ends where the packet does.
   * @param type The ICMP type.
   * @param code The ICMP code.
   * @param pointer Which byte of the header is wrong; only for a parameter problem.
   */
  error(packet: Packet, type: number, code: number, pointer: number): void;
}

/** Hears of what the layer takes and gives up. */
export interface Ipv4Observer {
  /** Hears that our addresses are others. */
  addressed?(): void;
  /**
   * Hears that a group was joined for the first time, or left for the last.
   *
   * @param group The group.
   * @param joined Whether it was joined.
   */
  grouped?(group: Ipv4Address, joined: boolean): void;
  /**
   * Hears that a neighbour does not answer.
   *
   * @param destination Whom a packet was for that is lost by this.
   */
  unreachable?(destination: Ipv4Address): void;
}

/** The IPv4 layer. */
export class Ipv4 implements Network, LinkReceiver {
  /** The version. */
  readonly family = 4;
  /** Hops that packets may take unless their path says otherwise. */
  readonly ttl: number;
  /** What it does and drops. */
  readonly counters: Ipv4Counters = new Ipv4Counters();
  /** Who tells senders of errors. */
  errors: Ipv4Errors | null = null;
  /** Who hears of what it takes and gives up. */
  readonly observers: Ipv4Observer[] = [];
  /** Grows whenever a path may have to go another way. */
  epoch: number = 0;
  /** The Identification fields. */
  readonly identifications: Identifications;
  /** Packets to ourselves. */
  readonly loopback: Loopback;
  readonly #core: Core;
  readonly #link: Link<Ipv4Address>;
  readonly #ip: Ip;
  readonly #addresses: Ipv4Cidr[] = [];
  readonly #routes: Ipv4Routes = new Ipv4Routes();
  /** Groups that were joined, each as often as it was. */
  readonly #groups: Ipv4Address[] = [];
  readonly #reassembly: Reassembly;
  readonly #mtus: PathMtus;
  #mtu: number;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param link What carries it.
   * @param ip The protocols above it.
   * @param options Addresses and routes.
   * @throws {RangeError} When the link's MTU is below 68.
   */
  constructor(core: Core, link: Link<Ipv4Address>, ip: Ip, options: Ipv4Settings) {
    if (link.mtu < LEAST_MTU) throw new RangeError(`ipv4() needs an MTU of at least 68, and the link's is ${link.mtu}`);
    this.#core = core;
    this.#link = link;
    this.#mtu = link.mtu;
    this.#ip = ip;
    this.ttl = options.ttl;
    this.identifications = new Identifications(() => core.random());
    this.loopback = new Loopback(core, { receive: (packet) => this.#read(packet, true) });
    this.#reassembly = new Reassembly(core, options.reassembly, REASSEMBLY_TIME, "fragments", {
      largest: 65_535,
      same: isSameDatagram,
      reassembled: (packet, header) => {
        packet.setU16(2, packet.length);
        packet.setU16(6, 0);
        this.#deliver(packet, header);
      },
      timedOut: (packet) => this.errors?.error(packet, TIME_EXCEEDED, 1, 0),
    });
    this.#mtus = new PathMtus(core, LEAST_PATH_MTU, () => this.epoch++);
    link.attach(this);
    link.join(ALL_HOSTS as Ipv4Address);
    for (const address of options.addresses) this.assign(address);
    for (const { target, gateway } of options.routes) this.addRoute(target, gateway);
    core.count("ipv4", this.counters);
  }

  /** Bytes of the largest packet on our link: what the link takes, or less where a server told so (RFC 2132, 5.1). */
  get mtu(): number {
    return this.#mtu;
  }

  set mtu(mtu: number) {
    this.#mtu = Math.max(LEAST_MTU, Math.min(mtu, this.#link.mtu));
    this.epoch++;
  }

  /** Our addresses, the preferred one first. */
  get addresses(): readonly Ipv4Cidr[] {
    return this.#addresses;
  }

  /** The groups that were joined, each as often as it was; not that of all hosts, which every host is in. */
  get groups(): readonly Ipv4Address[] {
    return this.#groups;
  }

  /**
   * Takes an address, and a route to the network it is in.
   *
   * @param cidr The address and its network.
   */
  assign(cidr: Ipv4Cidr): void {
    this.#addresses.push(cidr);
    this.addRoute(cidr, 0 as Ipv4Address);
    this.#link.claim(cidr.address);
    for (const observer of this.observers) observer.addressed?.();
  }

  /**
   * Gives an address up again.
   *
   * @param cidr The address and its network, as assigned.
   */
  withdraw(cidr: Ipv4Cidr): void {
    const at = this.#addresses.findIndex(({ address }) => address === cidr.address);
    if (at < 0) return;
    this.#addresses.splice(at, 1);
    this.removeRoute(cidr, 0 as Ipv4Address);
    this.#link.release(cidr.address);
    for (const observer of this.observers) observer.addressed?.();
  }

  /**
   * Adds a route.
   *
   * @param target Where it leads.
   * @param gateway The router to hand packets to; 0 for hosts on our own link.
   */
  addRoute(target: Ipv4Cidr, gateway: Ipv4Address): void {
    this.#routes.add(target, gateway);
    this.epoch++;
  }

  /**
   * Removes a route.
   *
   * @param target Where it leads.
   * @param gateway Its router, or 0.
   */
  removeRoute(target: Ipv4Cidr, gateway: Ipv4Address): void {
    this.#routes.remove(target, gateway);
    this.epoch++;
  }

  /** Reads an address in text. */
  parse(text: string): Ipv4Address | null {
    return tryParseIpv4(text);
  }

  /** Writes an address. */
  format(address: Ipv4Address): string {
    return formatIpv4(address);
  }

  /** Whether packets for an address end here. */
  isLocal(address: Ipv4Address): boolean {
    for (const own of this.#addresses) if (own.address === address) return true;
    return isIpv4Loopback(address);
  }

  /** Whether an address names many hosts. */
  isMany(address: Ipv4Address): boolean {
    if (isIpv4Multicast(address) || address === IPV4_BROADCAST) return true;
    for (const own of this.#addresses) {
      // The last address of a network of at least four is its broadcast (RFC 1122, 3.2.1.3; RFC 3021).
      if (own.prefix < 31 && address === (own.address | ~own.mask)) return true;
    }
    return false;
  }

  /** Finds the way to a host. */
  path(destination: Ipv4Address, source: Ipv4Address | null): Ipv4Path | NetErrorCode {
    if (source !== null && source !== 0 && !this.isLocal(source)) return "EADDRNOTAVAIL";
    const neighbour = this.neighbour(destination);
    if (!neighbour) return "ENETUNREACH";
    // A host that has no address yet in one network may have one in another.
    const own = source === 0 && destination === IPV4_BROADCAST ? source : source || this.#sourceFor(destination);
    // A host that does not know its address yet may ask everybody for one (RFC 2131, 4.1), and tell its groups if it means
    // to (RFC 3376, 4.2.13).
    if (own === 0 && destination !== IPV4_BROADCAST && !(source === 0 && isIpv4Multicast(destination))) {
      return "EADDRNOTAVAIL";
    }
    return new Ipv4Path(this, own, destination, neighbour);
  }

  /** Finds the way back to where a received packet came from. */
  pathBack(packet: Packet): Ipv4Path | null {
    const source = this.source(packet);
    if (source === 0 || this.isMany(source)) return null;
    const destination = this.destination(packet);
    const path = this.path(source, this.isLocal(destination) ? destination : null);
    return typeof path === "string" ? null : path;
  }

  /**
   * Finds the address of whom packets for a host are handed to.
   *
   * @param destination The host.
   * @returns A router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: Ipv4Address): Ipv4Address | null {
    return destination >>> 24 === 0 ? null : this.#routes.nextHop(destination);
  }

  /**
   * Finds whom packets for a host are handed to.
   *
   * @param destination The host.
   * @returns The neighbour; null without a route.
   */
  neighbour(destination: Ipv4Address): Neighbour | null {
    if (this.isLocal(destination)) return this.loopback;
    if (this.isMany(destination)) {
      return this.#link.neighbour(isIpv4Multicast(destination) ? destination : IPV4_BROADCAST);
    }
    const nextHop = this.nextHop(destination);
    return nextHop === null ? null : this.#link.neighbour(nextHop);
  }

  /**
   * Tells the MTU of the way to a host.
   *
   * @param destination The host.
   * @returns Bytes of the largest packet; negative where routers must be let fragment.
   */
  pathMtu(destination: Ipv4Address): number {
    return this.#mtus.get(destination, this.#mtu);
  }

  /**
   * Hears that the MTU of the way to a host is smaller than thought.
   *
   * @param destination The host.
   * @param mtu Bytes of the largest packet.
   */
  limit(destination: Ipv4Address, mtu: number): void {
    this.#mtus.limit(destination, mtu, this.#mtu);
  }

  /**
   * Sends a packet of ours in fragments.
   *
   * @param packet The packet, its window at the header.
   * @param mtu Bytes of the largest packet that goes through.
   * @param neighbour Whom it is handed to.
   * @returns False when it was dropped.
   */
  fragment(packet: Packet, mtu: number, neighbour: Neighbour): boolean {
    this.counters.fragmented++;
    return transmitFragments(packet, mtu, neighbour, this.#core.pool);
  }

  /** The source address of a received packet. */
  source(packet: Packet): Ipv4Address {
    return getI32(packet.bytes, packet.network + 12) as Ipv4Address;
  }

  /** The destination address of a received packet. */
  destination(packet: Packet): Ipv4Address {
    return getI32(packet.bytes, packet.network + 16) as Ipv4Address;
  }

  /** A hash of the source address of a received packet. */
  sourceHash(packet: Packet): number {
    return this.source(packet);
  }

  /** A hash of the destination address of a packet of ours that an error quotes. */
  destinationHash(packet: Packet): number {
    return this.destination(packet);
  }

  /** The sum of the addresses of a received packet. */
  addressSum(packet: Packet): number {
    const { bytes, network: at } = packet;
    return (bytes[at + 12]! << 8 | bytes[at + 13]!) + (bytes[at + 14]! << 8 | bytes[at + 15]!) +
      (bytes[at + 16]! << 8 | bytes[at + 17]!) + (bytes[at + 18]! << 8 | bytes[at + 19]!);
  }

  /** Joins a group. */
  join(group: Ipv4Address): void {
    const first = !this.#groups.includes(group);
    this.#groups.push(group);
    this.#link.join(group);
    if (first) { for (const observer of this.observers) observer.grouped?.(group, true); }
  }

  /** Leaves a group. */
  leave(group: Ipv4Address): void {
    const at = this.#groups.indexOf(group);
    if (at < 0) return;
    this.#groups.splice(at, 1);
    this.#link.leave(group);
    if (!this.#groups.includes(group)) { for (const observer of this.observers) observer.grouped?.(group, false); }
  }

  /** Tells the sender of a received packet that it was in vain. */
  reject(packet: Packet, why: Rejection): void {
    this.errors?.error(packet, UNREACHABLE, why === "port" ? 3 : 2, 0);
  }

  /** Reads one packet from the link. */
  receive(packet: Packet): void {
    this.#read(packet, false);
  }

  /** Hears that a neighbour did not answer. */
  unreachable(packet: Packet): void {
    const destination = packet.i32(16) as Ipv4Address;
    for (const observer of this.observers) observer.unreachable?.(destination);
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
    const { bytes, start: at } = packet;
    const header = headerLength(bytes, at);
    if (
      packet.length < header + 8 || header < IPV4_HEADER || bytes[at]! >> 4 !== 4 ||
      (packet.u16(6) & FRAGMENT_OFFSET) !== 0 || !this.isLocal(packet.i32(12) as Ipv4Address)
    ) return false;
    packet.network = at;
    packet.transport = packet.start = at + header;
    packet.ip = this;
    this.#ip.receiver(bytes[at + 9]!)?.fault?.(packet, fault);
    return true;
  }

  #read(packet: Packet, local: boolean): void {
    const { counters } = this;
    const { bytes, start: at } = packet;
    const header = headerLength(bytes, at);
    const total = totalLength(bytes, at);
    if (packet.length < header || header < IPV4_HEADER || bytes[at]! >> 4 !== 4) {
      counters.malformed++;
      return;
    }
    // A frame may be longer than its packet: short ones are padded (RFC 894).
    if (total < header || total > packet.length) {
      counters.badLength++;
      return;
    }
    if (foldChecksum(sumPacket(packet, at, at + header)) !== 0) {
      counters.badChecksum++;
      return;
    }
    packet.end = at + total;
    packet.network = at;
    packet.ip = this;
    if (!local && !this.#admits(packet)) return;
    if (header > IPV4_HEADER) {
      const verdict = walkOptions(bytes, at, header);
      if (verdict === OPTIONS_SOURCE_ROUTE) {
        counters.sourceRouted++;
        return;
      }
      if (verdict !== OPTIONS_SOUND) {
        counters.badOptions++;
        this.errors?.error(packet, PARAMETER_PROBLEM, 0, verdict);
        return;
      }
    }
    const flags = fragmentBits(bytes, at);
    if ((flags & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0) {
      this.#reassembly.receive(packet, header, (flags & FRAGMENT_OFFSET) << 3, (flags & MORE_FRAGMENTS) !== 0);
    } else this.#deliver(packet, header);
  }

  /** Whether a packet from the link is for us, and from somebody who may send it (RFC 1122, 3.2.1.3). */
  #admits(packet: Packet): boolean {
    const source = this.source(packet);
    const destination = this.destination(packet);
    const many = this.isMany(destination);
    if (
      isIpv4Loopback(source) || isIpv4Loopback(destination) || this.isMany(source) || this.isLocal(source) ||
      source >>> 24 === 0 && !(many && source === 0)
    ) {
      this.counters.martians++;
      return false;
    }
    if (many) {
      if (!isIpv4Multicast(destination) || destination === ALL_HOSTS || this.#groups.includes(destination)) return true;
    } else if (this.isLocal(destination)) {
      // What the link carried to many must be for many (RFC 1122, 3.3.6).
      if (packet.cast === UNICAST) return true;
      this.counters.martians++;
      return false;
    }
    this.counters.foreign++;
    return false;
  }

  #deliver(packet: Packet, header: number): void {
    const at = packet.start;
    packet.transport = packet.start = at + header;
    const receiver = this.#ip.receiver(packet.bytes[at + 9]!);
    if (receiver) {
      this.counters.delivered++;
      receiver.receive(packet);
    } else {
      this.counters.unknownProtocol++;
      this.reject(packet, "protocol");
    }
  }

  /** Which of our addresses a host sees (RFC 1122, 3.3.4.3): one in the network of the next hop, or else the first. */
  #sourceFor(destination: Ipv4Address): Ipv4Address {
    if (this.isLocal(destination)) return destination;
    const nextHop = this.#routes.nextHop(destination) ?? destination;
    for (const { address, mask } of this.#addresses) if (((nextHop ^ address) & mask) === 0) return address;
    return this.#addresses[0]?.address ?? 0 as Ipv4Address;
  }
}

/** Whether fragments have the same Identification, protocol and addresses (RFC 791, 3.2). */
function isSameDatagram(a: Packet, b: Packet): boolean {
  return a.u16(4) === b.u16(4) && a.u8(9) === b.u8(9) && a.i32(12) === b.i32(12) && a.i32(16) === b.i32(16);
}

/** The {@linkcode ipv4} protocol. */
export interface Ipv4Protocol extends Protocol<"ipv4", { link: Link<Ipv4Address>; ip?: Ip }, { ip: Ip; ipv4: Ipv4 }> {}

/**
 * IPv4.
 *
 * @param options Our addresses and routes; none where `dhcp()` finds them.
 * @returns The protocol.
 * @throws {TypeError} When an option is missing, unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 * @throws {SyntaxError} When a text is no address.
 */
export function ipv4(options: Ipv4Options = {}): Ipv4Protocol {
  const settings = readOptions(options);
  return {
    name: "ipv4",
    needs: { link: "required", ip: "optional" },
    start: (core, { link, ip = new Ip() }) => {
      const layer = new Ipv4(core, link, ip, settings);
      ip.networks.push(layer);
      return { ip, ipv4: layer };
    },
  };
}
