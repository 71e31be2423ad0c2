/**
 * IPv6 (RFC 8200).
 *
 * @module
 */

import { sumPacket } from "../core/checksum.ts";
import type { Link, LinkReceiver, Neighbour } from "../core/driver.ts";
import { Ip, type IpFault, type Network, PROTOCOL_ICMPV6, type Rejection } from "../core/ip.ts";
import {
  formatIpv6,
  IPV6_ALL_NODES,
  IPV6_LOOPBACK,
  Ipv6Address,
  type Ipv6Cidr,
  isIpv6LinkLocal,
  isIpv6Multicast,
  readIpv6,
  solicitedNode,
  tryParseIpv6,
} from "../core/ipv6_address.ts";
import { Loopback } from "../core/loopback.ts";
import type { NetErrorCode } from "../core/net_error.ts";
import { getI32, type Packet, UNICAST } from "../core/packet.ts";
import { PathMtus } from "../core/path_mtu.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Reassembly } from "../core/reassembly.ts";
import { Ipv6Counters } from "./ipv6/counters.ts";
import {
  ERRONEOUS,
  findUpper,
  HeaderChain,
  INCOMPLETE_CHAIN,
  TRUNCATED,
  UNKNOWN_HEADER,
  upperHeader,
} from "./ipv6/extension_headers.ts";
import { transmitFragments } from "./ipv6/fragmentation.ts";
import { FRAGMENT, FRAGMENT_HEADER, IPV6_HEADER, IPV6_LEAST_MTU, NEXT_HEADER, NO_NEXT_HEADER } from "./ipv6/header.ts";
import { InterfaceIdentifiers } from "./ipv6/interface_identifier.ts";
import { Ipv6Path } from "./ipv6/path.ts";
import { Ipv6Routes } from "./ipv6/routes.ts";
import { type Ipv6Options, type Ipv6Settings, readOptions } from "./ipv6/settings.ts";
import { type Ipv6Assigned, selectSource } from "./ipv6/source_selection.ts";

export { Ipv6Counters } from "./ipv6/counters.ts";
export type { InterfaceIdentifiers } from "./ipv6/interface_identifier.ts";
export type { Ipv6Path } from "./ipv6/path.ts";
export type { Ipv6Route } from "./ipv6/routes.ts";
export { IPV6_OPTIONS, type Ipv6Options, type Ipv6RouteOptions, type Ipv6Settings } from "./ipv6/settings.ts";
export type { Ipv6Assigned } from "./ipv6/source_selection.ts";
export type { Loopback } from "../core/loopback.ts";

/** The network of the link: `fe80::/64` (RFC 4291, 2.5.6). */
const LINK_LOCAL: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xfe800000, 0, 0, 0);
/** Addresses that are tried for one network (RFC 7217, IDGEN_RETRIES). */
const ATTEMPTS = 3;
/** Milliseconds for which the fragments of a datagram may arrive. */
const REASSEMBLY_TIME = 60_000;
/** Bytes of the largest payload. */
const LARGEST = 65_535;
/** Addresses of other hosts that are remembered as objects; a power of two. */
const SEEN = 16;
/** ICMPv6: Destination Unreachable. */
const UNREACHABLE = 1;
/** ICMPv6: Time Exceeded. */
const TIME_EXCEEDED = 3;
/** ICMPv6: Parameter Problem. */
const PARAMETER_PROBLEM = 4;
/** ICMPv6: the first type that is no error. */
const INFORMATIONAL = 128;
/** ICMPv6: Redirect. */
const REDIRECT = 137;

/** Tells senders what was wrong with their packets: ICMPv6, where it is there. */
export interface Ipv6Errors {
  /**
   * Sends an error about a received packet.
   *
   * @param packet The packet, `network` set; its window ends where the packet does.
   * @param type The ICMPv6 type.
   * @param code The ICMPv6 code.
   * @param pointer Which byte of the packet is wrong; only for a parameter problem.
   */
  error(packet: Packet, type: number, code: number, pointer: number): void;
}

/** Hears what changes in the IPv6 layer, such as `slaac()` and `mld()`. */
export interface Ipv6Observer {
  /**
   * An address may be used, or another host turned out to have it.
   *
   * @param address The address.
   * @param ours Whether it may be used.
   */
  claimed?(address: Ipv6Address, ours: boolean): void;
  /**
   * A group was joined or left.
   *
   * @param group The group.
   * @param joined Whether it was joined.
   */
  grouped?(group: Ipv6Address, joined: boolean): void;
}

