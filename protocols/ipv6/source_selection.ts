/**
 * Our addresses, and which of them a host sees (RFC 6724, 5).
 *
 * @module
 */

import { policyOf, scopeOf } from "../../core/address_selection.ts";
import { commonPrefix, type Ipv6Address } from "../../core/ipv6_address.ts";

/** An address of ours. */
export interface Ipv6Assigned {
  /** The address. */
  readonly address: Ipv6Address;
  /** Bits of its network's prefix. */
  readonly prefix: number;
  /** Whether hosts of its network are on our link. */
  readonly onLink: boolean;
  /** Whether it is temporary (RFC 8981), and so preferred for what we begin. */
  readonly temporary: boolean;
  /** Whether it may be used: it is not tentative any more (RFC 4862, 2). */
  usable: boolean;
  /** Whether nothing new should begin from it (RFC 4862, 5.5.4). */
  deprecated: boolean;
}

/**
 * Chooses the address that a host sees.
 *
 * @param own Our addresses.
 * @param destination The host.
 * @returns The best one; null when there is none.
 */
export function selectSource(own: readonly Ipv6Assigned[], destination: Ipv6Address): Ipv6Assigned | null {
  let best: Ipv6Assigned | null = null;
  for (const one of own) if (one.usable && (!best || isBetter(one, best, destination))) best = one;
  return best;
}

/** Rules 1 to 3 and 6 to 8; the others are about mobile hosts and several links. */
function isBetter(x: Ipv6Assigned, y: Ipv6Assigned, destination: Ipv6Address): boolean {
  const same = +x.address.equals(destination) - +y.address.equals(destination);
  if (same) return same > 0;
  const scope = scopeOf(destination);
  const xScope = scopeOf(x.address);
  const yScope = scopeOf(y.address);
  if (xScope !== yScope) return xScope < yScope ? xScope >= scope : yScope < scope;
  if (x.deprecated !== y.deprecated) return y.deprecated;
  const label = policyOf(destination) & 255;
  const labels = +((policyOf(x.address) & 255) === label) - +((policyOf(y.address) & 255) === label);
  if (labels) return labels > 0;
  if (x.temporary !== y.temporary) return x.temporary;
  return shared(x, destination) > shared(y, destination);
}

/** Bits shared, as far as the prefix goes (RFC 6724, 2.2). */
function shared({ address, prefix }: Ipv6Assigned, destination: Ipv6Address): number {
  return Math.min(commonPrefix(address, destination), prefix);
}
