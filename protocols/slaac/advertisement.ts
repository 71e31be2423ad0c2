/**
 * Router advertisements (RFC 4861, 4.2; RFC 4191; RFC 8106): read into objects, for they are rare.
 *
 * @module
 */

import { type Ipv6Address, readIpv6 } from "../../core/ipv6_address.ts";
import { getI32, type Packet } from "../../core/packet.ts";

/** Option: Prefix Information. */
const PREFIX = 3;
/** Option: MTU. */
const MTU = 5;
/** Option: Recursive DNS Server. */
const RDNSS = 25;
/** Option: DNS Search List. */
const DNSSL = 31;

/** A prefix that a router tells of. */
export interface AdvertisedPrefix {
  /** The prefix. */
  readonly prefix: Ipv6Address;
  /** Its bits. */
  readonly length: number;
  /** Whether its hosts are on our link. */
  readonly onLink: boolean;
  /** Whether hosts may make addresses of it. */
  readonly autonomous: boolean;
  /** Milliseconds for which it holds. */
  readonly valid: number;
  /** Milliseconds for which something new may begin from such an address. */
  readonly preferred: number;
}

/** What a router tells. */
export interface Advertisement {
  /** The router. */
  readonly router: Ipv6Address;
  /** Hops that packets may take; 0 when it does not say. */
  readonly hopLimit: number;
  /** Whether DHCPv6 gives addresses. */
  readonly managed: boolean;
  /** Whether DHCPv6 gives other settings. */
  readonly other: boolean;
  /** How much to prefer the router (RFC 4191, 2.1): -1, 0 or 1. */
  readonly preference: number;
  /** Milliseconds for which it is a default router. */
  readonly lifetime: number;
  /** Milliseconds for which an answer of a neighbour is believed; 0 when it does not say. */
  readonly reachable: number;
  /** Milliseconds between two solicitations; 0 when it does not say. */
  readonly retransmit: number;
  /** The MTU of the link; 0 when it does not say. */
  readonly mtu: number;
  /** Prefixes. */
  readonly prefixes: readonly AdvertisedPrefix[];
  /** Resolvers, each with the milliseconds for which it may be asked. */
  readonly servers: readonly (readonly [Ipv6Address, number])[];
  /** Domains in which names are looked for, likewise. */
  readonly search: readonly (readonly [string, number])[];
}

/**
 * Reads a valid advertisement.
 *
 * @param packet The message, its window at the ICMPv6 header.
 * @returns What it tells.
 */
export function readAdvertisement(packet: Packet): Advertisement {
  const { bytes, network, start: at, end } = packet;
  const flags = bytes[at + 5]!;
  const preference = flags >> 3 & 3;
  const prefixes: AdvertisedPrefix[] = [];
  const servers: [Ipv6Address, number][] = [];
  const search: [string, number][] = [];
  let mtu = 0;
  for (let option = at + 16; option < end; option += bytes[option + 1]! << 3) {
    const type = bytes[option]!;
    const next = option + (bytes[option + 1]! << 3);
    const lifetime = seconds(bytes, option + 4);
    if (type === PREFIX && next - option === 32 && bytes[option + 2]! <= 128) {
      prefixes.push({
        prefix: readIpv6(bytes, option + 16),
        length: bytes[option + 2]!,
        onLink: (bytes[option + 3]! & 0x80) !== 0,
        autonomous: (bytes[option + 3]! & 0x40) !== 0,
        valid: lifetime,
        preferred: seconds(bytes, option + 8),
      });
    } else if (type === MTU && next - option === 8) mtu = getI32(bytes, option + 4) >>> 0;
    else if (type === RDNSS) {
      for (let server = option + 8; server + 16 <= next; server += 16) {
        servers.push([readIpv6(bytes, server), lifetime]);
      }
    } else if (type === DNSSL) {
      for (const domain of domains(bytes, option + 8, next)) search.push([domain, lifetime]);
    }
  }
  return {
    router: readIpv6(bytes, network + 8),
    hopLimit: bytes[at + 4]!,
    managed: (flags & 0x80) !== 0,
    other: (flags & 0x40) !== 0,
    preference: preference === 1 ? 1 : preference === 3 ? -1 : 0,
    lifetime: (bytes[at + 6]! << 8 | bytes[at + 7]!) * 1000,
    reachable: getI32(bytes, at + 8) >>> 0,
    retransmit: getI32(bytes, at + 12) >>> 0,
    mtu,
    prefixes,
    servers,
    search,
  };
}

/** Reads a lifetime, in milliseconds: all ones mean that it never ends. */
function seconds(bytes: Uint8Array, at: number): number {
  const value = getI32(bytes, at);
  return value === -1 ? Infinity : (value >>> 0) * 1000;
}

/** Reads the names of a search list (RFC 1035, 3.1, without compression); padding of zeros follows them. */
function domains(bytes: Uint8Array, at: number, end: number): string[] {
  const list: string[] = [];
  let labels: string[] = [];
  while (at < end) {
    const length = bytes[at++]!;
    if (length === 0) {
      if (labels.length > 0) list.push(labels.join("."));
      labels = [];
      continue;
    }
    if (length > 63 || at + length > end) break;
    const label = String.fromCharCode(...bytes.subarray(at, at + length));
    // What is no host's name is no domain to look in.
    if (!/^[\w-]+$/.test(label)) break;
    labels.push(label);
    at += length;
  }
  return list;
}
