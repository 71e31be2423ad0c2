/**
 * What the IPv6 layer counts.
 *
 * @module
 */

import { IpCounters } from "../../core/ip_family.ts";

/** What the IPv6 layer does and drops, by reason. */
export class Ipv6Counters extends IpCounters {
  /** Packets whose extension headers or options are malformed or not understood. */
  badHeaders: number = 0;
  /** Packets that end with their headers (RFC 8200, 4.7). */
  noNextHeader: number = 0;
  /** Fragments whose length or place is impossible, or that lack headers (RFC 7112). */
  badFragments: number = 0;
}
