/**
 * Drivers: where packets enter and leave a stack; and plugins, which wrap them.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Packet } from "./packet.ts";

/** What a driver carries: whole Ethernet frames, or bare IP packets. */
export type Medium = "ethernet" | "ip";

/** What a driver does for the stack that the stack would do itself otherwise. Upper layers read it once, at their start. */
export interface Offload {
  /** The driver sets {@linkcode Packet.verified} on packets whose transport checksum it vouches for. */
  readonly receiveChecksum: boolean;
  /** The driver finishes the transport checksum of a packet on which the layer sets {@linkcode Packet.verified}. */
  readonly transmitChecksum: boolean;
  /**
   * Bytes of the largest packet that the driver cuts into TCP segments, of {@linkcode Packet.segment} bytes of data each, or
   * hands up uncut (TSO, GRO), with all its headers; 0 where it does neither. UDP datagrams may come joined too.
   */
  readonly segmentation: number;
}

/** What a driver without offloads says. */
export const NO_OFFLOAD: Offload = { receiveChecksum: false, transmitChecksum: false, segmentation: 0 };

/** A source and sink of packets. Everything but `wait` returns at once, and nothing throws. */
export interface Driver<M extends Medium = Medium> {
  /** Its name in messages and captures. */
  readonly name: string;
  /** What it carries. */
  readonly medium: M;
  /** Bytes of the largest packet it carries, without the Ethernet header. */
  readonly mtu: number;
  /** What it does for the stack. */
  readonly offload: Offload;
  /**
   * Fills an empty packet with the next one received, from {@linkcode HEADROOM} on.
   *
   * @param packet The packet, just reset.
   * @returns False when there is none.
   */
  receive(packet: Packet): boolean;
  /**
   * Sends a packet's window; the packet is the caller's again when this returns, its bytes as they were but for a checksum
   * that the driver finishes.
   *
   * @param packet The packet.
   * @returns False when it was dropped.
   */
  transmit(packet: Packet): boolean;
  /** Packets that `transmit` takes now before it drops; infinity where the outside sets no limit. */
  room(): number;
  /** Ends a turn: what was sent in it goes out now. */
  flush(): void;
  /**
   * Tells when the driver wants a turn without anybody's doing: a packet that it holds back becomes receivable then, or
   * goes out with the `flush` of that turn. The loop asks at the end of every turn and is back in time, so that virtual time
   * knows where to go. A driver that holds nothing back leaves it out.
   *
   * @returns The time, in the clock's milliseconds: now or earlier when it is due, infinity when nothing is held back.
   */
  next?(): number;
  /**
   * Lets only packets through that a program of classic BPF takes (Linux, Documentation/networking/filter.rst), in place of
   * the program before: what it returns 0 for is dropped where nobody is woken for it. A driver that knows no such place
   * leaves it out.
   *
   * @param program Its instructions, 8 bytes each, a `struct sock_filter` of this host: at most 4096. Offsets count from the
   * start of the frame. Without any, all packets come through again.
   * @returns Whether the program is in force; where it is not, all packets come through.
   */
  filter?(program: Uint8Array): boolean;
  /** What it counts, in numeric fields: `net.counters()` shows them as those of `"driver"`. */
  readonly counters?: object;
  /**
   * Waits until there is a packet to receive, room to send again after there was none, or `ms` have passed, or `wake` is
   * called. One wait at a time.
   *
   * @param ms Milliseconds, 0 to infinity.
   */
  wait(ms: number): Promise<void>;
  /** Ends a wait that is under way, now; does nothing where none is. */
  wake(): void;
  /** Lets go of the device and ends a wait that is under way; calling it again does nothing. */
  close(): void;
}

/**
 * Wraps a driver, to watch or change what passes. A plugin that wants the stack's time or randomness takes it from
 * `context`.
 */
export type Plugin = <M extends Medium>(driver: Driver<M>, context: PluginContext) => Driver<M>;

/** What a stack lends to its plugins. */
export interface PluginContext {
  /** The time's source; inside a turn `now()` is cheaper and stands still. */
  readonly clock: Clock;
  /** The time, in milliseconds: of this turn inside one, the clock's outside. */
  now(): number;
  /** Random 32 bits, as an int32; seeded in a replay. */
  random(): number;
  /**
   * Publishes counters, so that `net.counters()` shows them.
   *
   * @param owner Whose, such as `"impair"`.
   * @param counters An object whose numeric fields count.
   */
  count(owner: string, counters: object): void;
}

/** Takes the packets that come up from a layer. */
export interface Receiver {
  /**
   * Reads one packet.
   *
   * @param packet The packet, its window at the receiver's own header; lent until this returns.
   */
  receive(packet: Packet): void;
}

/** Ethernet frames in and out: what a driver for frames gives. */
export interface Wire {
  /** Bytes of the largest payload of a frame. */
  readonly mtu: number;
  /** Sends one frame; false when it was dropped. The packet is the caller's again when this returns. */
  transmit(packet: Packet): boolean;
  /** Names who reads the frames. */
  attach(receiver: Receiver): void;
}

/**
 * IP packets to neighbours: what ARP gives for IPv4 and NDP for IPv6, or a driver for bare IP packets.
 *
 * @typeParam A The addresses of its family.
 */
export interface Link<A> {
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** Names who reads the packets, and who hears that a neighbour does not answer. */
  attach(receiver: LinkReceiver): void;
  /**
   * Answers for an address from now on.
   *
   * @param address One of ours.
   * @returns Whether it may be used at once; otherwise {@linkcode LinkReceiver.claimed} tells when.
   */
  claim(address: A): boolean;
  /**
   * Answers for an address no more.
   *
   * @param address The address.
   */
  release(address: A): void;
  /**
   * Finds the way to a neighbour; looked up once for a connection, not once for a packet.
   *
   * @param nextHop The neighbour, or a broadcast or multicast address.
   * @returns Its entry, which may be evicted: ask again once `live` is false.
   */
  neighbour(nextHop: A): Neighbour;
  /**
   * Lets packets for a group through.
   *
   * @param group A multicast address.
   */
  join(group: A): void;
  /**
   * Lets packets for a group through no more.
   *
   * @param group A multicast address.
   */
  leave(group: A): void;
}

/** Reads IP packets that come from a link. */
export interface LinkReceiver extends Receiver {
  /**
   * Hears that a neighbour did not answer, so that a packet for it was dropped.
   *
   * @param packet The packet, its window at the network header; lent until this returns.
   */
  unreachable(packet: Packet): void;
  /**
   * Hears what became of an address that was claimed; a receiver that does not care leaves it out.
   *
   * @param address The address.
   * @param ours Whether it may be used: false when another host has it, so that the link answers for it no more.
   */
  claimed?(address: unknown, ours: boolean): void;
}

/** A host on the same link. */
export interface Neighbour {
  /** Whether the entry is still in use. */
  readonly live: boolean;
  /**
   * Sends a packet to it, asking for its address first where that is not known.
   *
   * @param packet The packet, its window at the network header; the caller's again when this returns.
   * @returns False when it was dropped.
   */
  transmit(packet: Packet): boolean;
  /**
   * Hears from above that the neighbour forwards what it gets, or that it seems not to (RFC 4861, 7.3.1). A link that does
   * not care leaves it out.
   *
   * @param reachable Whether packets arrive.
   */
  advise?(reachable: boolean): void;
}
