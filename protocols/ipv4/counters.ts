/**
 * What the IPv4 layer counts.
 *
 * @module
 */

import { IpCounters } from "../../core/ip_family.ts";

/** What the IPv4 layer does and drops, by reason. */
export class Ipv4Counters extends IpCounters {
  /** Packets whose header's checksum is wrong. */
  badChecksum: number = 0;
  /** Packets with options that are malformed. */
  badOptions: number = 0;
  /** Packets that ask for a router path, dropped (RFC 7126). */
  sourceRouted: number = 0;
}
