/**
 * What the protocols above IP see of it, whichever family carries them: written once, they serve IPv4, IPv6 or both.
 *
 * @module
 */

import type { Ipv4Address } from "./ipv4_address.ts";
import type { Ipv6Address } from "./ipv6_address.ts";
import type { NetErrorCode } from "./net_error.ts";
import type { Packet } from "./packet.ts";

/** IP protocol number of ICMP. */
export const PROTOCOL_ICMP = 1;
/** IP protocol number of TCP. */
export const PROTOCOL_TCP = 6;
/** IP protocol number of UDP. */
export const PROTOCOL_UDP = 17;
/** IP protocol number of ICMPv6. */
export const PROTOCOL_ICMPV6 = 58;

/** An address of either family. */
export type IpAddress = Ipv4Address | Ipv6Address;

/**
 * Tells a multicast address of either family.
 *
 * @param address The address.
 * @returns Whether it names a group.
 */
export function isGroup(address: IpAddress): boolean {
  return typeof address === "number" ? address >>> 28 === 14 : address.a >>> 24 === 255;
}

/**
 * Tells the group that every host on a link is in: 224.0.0.1 or ff02::1.
 *
 * @param address The address.
 * @returns Whether it is that group's.
 */
export function isAllNodes(address: IpAddress): boolean {
  return typeof address === "number"
    ? address === (0xe0000001 | 0)
    : address.a === (0xff020000 | 0) && (address.b | address.c) === 0 && address.d === 1;
}

/**
 * Compares two addresses of either family.
 *
 * @param a One address.
 * @param b The other.
 * @returns Whether they are the same.
 */
export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a === b || typeof a === "object" && typeof b === "object" && a.equals(b);
}

/** Why a packet that was sent did not arrive, as an ICMP message or the link tells it. */
export interface IpFault {
  /** What it means to a socket. */
  readonly code: NetErrorCode;
  /** Whether trying again is hopeless (RFC 1122, 4.2.3.9). */
  readonly hard: boolean;
  /** The MTU of the next hop, where the packet was too big for it; 0 otherwise. */
  readonly mtu: number;
  /** The same in words, such as `"port unreachable"`. */
  readonly message: string;
  /** Who says so, where that was a host or a router; the link when left out. */
  readonly from?: IpAddress;
}

/** Reads the datagrams of one IP protocol. */
export interface IpReceiver {
  /**
   * Reads one datagram, whose `packet.ip`, `packet.network` and `packet.transport` are set.
   *
   * @param packet The datagram, its window the payload of IP; lent until this returns.
   */
  receive(packet: Packet): void;
  /**
   * Hears that a datagram sent did not arrive.
   *
   * @param packet The start of that datagram: its window begins at our transport header, of which at least 8 bytes are
   * there, and `packet.network` is where its IP header lies; lent until this returns.
   * @param fault What happened.
   */
  fault?(packet: Packet, fault: IpFault): void;
}

/** What is wrong with a received datagram, for the ICMP error about it. */
export type Rejection = "protocol" | "port";

/** One IP protocol, version 4 or 6. */
export interface Network {
  /** The version. */
  readonly family: 4 | 6;
  /** Reads an address in text; null when it is none of this family. */
  parse(text: string): IpAddress | null;
  /** Writes an address of this family. */
  format(address: IpAddress): string;
  /** Whether packets for an address end here: one of ours. */
  isLocal(address: IpAddress): boolean;
  /** Whether an address names many hosts: a broadcast or a group. */
  isMany(address: IpAddress): boolean;
  /**
   * Finds the way to a host.
   *
   * @param destination The host.
   * @param source Which of our addresses it sees; chosen by the route when null.
   * @returns The way, or what forbids it: `ENETUNREACH` without a route, `EADDRNOTAVAIL` without an address.
   */
  path(destination: IpAddress, source: IpAddress | null): Path | NetErrorCode;
  /**
   * Finds the way back to where a received packet came from, from the address it was sent to.
   *
   * @param packet The packet.
   * @returns The way; null where none leads there or the source address is none that may be answered.
   */
  pathBack(packet: Packet): Path | null;
  /** The source address of a received packet. */
  source(packet: Packet): IpAddress;
  /** The destination address of a received packet. */
  destination(packet: Packet): IpAddress;
  /** A hash of the source address of a received packet: an int32. */
  sourceHash(packet: Packet): number;
  /** A hash of the destination address of a packet of ours that an error quotes: an int32, as {@linkcode Path.hash}. */
  destinationHash(packet: Packet): number;
  /** The sum of the pseudo-header's addresses of a received packet, at most 2^20, to which length and protocol are added. */
  addressSum(packet: Packet): number;
  /**
   * Joins a group.
   *
   * @param group A multicast address.
   */
  join(group: IpAddress): void;
  /**
   * Leaves a group.
   *
   * @param group A multicast address.
   */
  leave(group: IpAddress): void;
  /**
   * Tells the sender of a received packet that it was in vain, where an ICMP protocol is there to say so.
   *
   * @param packet The packet, `network` and `transport` set.
   * @param why What is missing.
   */
  reject(packet: Packet, why: Rejection): void;
}

