/**
 * IPv4 (RFC 791, RFC 1122).
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24", gateway: "10.0.0.1" })] });
 * console.log(net.counters().ipv4);
 * ```
 *
 * @module
 */

import type { Link, Neighbour } from "../core/driver.ts";
import { transmitFragments } from "../core/fragmentation.ts";
import { Ip, type Rejection } from "../core/ip.ts";
import type { IpFamily } from "../core/ip_family.ts";
import { IpLayer } from "../core/ip_layer.ts";
import {
  formatIpv4,
  IPV4_BROADCAST,
  type Ipv4Address,
  type Ipv4Cidr,
  isIpv4Loopback,
  isIpv4Multicast,
  tryParseIpv4,
} from "../core/ipv4_address.ts";
import { getI32, type Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Reassembly } from "../core/reassembly.ts";
import { addressFault, headerFault } from "./ipv4/admission.ts";
import { Ipv4Counters } from "./ipv4/counters.ts";
import {
  FRAGMENT_OFFSET,
  FRAGMENTATION,
  fragmentBits,
  headerLength,
  IPV4_HEADER,
  MORE_FRAGMENTS,
  PROTOCOL,
  TOTAL_LENGTH,
  writeChecksum,
} from "./ipv4/header.ts";
import { Identifications } from "./ipv4/identification.ts";
import { OPTIONS_SOUND, OPTIONS_SOURCE_ROUTE, walkOptions } from "./ipv4/options.ts";
import { Ipv4Path } from "./ipv4/path.ts";
import { type Ipv4Options, type Ipv4Settings, readOptions } from "./ipv4/settings.ts";

export { Ipv4Counters } from "./ipv4/counters.ts";
export type { Identifications } from "./ipv4/identification.ts";
export type { Ipv4Path } from "./ipv4/path.ts";
export { IPV4_OPTIONS, type Ipv4Options, type Ipv4RouteOptions, type Ipv4Settings } from "./ipv4/settings.ts";

/** The group that every host is in (RFC 1112, 4). */
const ALL_HOSTS = 0xe0000001 | 0;
/** ICMP: Destination Unreachable. */
const UNREACHABLE = 3;
/** ICMP: Time Exceeded. */
const TIME_EXCEEDED = 11;
/** ICMP: Parameter Problem. */
const PARAMETER_PROBLEM = 12;
/** Milliseconds for which the fragments of a datagram may arrive. */
const REASSEMBLY_TIME = 30_000;

const FAMILY: IpFamily<Ipv4Address> = {
  version: 4,
  // A largest header, and eight bytes of a fragment (RFC 791, 3.2).
  leastMtu: 68,
  // Below, every packet would be a fragment: as Linux has it.
  leastPathMtu: 552,
  commonPrefix: (a, b) => Math.clz32(a ^ b),
};

