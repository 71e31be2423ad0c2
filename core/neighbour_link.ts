/**
 * IP packets to the neighbours on a link whose link-layer addresses have to be asked for: what ARP and NDP have in common.
 *
 * @module
 */

import { Claim, type ClaimUser, type Dad } from "./claim.ts";
import type { Link, LinkReceiver, Neighbour } from "./driver.ts";
import { type IpAddress, sameAddress } from "./ip.ts";
import type { CachedNeighbour, NeighbourWay } from "./neighbour.ts";
import { NeighbourCache, type NeighbourCounters, type NeighbourUser } from "./neighbour_cache.ts";
import type { Packet } from "./packet.ts";
import type { Core } from "./protocol.ts";
import { fraction } from "./random.ts";

/** What such a link counts. */
export class NeighbourLinkCounters implements NeighbourCounters {
  /** Messages that make no sense. */
  malformed: number = 0;
  /** Messages of hosts that use an address of ours. */
  conflicts: number = 0;
  /** Packets dropped because too many wait already. */
  overflow: number = 0;
  /** Packets dropped because their neighbour did not answer. */
  unreachable: number = 0;
  /** Neighbours dropped to make room. */
  evicted: number = 0;
}

/**
 * How to make such a link.
 *
 * @typeParam A The addresses of its family.
 */
export interface NeighbourLinkOptions<A> {
  /** Neighbours kept at once; 512 when left out. */
  readonly neighbours?: number;
  /** Packets that wait for one neighbour's answer; 64 when left out, which the largest datagram fits into. */
  readonly queue?: number;
  /** Hears that another host uses an address of ours: the address, and the host's MAC address in text. */
  readonly onConflict?: (address: A, mac: string) => void;
}

/**
 * A link to neighbours.
 *
 * @typeParam A The addresses of its family.
 * @typeParam W The way to a host.
 */
export abstract class NeighbourLink<A extends IpAddress, W extends NeighbourWay>
  implements Link<A>, NeighbourUser<A, W>, ClaimUser<A> {
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** What it does and drops. */
  abstract readonly counters: NeighbourLinkCounters;
  /** Milliseconds for which an answer is believed. */
  lifetime: number;
  /** Milliseconds between two requests. */
  retransmit: number = 1000;
  /** Whether entries in use become stale before they are asked for. */
  abstract readonly patient: boolean;
  /** Questions for an address of ours. */
  abstract readonly questions: number;
  /** Milliseconds between two of them. */
  abstract readonly interval: number;
  /** Milliseconds after the last, and between two announcements. */
  abstract readonly wait: number;
  /** Announcements of an address of ours. */
  abstract readonly announcements: number;
  /** The core. */
  protected readonly core: Core;
  /** The neighbours. */
  protected readonly cache: NeighbourCache<A, W>;
  /** Our addresses, and those that are to be. */
  protected readonly claims: Claim<A>[] = [];
  /** Who reads the packets. */
  protected receiver: LinkReceiver | null = null;
  readonly #options: NeighbourLinkOptions<A>;

  /**
   * Starts the link.
   *
   * @param core The core.
   * @param mtu Bytes of the largest packet.
   * @param lifetime Milliseconds for which an answer is believed.
   * @param options Limits, checked already.
   */
  constructor(core: Core, mtu: number, lifetime: number, options: NeighbourLinkOptions<A>) {
    this.core = core;
    this.mtu = mtu;
    this.lifetime = lifetime;
    this.#options = options;
    this.cache = new NeighbourCache(core, this, options.neighbours ?? 512, options.queue ?? 64);
  }

  /** Names who reads the packets, and who hears that a neighbour does not answer. */
  attach(receiver: LinkReceiver): void {
    this.receiver = receiver;
  }

  /** Answers for an address from now on, or once nobody else does. */
  claim(address: A): boolean {
    return (this.claimOf(address) ??
      this.take(address, this.dad, false, (ours) => this.receiver?.claimed?.(address, ours))).usable;
  }

  /** Answers for an address no more. */
  release(address: A): void {
    const claim = this.claimOf(address);
    claim?.end();
    if (claim) this.claims.splice(this.claims.indexOf(claim), 1);
  }

  /** Hears that a packet is lost, for its neighbour did not answer. */
  unreachable(packet: Packet): void {
    this.receiver?.unreachable(packet);
  }

  /** Claims an address that is not claimed yet. */
  protected take(address: A, dad: Dad, yields: boolean, done: (ours: boolean) => void): Claim<A> {
    const claim = new Claim(this.core, this, address, dad, (ours) => {
      if (!ours) this.release(address);
      done(ours);
    }, yields);
    this.claims.push(claim);
    return claim;
  }

  /** Finds the claim of an address. */
  protected claimOf(address: A): Claim<A> | undefined {
    return this.claims.find((claim) => sameAddress(claim.address, address));
  }

  /** Another host uses an address of ours, or wants it. */
  protected conflict(claim: Claim<A>, mac: string): void {
    this.counters.conflicts++;
    claim.conflict();
    try {
      this.#options.onConflict?.(claim.address, mac);
    } catch (error) {
      this.core.report(error);
    }
  }

  /** A random fraction. */
  protected fraction(): number {
    return fraction(() => this.core.random());
  }

  /** How an address is asked for before it is used. */
  protected abstract readonly dad: Dad;
  /** Asks for an entry's address: everybody, or its host alone where that is known. */
  abstract ask(entry: CachedNeighbour<A, W>): void;
  /** Asks everybody whether another host has an address. */
  abstract inquire(claim: Claim<A>): void;
  /** Tells everybody that an address is ours. */
  abstract announce(claim: Claim<A>): void;
  /** Finds the way to a neighbour. */
  abstract neighbour(nextHop: A): Neighbour;
  /** Lets packets for a group through. */
  abstract join(group: A): void;
  /** Lets packets for a group through no more. */
  abstract leave(group: A): void;
}
