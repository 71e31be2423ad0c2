/**
 * What the IPv6 layer counts.
 *
 * @module
 */

/** What the IPv6 layer does and drops, by reason. */
export class Ipv6Counters {
  /** Datagrams handed to the protocol above. */
  delivered: number = 0;
  /** Packets that are too short or of another version. */
  malformed: number = 0;
  /** Packets whose payload length cannot be. */
  badLength: number = 0;
  /** Packets whose extension headers or options are malformed or not understood. */
  badHeaders: number = 0;
  /** Packets for another host. */
  foreign: number = 0;
  /** Packets whose source or destination must not appear on a wire. */
  martians: number = 0;
  /** Packets that end with their headers (RFC 8200, 4.7). */
  noNextHeader: number = 0;
  /** Datagrams of a protocol that nobody reads. */
  unknownProtocol: number = 0;
  /** Fragments whose length or place is impossible, or that lack headers (RFC 7112). */
  badFragments: number = 0;
  /** Datagrams sent in fragments. */
  fragmented: number = 0;
}