/** The IPv4 layer. */
export class Ipv4 extends IpLayer<Ipv4Address, Ipv4Cidr, Ipv4Path> {
  /** What it does and drops. */
  readonly counters: Ipv4Counters = new Ipv4Counters();
  /** The Identification fields. */
  readonly identifications: Identifications;
  readonly #reassembly: Reassembly;

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
    super(core, link, ip, options.ttl, FAMILY);
    this.identifications = new Identifications(() => core.random());
    this.#reassembly = new Reassembly(core, options.reassembly, REASSEMBLY_TIME, "fragments", {
      largest: 65_535,
      same: isSameDatagram,
      reassembled: (packet, header) => {
        packet.setU16(TOTAL_LENGTH, packet.length);
        packet.setU16(FRAGMENTATION, 0);
        writeChecksum(packet, header);
        this.#deliver(packet, header);
      },
      timedOut: (packet) => this.errors?.error(packet, TIME_EXCEEDED, 1, 0),
    });
    this.join(ALL_HOSTS as Ipv4Address);
    for (const address of options.addresses) this.assign(address);
    for (const { target, gateway } of options.routes) this.addRoute(target, gateway);
    core.count("ipv4", this.counters);
  }

  /**
   * Takes an address, and a route to the network it is in.
   *
   * @param cidr The address and its network.
   */
  assign(cidr: Ipv4Cidr): void {
    this.take({ ...cidr });
  }

  /** Finds the address of whom packets for a host are handed to; nobody for 0.0.0.0/8. */
  override nextHop(destination: Ipv4Address): Ipv4Address | null {
    return destination >>> 24 === 0 ? null : super.nextHop(destination);
  }

  /** Finds whom packets for a host are handed to. */
  override neighbour(destination: Ipv4Address): Neighbour | null {
    // Every broadcast goes to all of the link.
    return super.neighbour(!isIpv4Multicast(destination) && this.isMany(destination) ? IPV4_BROADCAST : destination);
  }

  /** Reads an address in text. */
  parse(text: string): Ipv4Address | null {
    return tryParseIpv4(text);
  }

  /** Writes an address. */
  format(address: Ipv4Address): string {
    return formatIpv4(address);
  }

  /** Whether an address names many hosts. */
  isMany(address: Ipv4Address): boolean {
    if (isIpv4Multicast(address) || address === IPV4_BROADCAST) return true;
    for (const own of this.addresses) {
      // The last address of a network of at least four is its broadcast (RFC 1122, 3.2.1.3; RFC 3021).
      if (own.prefix < 31 && address === (own.address | ~own.mask)) return true;
    }
    return false;
  }

  /** An address is its own hash. */
  hash(address: Ipv4Address): number {
    return address;
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

  /** Tells the sender of a received packet that it was in vain. */
  reject(packet: Packet, why: Rejection): void {
    this.errors?.error(packet, UNREACHABLE, why === "port" ? 3 : 2, 0);
  }

  /** Reads one packet. */
  receive(packet: Packet, local: boolean = false): void {
    const { bytes, start: at } = packet;
    const fault = headerFault(packet) ?? (local ? null : addressFault(this, packet));
    if (fault) {
      this.counters[fault]++;
      return;
    }
    packet.ip = this;
    const header = headerLength(bytes, at);
    if (header > IPV4_HEADER) {
      const verdict = walkOptions(bytes, at, header);
      if (verdict === OPTIONS_SOURCE_ROUTE) {
        this.counters.sourceRouted++;
        return;
      }
      if (verdict !== OPTIONS_SOUND) {
        this.counters.badOptions++;
        this.errors?.error(packet, PARAMETER_PROBLEM, 0, verdict);
        return;
      }
    }
    const bits = fragmentBits(bytes, at);
    if ((bits & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0) {
      this.#reassembly.receive(packet, header, (bits & FRAGMENT_OFFSET) << 3, (bits & MORE_FRAGMENTS) !== 0);
    } else this.#deliver(packet, header);
  }

  #deliver(packet: Packet, header: number): void {
    const at = packet.start;
    this.deliver(packet, packet.bytes[at + PROTOCOL]!, at + header);
  }

  /** Sends a packet of ours, whose header has no options, in fragments. */
  fragment(packet: Packet, mtu: number, neighbour: Neighbour): boolean {
    this.counters.fragmented++;
    return transmitFragments(packet, IPV4_HEADER, 0, mtu, neighbour, this.core.pool, (fragment, offset, more) => {
      fragment.setU16(TOTAL_LENGTH, fragment.length);
      fragment.setU16(FRAGMENTATION, offset >> 3 | (more ? MORE_FRAGMENTS : 0));
      writeChecksum(fragment, IPV4_HEADER);
    });
  }

  /** Chooses the address that a host sees (RFC 1122, 3.3.4.3): one in the network of the next hop, or else the first. */
  sourceFor(destination: Ipv4Address, none: boolean): Ipv4Address | null {
    if (this.isLocal(destination)) return destination;
    const broadcast = destination === IPV4_BROADCAST;
    const own = this.addresses;
    // A host that does not know its address yet may ask everybody for one (RFC 2131, 4.1), and tell its groups if it means
    // to (RFC 3376, 4.2.13); one that has none in one network may have one in another.
    if (none && broadcast || own.length === 0) {
      return broadcast || none && isIpv4Multicast(destination) ? 0 as Ipv4Address : null;
    }
    const nextHop = this.nextHop(destination) ?? destination;
    return (own.find(({ address, mask }) => ((nextHop ^ address) & mask) === 0) ?? own[0]!).address;
  }

  /** Whether an address is one of 127.0.0.0/8. */
  protected isLoopback(address: Ipv4Address): boolean {
    return isIpv4Loopback(address);
  }

  /** Whether an address is 0.0.0.0. */
  protected isUnspecified(address: Ipv4Address): boolean {
    return address === 0;
  }

  /** Makes the way to a host. */
  protected way(source: Ipv4Address, destination: Ipv4Address, neighbour: Neighbour): Ipv4Path {
    return new Ipv4Path(this, source, destination, neighbour);
  }

  /** Finds the payload of a packet of ours, or of what is quoted of one. */
  protected quotedProtocol(packet: Packet): number {
    const { bytes, start: at } = packet;
    const header = headerLength(bytes, at);
    if (
      packet.length < IPV4_HEADER || header < IPV4_HEADER || bytes[at]! >> 4 !== 4 ||
      (fragmentBits(bytes, at) & FRAGMENT_OFFSET) !== 0
    ) return -1;
    packet.start += header;
    return bytes[at + PROTOCOL]!;
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
