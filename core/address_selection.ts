/**
 * Which of several addresses to prefer, for both families (RFC 6724).
 *
 * @module
 */

import type { Ip, IpAddress } from "./ip.ts";
import { commonPrefix, Ipv6Address } from "./ipv6_address.ts";

/** Scope of addresses that are known on one link only (RFC 4007, 5). */
export const SCOPE_LINK = 2;
/** Scope of addresses that are known everywhere. */
export const SCOPE_GLOBAL = 14;

/**
 * Tells the scope of an address (RFC 6724, 3.1 and 3.2).
 *
 * @param address The address; one of IPv4 as an IPv4-mapped one.
 * @returns The scope: 1 interface, 2 link, 5 site, 8 organization, 14 global.
 */
export function scopeOf({ a, b, c, d }: Ipv6Address): number {
  if (a >>> 24 === 255) return a >>> 16 & 15;
  if (a >>> 22 === 0x3fa || a === 0 && b === 0 && c === 0 && d === 1) return SCOPE_LINK;
  if (a >>> 22 === 0x3fb) return 5;
  if (a === 0 && b === 0 && c === 0xffff && (d >>> 24 === 127 || d >>> 16 === 0xa9fe)) return SCOPE_LINK;
  return SCOPE_GLOBAL;
}

/**
 * Looks an address up in the default policy table (RFC 6724, 2.1).
 *
 * @param address The address; one of IPv4 as an IPv4-mapped one.
 * @returns Its label in the low 8 bits, its precedence above them.
 */
export function policyOf({ a, b, c, d }: Ipv6Address): number {
  if (a === 0 && b === 0) {
    if (c === 0xffff) return 35 << 8 | 4;
    if (c === 0) return d === 1 ? 50 << 8 : 1 << 8 | 3;
  }
  if (a >>> 25 === 0x7e) return 3 << 8 | 13;
  const high = a >>> 16;
  if (high === 0x2002) return 30 << 8 | 2;
  if (a === 0x20010000) return 5 << 8 | 5;
  if (high === 0x3ffe) return 1 << 8 | 12;
  return a >>> 22 === 0x3fb ? 1 << 8 | 11 : 40 << 8 | 1;
}

/**
 * Tells how good an address is to send to (RFC 6724, 6): rules 1, 2, 3, 5, 6, 8 and 9, the first in the highest bits. 4 and 7
 * are about mobile hosts and tunnels, and 10 is that who sorts leaves the order of equal ones.
 *
 * @param destination The address.
 * @param source Which of our addresses it would see; null where no way leads there.
 * @param deprecated Whether that one is deprecated (RFC 4862, 5.5.4).
 * @returns The greater the better, at least 0 and below 2^22.
 */
export function rankOf(destination: IpAddress, source: IpAddress | null, deprecated: boolean = false): number {
  const to = mapped(destination);
  const from = source === null ? null : mapped(source);
  const policy = policyOf(to);
  const scope = scopeOf(to);
  const sameScope = from !== null && scopeOf(from) === scope;
  const sameLabel = from !== null && (policyOf(from) & 255) === (policy & 255);
  // The identifiers of interfaces share bits by chance only.
  const prefix = from === null ? 0 : Math.min(commonPrefix(from, to), typeof destination === "number" ? 128 : 64);
  const rules = +(from !== null) << 3 | +sameScope << 2 | +!deprecated << 1 | +sameLabel;
  // Those of equal precedence are of one family, so that their prefixes compare.
  return ((rules << 6 | policy >> 8) << 4 | 15 - scope) << 8 | prefix;
}

/**
 * Tells how good an address is to send to from a stack.
 *
 * @param ip The IP layer.
 * @param destination The address.
 * @param isDeprecated Whether an address of ours is deprecated.
 * @returns As {@linkcode rankOf}.
 */
export function rankFor(ip: Ip, destination: IpAddress, isDeprecated: (source: IpAddress) => boolean): number {
  const path = ip.networkOf(destination)?.path(destination, null) ?? "ENETUNREACH";
  return typeof path === "string"
    ? rankOf(destination, null)
    : rankOf(destination, path.source, isDeprecated(path.source));
}

/** An IPv4 address as an IPv4-mapped one (RFC 4291, 2.5.5.2). */
function mapped(address: IpAddress): Ipv6Address {
  return typeof address === "number" ? new Ipv6Address(0, 0, 0xffff, address) : address;
}
