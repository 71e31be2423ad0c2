/**
 * What the IPv4 layer counts.
 *
 * @module
 */

/** What the IPv4 layer does and drops, by reason. */
export class Ipv4Counters {
  /** Datagrams handed to the protocol above. */
  delivered: number = 0;
  /** Packets that are too short or of another version. */
  malformed: number = 0;
  /** Packets whose total length cannot be. */
  badLength: number = 0;
  /** Packets whose header's checksum is wrong. */
  badChecksum: number = 0;
  /** Packets with options that are malformed. */
  badOptions: number = 0;
  /** Packets that ask for a router path, dropped (RFC 7126). */
  sourceRouted: number = 0;
  /** Packets for another host. */
  foreign: number = 0;
  /** Packets whose source or destination must not appear on a wire. */
  martians: number = 0;
  /** Datagrams of a protocol that nobody reads. */
  unknownProtocol: number = 0;
  /** Datagrams sent in fragments. */
  fragmented: number = 0;
}
