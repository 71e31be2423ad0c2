/**
 * What an IP layer is told of its family, and who hears from it.
 *
 * @module
 */

import type { Packet } from "./packet.ts";
import type { IpPrefix } from "./routes.ts";

/**
 * An address of ours and its network.
 *
 * @typeParam A The addresses of its family.
 */
export interface IpAssigned<A> extends IpPrefix<A> {
  /** Whether hosts of its network are on our link; they are when left out. */
  readonly onLink?: boolean;
  /** Whether it may be used; it may when left out. */
  usable?: boolean;
}

/** What a layer does and drops, by reason, in both families. */
export class IpCounters {
  /** Datagrams handed to the protocol above. */
  delivered: number = 0;
  /** Packets that are too short or of another version. */
  malformed: number = 0;
  /** Packets whose length cannot be. */
  badLength: number = 0;
  /** Packets for another host. */
  foreign: number = 0;
  /** Packets whose source or destination must not appear on a wire. */
  martians: number = 0;
  /** Datagrams of a protocol that nobody reads. */
  unknownProtocol: number = 0;
  /** Datagrams sent in fragments. */
  fragmented: number = 0;
}

/**
 * What tells a family from the other.
 *
 * @typeParam A Its addresses.
 */
export interface IpFamily<A> {
  /** The version. */
  readonly version: 4 | 6;
  /** Bytes of the least MTU of a link. */
  readonly leastMtu: number;
  /** Bytes below which the MTU of a way is not believed. */
  readonly leastPathMtu: number;
  /** Counts the first bits that two addresses share. */
  readonly commonPrefix: (a: A, b: A) => number;
}

/** Tells senders what was wrong with their packets: ICMP. */
export interface IpErrors {
  /**
   * Sends an error about a received packet, unless that must not be answered.
   *
   * @param packet The packet, `network` set; its window ends where the packet does.
   * @param type The ICMP type.
   * @param code The ICMP code.
   * @param pointer Which byte of the packet is wrong, from its header on; only for a parameter problem.
   */
  error(packet: Packet, type: number, code: number, pointer: number): void;
}

/**
 * Hears what changes in an IP layer.
 *
 * @typeParam A The addresses of its family.
 */
export interface IpObserver<A> {
  /** Hears that our addresses are others. */
  addressed?(): void;
  /**
   * Hears that an address may be used, or that another host turned out to have it.
   *
   * @param address The address.
   * @param ours Whether it may be used.
   */
  claimed?(address: A, ours: boolean): void;
  /**
   * Hears that a group was joined for the first time, or left for the last.
   *
   * @param group The group.
   * @param joined Whether it was joined.
   */
  grouped?(group: A, joined: boolean): void;
  /**
   * Hears that a neighbour does not answer.
   *
   * @param destination Whom a packet was for that is lost by this.
   */
  unreachable?(destination: A): void;
}