/** The IPv6 layer. */
export class Ipv6 implements Network, LinkReceiver {
  /** The version. */
  readonly family = 6;
  /** Hops that packets may take unless their path says otherwise. */
  hopLimit: number;
  /** What it does and drops. */
  readonly counters: Ipv6Counters = new Ipv6Counters();
  /** Who tells senders of errors. */
  errors: Ipv6Errors | null = null;
  /** Who hears what changes. */
  readonly observers: Ipv6Observer[] = [];
  /** Grows whenever a path may have to go another way. */
  epoch: number = 0;
  /** Packets to ourselves. */
  readonly loopback: Loopback;
  /** What our addresses on the link are made by. */
  readonly identifiers: InterfaceIdentifiers;
  readonly #core: Core;
  readonly #link: Link<Ipv6Address>;
  readonly #ip: Ip;
  readonly #addresses: Ipv6Assigned[] = [];
  readonly #routes: Ipv6Routes = new Ipv6Routes();
  /** Groups that were joined, each as often as it was. */
  readonly #groups: Ipv6Address[] = [];
  readonly #reassembly: Reassembly;
  readonly #mtus: PathMtus;
  readonly #chain: HeaderChain = new HeaderChain();
  readonly #seen: Ipv6Address[] = new Array(SEEN).fill(IPV6_LOOPBACK);
  readonly #key: number;
  #mtu: number;
  #linkLocalAttempt: number = 0;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param link What carries it.
   * @param ip The protocols above it.
   * @param options Addresses and routes.
   * @throws {RangeError} When the link's MTU is below 1280.
   */
  constructor(core: Core, link: Link<Ipv6Address>, ip: Ip, options: Ipv6Settings) {
    this.#mtu = link.mtu;
    if (link.mtu < IPV6_LEAST_MTU) {
      throw new RangeError(`ipv6() needs an MTU of at least 1280, and the link's is ${link.mtu}`);
    }
    this.#core = core;
    this.#link = link;
    this.#ip = ip;
    this.hopLimit = options.hopLimit;
    this.#key = core.random();
    this.identifiers = new InterfaceIdentifiers(() => core.random(), options.secret);
    this.loopback = new Loopback(core, { receive: (packet) => this.#read(packet, true) });
    this.#reassembly = new Reassembly(core, options.reassembly, REASSEMBLY_TIME, "fragments6", {
      largest: IPV6_HEADER + FRAGMENT_HEADER + LARGEST,
      same: isSameDatagram,
      reassembled: (packet) => this.#reassembled(packet),
      timedOut: (packet) => this.#error(packet, TIME_EXCEEDED, 1),
    });
    this.#mtus = new PathMtus(core, IPV6_LEAST_MTU, () => this.epoch++);
    link.attach(this);
    this.join(IPV6_ALL_NODES);
    this.assign(this.#linkLocal());
    for (const cidr of options.addresses) this.assign(cidr);
    for (const { target, gateway } of options.routes) this.addRoute(target, gateway);
    core.count("ipv6", this.counters);
  }

  /** Our addresses, the one of the link first. */
  get addresses(): readonly Ipv6Assigned[] {
    return this.#addresses;
  }

  /** Bytes of the largest packet on the link: the link's own, or what routers say (RFC 4861, 4.6.4). */
  get mtu(): number {
    return this.#mtu;
  }

  set mtu(mtu: number) {
    this.#mtu = Math.min(Math.max(mtu, IPV6_LEAST_MTU), this.#link.mtu);
    this.epoch++;
  }

  /**
   * Takes an address, and joins its solicited-node group.
   *
   * @param cidr The address and its network.
   * @param options Whether hosts of its network are on our link, as they are when left out; and whether it is temporary.
   * @returns The address as it stands in {@linkcode addresses}; it may be usable only later, where the link asks first
   * whether another host has it.
   */
  assign(
    { address, prefix }: Ipv6Cidr,
    { onLink = true, temporary = false }: { readonly onLink?: boolean; readonly temporary?: boolean } = {},
  ): Ipv6Assigned {
    const own: Ipv6Assigned = { address, prefix, onLink, temporary, usable: false, deprecated: false };
    this.#addresses.push(own);
    if (onLink) this.addRoute(own, null);
    this.join(solicitedNode(address));
    own.usable = this.#link.claim(address);
    return own;
  }

  /**
   * Gives an address up again.
   *
   * @param address The address; one that is not ours is left alone.
   */
  withdraw(address: Ipv6Address): void {
    const at = this.#addresses.findIndex((own) => own.address.equals(address));
    if (at < 0) return;
    const [own] = this.#addresses.splice(at, 1);
    if (own!.onLink) this.removeRoute(own!, null);
    this.leave(solicitedNode(address));
    this.#link.release(address);
  }

  /**
   * Adds a route.
   *
   * @param target Where it leads.
   * @param gateway The router to hand packets to; null for hosts on our own link.
   */
  addRoute(target: Ipv6Cidr, gateway: Ipv6Address | null): void {
    this.#routes.add(target, gateway);
    this.epoch++;
  }

  /**
   * Removes a route.
   *
   * @param target Where it leads.
   * @param gateway Its router, or null.
   */
  removeRoute(target: Ipv6Cidr, gateway: Ipv6Address | null): void {
    this.#routes.remove(target, gateway);
    this.epoch++;
  }

  /**
   * Finds whom a route hands packets for a host to.
   *
   * @param destination The host.
   * @returns The router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: Ipv6Address): Ipv6Address | null {
    return this.#routes.nextHop(destination);
  }

  /** Hears what became of an address that was claimed. */
  claimed(address: Ipv6Address, ours: boolean): void {
    const own = this.#addresses.find((own) => own.address.equals(address));
    if (!own) return;
    if (ours) own.usable = true;
    else {
      this.withdraw(address);
      // Another one is tried on the link; what was configured is not ours to change.
      if (isIpv6LinkLocal(address) && this.#linkLocal().address.equals(address)) {
        if (++this.#linkLocalAttempt < ATTEMPTS) this.assign(this.#linkLocal());
      }
    }
    for (const observer of this.observers) observer.claimed?.(address, ours);
  }

  /** Reads an address in text; there is one link, so that a zone (RFC 4007, 11) says nothing. */
  parse(text: string): Ipv6Address | null {
    const zone = text.indexOf("%");
    const address = tryParseIpv6(zone < 0 ? text : text.slice(0, zone));
    return address && zone >= 0 && !isIpv6LinkLocal(address) && !isIpv6Multicast(address) ? null : address;
  }

  /** Writes an address. */
  format(address: Ipv6Address): string {
    return formatIpv6(address);
  }

  /** Whether packets for an address end here. */
  isLocal(address: Ipv6Address): boolean {
    for (const own of this.#addresses) if (own.usable && own.address.equals(address)) return true;
    return IPV6_LOOPBACK.equals(address);
  }

  /** Whether an address names many hosts. */
  isMany(address: Ipv6Address): boolean {
    return isIpv6Multicast(address);
  }

  /** Finds the way to a host. */
  path(destination: Ipv6Address, source: Ipv6Address | null): Ipv6Path | NetErrorCode {
    if (source !== null && !isUnspecified(source) && !this.isLocal(source)) return "EADDRNOTAVAIL";
    const neighbour = this.neighbour(destination);
    if (!neighbour) return "ENETUNREACH";
    const own = source !== null && !isUnspecified(source) ? source : this.sourceFor(destination);
    if (!own) return "EADDRNOTAVAIL";
    return new Ipv6Path(this, own, destination, neighbour, this.#core.random() & 0xfffff);
  }

  /** Finds the way back to where a received packet came from. */
  pathBack(packet: Packet): Ipv6Path | null {
    const source = this.source(packet);
    if (isUnspecified(source) || isIpv6Multicast(source)) return null;
    const destination = this.destination(packet);
    const path = this.path(source, this.isLocal(destination) ? destination : null);
    return typeof path === "string" ? null : path;
  }

  /**
   * Chooses the address of ours that a host sees (RFC 6724, 5).
   *
   * @param destination The host.
   * @returns The address; null when there is none.
   */
  sourceFor(destination: Ipv6Address): Ipv6Address | null {
    if (this.isLocal(destination)) return destination;
    return selectSource(this.#addresses, destination)?.address ?? null;
  }

  /**
   * Finds whom packets for a host are handed to.
   *
   * @param destination The host.
   * @returns The neighbour; null without a route.
   */
  neighbour(destination: Ipv6Address): Neighbour | null {
    if (this.isLocal(destination)) return this.loopback;
    if (isIpv6Multicast(destination)) return this.#link.neighbour(destination);
    // IPv4-mapped addresses and their like never go out (RFC 4291, 2.5.5; RFC 6890).
    if (destination.a === 0 && destination.b === 0) return null;
    const nextHop = this.#routes.nextHop(destination);
    return nextHop && this.#link.neighbour(nextHop);
  }

  /**
   * Tells the MTU of the way to a host.
   *
   * @param destination The host.
   * @returns Bytes of the largest packet.
   */
  pathMtu(destination: Ipv6Address): number {
    return this.#mtus.get(this.hash(destination), this.#mtu);
  }

  /**
   * Hears that the MTU of the way to a host is smaller than thought (RFC 8201).
   *
   * @param destination The host.
   * @param mtu Bytes of the largest packet; less than 1280 is not believed.
   */
  limit(destination: Ipv6Address, mtu: number): void {
    if (mtu >= IPV6_LEAST_MTU) this.#mtus.limit(this.hash(destination), mtu, this.#mtu);
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
    return transmitFragments(packet, mtu, this.#core.random(), neighbour, this.#core.pool);
  }

  /**
   * Hashes an address, so that nobody outside can make two collide.
   *
   * @param address The address.
   * @returns An int32.
   */
  hash({ a, b, c, d }: Ipv6Address): number {
    return mix(mix(mix(mix(this.#key, a), b), c), d);
  }

  #hashAt({ bytes }: Packet, at: number): number {
    const high = mix(mix(this.#key, getI32(bytes, at)), getI32(bytes, at + 4));
    return mix(mix(high, getI32(bytes, at + 8)), getI32(bytes, at + 12));
  }

  /** The source address of a received packet. */
  source({ bytes, network }: Packet): Ipv6Address {
    const slot = bytes[network + 23]! & SEEN - 1;
    const seen = this.#seen[slot]!;
    return seen.at(bytes, network + 8) ? seen : this.#seen[slot] = readIpv6(bytes, network + 8);
  }

  /** The destination address of a received packet. */
  destination({ bytes, network }: Packet): Ipv6Address {
    for (const { address } of this.#addresses) if (address.at(bytes, network + 24)) return address;
    for (const group of this.#groups) if (group.at(bytes, network + 24)) return group;
    return readIpv6(bytes, network + 24);
  }

  /** A hash of the source address of a received packet. */
  sourceHash(packet: Packet): number {
    return this.#hashAt(packet, packet.network + 8);
  }

  /** A hash of the destination address of a packet of ours that an error quotes. */
  destinationHash(packet: Packet): number {
    return this.#hashAt(packet, packet.network + 24);
  }

  /** The sum of the addresses of a received packet. */
  addressSum(packet: Packet): number {
    return sumPacket(packet, packet.network + 8, packet.network + IPV6_HEADER);
  }

  /** Joins a group. */
  join(group: Ipv6Address): void {
    const first = !this.inGroup(group);
    this.#groups.push(group);
    this.#link.join(group);
    if (first) { for (const observer of this.observers) observer.grouped?.(group, true); }
  }

  /** Leaves a group. */
  leave(group: Ipv6Address): void {
    const at = this.#groups.findIndex((other) => other.equals(group));
    if (at < 0) return;
    this.#groups.splice(at, 1);
    this.#link.leave(group);
    if (!this.inGroup(group)) { for (const observer of this.observers) observer.grouped?.(group, false); }
  }

  /** Groups that were joined, each as often as it was. */
  get groups(): readonly Ipv6Address[] {
    return this.#groups;
  }

  /**
   * Tells whether a group was joined.
   *
   * @param group The group.
   * @returns Whether packets for it end here too.
   */
  inGroup(group: Ipv6Address): boolean {
    return this.#groups.some((other) => other.equals(group));
  }

  /** Tells the sender of a received packet that it was in vain. */
  reject(packet: Packet, why: Rejection): void {
    if (why === "port") this.#error(packet, UNREACHABLE, 4);
    else this.#problem(packet, UNKNOWN_HEADER, this.#chain.field);
  }

  /** Reads one packet from the link. */
  receive(packet: Packet): void {
    this.#read(packet, false);
  }

  /** Hears that a neighbour did not answer. */
  unreachable(packet: Packet): void {
    this.fault(packet, { code: "EHOSTUNREACH", hard: false, mtu: 0, message: "the host does not answer" });
  }

  /**
   * Tells a transport what happened to a packet of ours.
   *
   * @param packet The packet, or what an ICMPv6 error quotes of it: its window at the header; lent until this returns.
   * @param fault What happened.
   * @returns False when it cannot be a packet of ours, or holds too little to tell whose.
   */
  fault(packet: Packet, fault: IpFault): boolean {
    const { bytes, start: at, end } = packet;
    const chain = this.#chain;
    if (
      packet.length < IPV6_HEADER + 8 || bytes[at]! >> 4 !== 6 || !findUpper(bytes, at, end, chain) ||
      end - chain.at < 8 || !this.isLocal(readIpv6(bytes, at + 8))
    ) return false;
    packet.network = at;
    packet.transport = packet.start = chain.at;
    packet.ip = this;
    this.#ip.receiver(chain.next)?.fault?.(packet, fault);
    return true;
  }

  #read(packet: Packet, local: boolean): void {
    const { counters } = this;
    const { bytes, start: at } = packet;
    if (packet.length < IPV6_HEADER || bytes[at]! >> 4 !== 6) {
      counters.malformed++;
      return;
    }
    // A frame may be longer than its packet: short ones are padded (RFC 2464, 3).
    const length = IPV6_HEADER + (bytes[at + 4]! << 8 | bytes[at + 5]!);
    if (length > packet.length) {
      counters.badLength++;
      return;
    }
    packet.end = at + length;
    packet.network = at;
    packet.ip = this;
    if (!local && !this.#admits(packet)) return;
    const chain = this.#chain;
    if (!chain.start(bytes, at, packet.end)) this.#badHeaders(packet);
    else if (chain.next === FRAGMENT) this.#fragment(packet);
    else this.#deliver(packet);
  }

  /** Whether a packet from the link is for us, and from somebody who may send it. */
  #admits(packet: Packet): boolean {
    const { bytes, network: at } = packet;
    // No packet is from a group, from nobody (address resolution is the link's), from a loopback or a mapped address.
    if (
      bytes[at + 8] === 255 || (getI32(bytes, at + 8) | getI32(bytes, at + 12)) === 0 ||
      (getI32(bytes, at + 24) | getI32(bytes, at + 28)) === 0
    ) {
      this.counters.martians++;
      return false;
    }
    for (const own of this.#addresses) {
      if (own.usable && own.address.at(bytes, at + 8)) {
        this.counters.martians++;
        return false;
      }
    }
    if (bytes[at + 24] === 255) {
      // Groups of the reserved scope and of the interface are never on a wire (RFC 4291, 2.7).
      if ((bytes[at + 25]! & 15) > 1) {
        for (const group of this.#groups) if (group.at(bytes, at + 24)) return true;
      }
    } else {
      for (const own of this.#addresses) {
        if (!own.usable || !own.address.at(bytes, at + 24)) continue;
        // What the link carried to many must be for many.
        if (packet.cast === UNICAST) return true;
        this.counters.martians++;
        return false;
      }
    }
    this.counters.foreign++;
    return false;
  }

  /** Reads a fragment, which `#chain` has come to. */
  #fragment(packet: Packet): void {
    const { counters } = this;
    const { bytes, network, end } = packet;
    const chain = this.#chain;
    const at = chain.at;
    const size = end - at - FRAGMENT_HEADER;
    const from = bytes[at + 2]! << 8 | bytes[at + 3]! & 0xf8;
    const more = (bytes[at + 3]! & 1) !== 0;
    if (size > 0 && from === 0) {
      chain.next = bytes[at]!;
      chain.field = at;
      chain.at = at + FRAGMENT_HEADER;
      const sound = chain.walk(bytes, end, false);
      // What is whole is no fragment (RFC 6946).
      if (!more) return sound ? this.#deliver(packet) : this.#badHeaders(packet);
      // The first fragment tells what the datagram is, so that filters need not guess (RFC 7112).
      if (sound ? chain.at + upperHeader(chain.next) > end : chain.problem === TRUNCATED) {
        counters.badFragments++;
        return this.#problem(packet, INCOMPLETE_CHAIN, network);
      }
    }
    if (size <= 0 || more && (size & 7) !== 0 || at - network - IPV6_HEADER + from + size > LARGEST) {
      counters.badFragments++;
      if (size > 0) this.#problem(packet, ERRONEOUS, more && (size & 7) !== 0 ? network + 4 : at + 2);
      return;
    }
    // What stood between the header and the fragment header has been read and goes.
    const start = packet.start = packet.network = at - IPV6_HEADER;
    bytes.copyWithin(start, network, network + IPV6_HEADER);
    bytes[start + NEXT_HEADER] = FRAGMENT;
    this.#reassembly.receive(packet, IPV6_HEADER + FRAGMENT_HEADER, from, more);
  }

  /** Reads a datagram that was in fragments: its window is at the first one's header, the fragment header behind it. */
  #reassembled(packet: Packet): void {
    const { bytes, start, end } = packet;
    const chain = this.#chain;
    const at = packet.start = packet.network = start + FRAGMENT_HEADER;
    chain.next = bytes[start + IPV6_HEADER]!;
    bytes.copyWithin(at, start, start + IPV6_HEADER);
    chain.at = at + IPV6_HEADER;
    chain.field = at + NEXT_HEADER;
    packet.setU8(NEXT_HEADER, chain.next);
    packet.setU16(4, end - chain.at);
    if (chain.walk(bytes, end, false)) this.#deliver(packet);
    else this.#badHeaders(packet);
  }

  /** Hands a datagram up, at whose upper layer `#chain` has arrived. */
  #deliver(packet: Packet): void {
    const { next, at } = this.#chain;
    if (next === NO_NEXT_HEADER) {
      this.counters.noNextHeader++;
      return;
    }
    const receiver = next === FRAGMENT ? null : this.#ip.receiver(next);
    if (receiver) {
      this.counters.delivered++;
      packet.transport = packet.start = at;
      receiver.receive(packet);
    } else {
      this.counters.unknownProtocol++;
      this.reject(packet, "protocol");
    }
  }

  #badHeaders(packet: Packet): void {
    const { problem, pointer, always } = this.#chain;
    this.counters.badHeaders++;
    if (problem >= 0) this.#problem(packet, problem, pointer, always);
  }

  /** Tells a sender which byte of its packet is wrong. */
  #problem(packet: Packet, code: number, at: number, always: boolean = false): void {
    this.#error(packet, PARAMETER_PROBLEM, code, at - packet.network, always);
  }

  /** Tells a sender of an error, unless its packet must not be answered (RFC 4443, 2.4 (e)). */
  #error(packet: Packet, type: number, code: number, pointer: number = 0, always: boolean = false): void {
    const { bytes, network, end } = packet;
    const chain = this.#chain;
    if (!always && (packet.cast !== UNICAST || bytes[network + 24] === 255)) return;
    // Nothing about ICMPv6 errors and redirects, which may not be seen in a fragment; but they are never that large.
    if (
      findUpper(bytes, network, end, chain) && chain.next === PROTOCOL_ICMPV6 &&
      (bytes[chain.at]! < INFORMATIONAL || bytes[chain.at] === REDIRECT)
    ) return;
    this.errors?.error(packet, type, code, pointer);
  }

  #linkLocal(): Ipv6Cidr {
    return { address: this.identifiers.address(LINK_LOCAL, this.#linkLocalAttempt), prefix: 64 };
  }
}

function isUnspecified({ a, b, c, d }: Ipv6Address): boolean {
  return (a | b | c | d) === 0;
}

function mix(hash: number, word: number): number {
  hash = Math.imul(hash ^ word, 0x9e3779b1);
  return hash ^ hash >>> 15;
}

/** Whether fragments have the same addresses and Identification (RFC 8200, 4.5); each is a header and a fragment header. */
function isSameDatagram(a: Packet, b: Packet): boolean {
  for (let at = 8; at < IPV6_HEADER; at += 4) if (a.i32(at) !== b.i32(at)) return false;
  return a.i32(IPV6_HEADER + 4) === b.i32(IPV6_HEADER + 4);
}

/** The {@linkcode ipv6} protocol. */
export interface Ipv6Protocol extends Protocol<"ipv6", { link6: Link<Ipv6Address>; ip?: Ip }, { ip: Ip; ipv6: Ipv6 }> {}

/**
 * IPv6, alone or beside IPv4.
 *
 * @param options Our addresses and routes; without any there is one address, of the link.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 * @throws {SyntaxError} When a text is no address.
 */
export function ipv6(options: Ipv6Options = {}): Ipv6Protocol {
  const settings = readOptions(options);
  return {
    name: "ipv6",
    needs: { link6: "required", ip: "optional" },
    start: (core, { link6, ip = new Ip() }) => {
      const layer = new Ipv6(core, link6, ip, settings);
      ip.networks.push(layer);
      return { ip, ipv6: layer };
    },
  };
}
