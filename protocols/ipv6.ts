/**
 * IPv6 (RFC 8200).
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv6({ address: "2001:db8::2/64" }), icmpv6()] });
 * console.log(net.ipv6.addresses.map(({ address, usable }) => [address, usable]));
 * ```
 *
 * @module
 */

import { rankFor } from "../core/address_selection.ts";
import { sumPacket } from "../core/checksum.ts";
import type { Link, Neighbour } from "../core/driver.ts";
import { transmitFragments } from "../core/fragmentation.ts";
import { Ip, type IpAddress, type Rejection, sameAddress } from "../core/ip.ts";
import type { IpFamily } from "../core/ip_family.ts";
import { IpLayer } from "../core/ip_layer.ts";
import {
  commonPrefix,
  formatIpv6,
  IPV6_ALL_NODES,
  IPV6_ANY,
  IPV6_LOOPBACK,
  Ipv6Address,
  type Ipv6Cidr,
  isIpv6LinkLocal,
  isIpv6Multicast,
  readIpv6,
  solicitedNode,
  tryParseIpv6,
} from "../core/ipv6_address.ts";
import { getI32, type Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Ipv6Counters } from "./ipv6/counters.ts";
import { findUpper, HeaderChain } from "./ipv6/extension_headers.ts";
import { FRAGMENT, FRAGMENT_HEADER, IPV6_HEADER, IPV6_LEAST_MTU, NEXT_HEADER } from "./ipv6/header.ts";
import { Ipv6Input } from "./ipv6/input.ts";
import { InterfaceIdentifiers } from "./ipv6/interface_identifier.ts";
import { Ipv6Path } from "./ipv6/path.ts";
import { type Ipv6Options, type Ipv6Settings, readOptions } from "./ipv6/settings.ts";
import { type Ipv6Assigned, selectSource } from "./ipv6/source_selection.ts";

export { Ipv6Counters } from "./ipv6/counters.ts";
export type { InterfaceIdentifiers } from "./ipv6/interface_identifier.ts";
export type { Ipv6Path } from "./ipv6/path.ts";
export { IPV6_OPTIONS, type Ipv6Options, type Ipv6RouteOptions, type Ipv6Settings } from "./ipv6/settings.ts";
export type { Ipv6Assigned } from "./ipv6/source_selection.ts";

/** The network of the link: `fe80::/64` (RFC 4291, 2.5.6). */
const LINK_LOCAL: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xfe800000, 0, 0, 0);
/** Addresses that are tried for one network (RFC 7217, IDGEN_RETRIES). */
const ATTEMPTS = 3;
/** Addresses of other hosts that are remembered as objects; a power of two. */
const SEEN = 16;

const FAMILY: IpFamily<Ipv6Address> = {
  version: 6,
  leastMtu: IPV6_LEAST_MTU,
  leastPathMtu: IPV6_LEAST_MTU,
  commonPrefix,
};

/** The IPv6 layer. */
export class Ipv6 extends IpLayer<Ipv6Address, Ipv6Assigned, Ipv6Path> {
  /** What it does and drops. */
  readonly counters: Ipv6Counters = new Ipv6Counters();
  /** What our addresses on the link are made by. */
  readonly identifiers: InterfaceIdentifiers;
  readonly #input: Ipv6Input;
  readonly #quoted: HeaderChain = new HeaderChain();
  readonly #seen: Ipv6Address[] = new Array(SEEN).fill(IPV6_LOOPBACK);
  readonly #key: number;
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
    super(core, link, ip, options.hopLimit, FAMILY);
    this.#key = core.random();
    this.identifiers = new InterfaceIdentifiers(() => core.random(), options.secret);
    this.#input = new Ipv6Input(core, this, options.reassembly);
    this.join(IPV6_ALL_NODES);
    this.assign(this.#linkLocal());
    for (const cidr of options.addresses) this.assign(cidr);
    for (const { target, gateway } of options.routes) this.addRoute(target, gateway);
    const isDeprecated = (source: IpAddress): boolean =>
      this.addresses.some(({ address, deprecated }) => deprecated && sameAddress(address, source));
    ip.rank = (destination) => rankFor(ip, destination, isDeprecated);
    core.count("ipv6", this.counters);
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
    this.join(solicitedNode(address));
    own.usable = this.take(own);
    return own;
  }