/** The way from one of our addresses to a host; made once for a connection. */
export interface Path {
  /** The IP protocol that goes it. */
  readonly network: Network;
  /** Our address. */
  readonly source: IpAddress;
  /** The host's address. */
  readonly destination: IpAddress;
  /** A hash of the host's address: an int32. */
  readonly hash: number;
  /** The sum of the pseudo-header's addresses, at most 2^20. */
  readonly addressSum: number;
  /** Bytes of the largest payload of IP that goes through unfragmented (RFC 9293's MMS_S); may shrink and grow. */
  readonly mms: number;
  /** Hops that packets may take, 1 to 255 (RFC 9293, MUST-49). */
  ttl: number;
  /** The Traffic Class or TOS byte: DSCP and ECN (RFC 9293, MUST-48). */
  trafficClass: number;
  /** Whether routers may not fragment what goes this way; senders that fit their segments to `mms` set it. */
  dontFragment: boolean;
  /** Whether what goes to a broadcast or a group also comes to our own listeners; false at first. */
  loop: boolean;
  /** Whether a received packet came this way back: from the host to our address. */
  matches(packet: Packet): boolean;
  /** Whether a packet of ours that an error quotes went this way. */
  quoted(packet: Packet): boolean;
  /**
   * Sends a payload, in fragments where it is larger than `mms` and `dontFragment` is false.
   *
   * @param packet The payload; the caller's again when this returns, its window moved.
   * @param protocol Its IP protocol number.
   * @returns False when it was dropped.
   */
  transmit(packet: Packet, protocol: number): boolean;
  /**
   * Hears that packets arrive (an acknowledgement came), so that a neighbour need not be asked again (RFC 4861, 7.3.1), or
   * that they do not (RFC 9293, MUST-20: advice to find another way).
   */
  advise(reachable: boolean): void;
  /**
   * Hears of a smaller MTU, from the transport that believes the fault which tells it (RFC 1191; RFC 5927, 7): `mms` of
   * every path to the host shrinks, and grows again after ten minutes.
   *
   * @param mtu Bytes of the largest packet that goes through, {@linkcode IpFault.mtu}.
   */
  limit(mtu: number): void;
}

/** Which addresses of a name are wanted. */
export interface LookupOptions {
  /** Only those of this IP version; those of every family that the stack has when left out. */
  readonly family?: 4 | 6;
}

/** Finds the addresses of names, for every layer that takes a host: `dns()` is one. */
export interface Resolver {
  /**
   * Looks a name up.
   *
   * @param name The name, or an address in text.
   * @param options Which addresses are wanted.
   * @returns Its addresses in text, the best first; at least one.
   * @throws {NetError} `ENOTFOUND` when there are none, `ETIMEDOUT` when nobody answers, ….
   */
  lookup(name: string, options?: LookupOptions): Promise<string[]>;
  /**
   * Looks a name up, and tries its addresses, several at a time where the first are slow (RFC 8305).
   *
   * @typeParam T What a successful attempt gives.
   * @param name The name, or an address in text.
   * @param attempt Tries one address, in text; its signal aborts once another one has succeeded.
   * @param signal Gives up.
   * @returns What the first attempt that succeeded gave.
   * @throws {NetError} As `lookup`, or what the last attempt threw.
   */
  connect<T>(
    name: string,
    attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

/** Whom to ask for names, as the network told. */
export interface NameServers {
  /** The servers, in text, the preferred one first. */
  readonly servers: readonly string[];
  /** The domains in which names without a dot are looked for. */
  readonly search: readonly string[];
}

/** The IP layer of a stack: one network or two, and the protocols above them. */
export class Ip {
  /** The networks, in the order in which they were listed. */
  readonly networks: Network[] = [];
  /** Who finds the addresses of names; null when nobody does. */
  resolver: Resolver | null = null;
  /** How good a destination is, the greater the better (RFC 6724, 6); null where there is but one family. */
  rank: ((destination: IpAddress) => number) | null = null;
  /** Whom to ask for names, by who told: `"dhcp"`, `"ndp"`, …. */
  readonly nameServers: Map<string, NameServers> = new Map();
  readonly #receivers: (IpReceiver | null)[] = new Array(256).fill(null);

  /**
   * Names who reads an IP protocol.
   *
   * @param protocol Its number, 0 to 255.
   * @param receiver Who reads it.
   */
  attach(protocol: number, receiver: IpReceiver): void {
    this.#receivers[protocol] = receiver;
  }

  /**
   * Finds who reads an IP protocol.
   *
   * @param protocol Its number, 0 to 255.
   * @returns Who reads it; null when nobody does.
   */
  receiver(protocol: number): IpReceiver | null {
    return this.#receivers[protocol]!;
  }

  /**
   * Reads an address of any family that the stack has.
   *
   * @param text The text; an IPv6 address may stand in brackets.
   * @returns The address and its network; null when it is none.
   */
  parse(text: string): { readonly network: Network; readonly address: IpAddress } | null {
    const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
    for (const network of this.networks) {
      const address = network.parse(bare);
      if (address !== null) return { network, address };
    }
    return null;
  }

  /**
   * Finds the network of an address.
   *
   * @param address The address.
   * @returns Its network; undefined where the stack has none of its family.
   */
  networkOf(address: IpAddress): Network | undefined {
    const family = typeof address === "number" ? 4 : 6;
    return this.networks.find((network) => network.family === family);
  }
}