  /** Gives an address up again, and leaves its solicited-node group. */
  override withdraw(own: { readonly address: Ipv6Address }): boolean {
    const ours = super.withdraw(own);
    if (ours) this.leave(solicitedNode(own.address));
    return ours;
  }

  /** Finds the address of whom packets for a host are handed to. */
  override nextHop(destination: Ipv6Address): Ipv6Address | null {
    // IPv4-mapped addresses and their like never go out (RFC 4291, 2.5.5; RFC 6890).
    return destination.a === 0 && destination.b === 0 ? null : super.nextHop(destination);
  }

  /** Hears what became of an address that was claimed. */
  override claimed(address: Ipv6Address, ours: boolean): void {
    super.claimed(address, ours);
    // Another one is tried on the link; what was configured is not ours to change.
    if (!ours && this.#linkLocal().address.equals(address) && ++this.#linkLocalAttempt < ATTEMPTS) {
      this.assign(this.#linkLocal());
    }
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

  /** Whether an address names many hosts. */
  isMany(address: Ipv6Address): boolean {
    return isIpv6Multicast(address);
  }

  /**
   * Tells whether an address of a packet is one of ours that may be used.
   *
   * @param bytes Where it lies.
   * @param at Its first byte.
   * @returns Whether it is.
   */
  owns(bytes: Uint8Array, at: number): boolean {
    for (const own of this.addresses) if (own.usable && own.address.at(bytes, at)) return true;
    return false;
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
    for (const { address } of this.addresses) if (address.at(bytes, network + 24)) return address;
    for (const group of this.groups) if (group.at(bytes, network + 24)) return group;
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

  /** Tells the sender of a received packet that it was in vain. */
  reject(packet: Packet, why: Rejection): void {
    this.#input.reject(packet, why);
  }

  /** Reads one packet. */
  receive(packet: Packet, local: boolean = false): void {
    this.#input.read(packet, local);
  }

  /** Sends a packet of ours, whose header has no extensions, in fragments (RFC 8200, 4.5). */
  fragment(packet: Packet, mtu: number, neighbour: Neighbour): boolean {
    const { pool } = this.core;
    const next = packet.u8(NEXT_HEADER);
    // Hard to guess (RFC 7739).
    const identification = this.core.random();
    this.counters.fragmented++;
    return transmitFragments(packet, IPV6_HEADER, FRAGMENT_HEADER, mtu, neighbour, pool, (fragment, offset, more) => {
      fragment.setU16(4, fragment.length - IPV6_HEADER);
      fragment.setU8(NEXT_HEADER, FRAGMENT);
      fragment.setI32(IPV6_HEADER, next << 24 | offset | (more ? 1 : 0));
      fragment.setI32(IPV6_HEADER + 4, identification);
    });
  }

  /**
   * Chooses the address of ours that a host sees (RFC 6724, 5).
   *
   * @param destination The host.
   * @param none Whether `::` would do.
   * @returns The address; null when there is none.
   */
  sourceFor(destination: Ipv6Address, none: boolean = false): Ipv6Address | null {
    if (this.isLocal(destination)) return destination;
    return selectSource(this.addresses, destination)?.address ?? (none ? IPV6_ANY : null);
  }

  /** Whether an address is `::1`. */
  protected isLoopback(address: Ipv6Address): boolean {
    return IPV6_LOOPBACK.equals(address);
  }

  /** Whether an address is `::`. */
  protected isUnspecified({ a, b, c, d }: Ipv6Address): boolean {
    return (a | b | c | d) === 0;
  }

  /** Makes the way to a host. */
  protected way(source: Ipv6Address, destination: Ipv6Address, neighbour: Neighbour): Ipv6Path {
    return new Ipv6Path(this, source, destination, neighbour, this.core.random() & 0xfffff);
  }

  /** Finds the payload of a packet of ours, or of what is quoted of one. */
  protected quotedProtocol(packet: Packet): number {
    const { bytes, start: at, end } = packet;
    const chain = this.#quoted;
    if (packet.length < IPV6_HEADER || bytes[at]! >> 4 !== 6 || !findUpper(bytes, at, end, chain)) return -1;
    packet.start = chain.at;
    return chain.next;
  }

  #linkLocal(): Ipv6Cidr {
    return { address: this.identifiers.address(LINK_LOCAL, this.#linkLocalAttempt), prefix: 64 };
  }
}

function mix(hash: number, word: number): number {
  hash = Math.imul(hash ^ word, 0x9e3779b1);
  return hash ^ hash >>> 15;
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
