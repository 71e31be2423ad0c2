/**
 * One entry of the ARP cache, with the states of neighbour unreachability detection (RFC 4861, 7.3, which fits ARP as well).
 *
 * @module
 */

import type { Neighbour } from "../../core/driver.ts";
import type { Ipv4Address } from "../../core/ipv4_address.ts";
import type { Packet } from "../../core/packet.ts";
import { Timer } from "../../core/timers.ts";
import type { EthernetPath } from "../ethernet.ts";

/** Milliseconds between two requests. */
const RETRANSMIT = 1000;
/** Requests without an answer before giving up. */
const REQUESTS = 3;
/** Milliseconds for which an upper layer may confirm a stale entry before it is asked for. */
const DELAY_FIRST_PROBE = 5000;
/** Milliseconds after which a stale entry that nobody uses is forgotten. */
const STALE_LIFETIME = 60_000;
/** Milliseconds for which sends to a host that did not answer fail at once. */
const FAILED_LIFETIME = 1000;

/** The state of an entry. */
export type ArpState = "incomplete" | "reachable" | "stale" | "delay" | "probe" | "failed";

/** What entries need of the layer they belong to. */
export interface ArpCache {
  /** Milliseconds for which an answer is believed. */
  readonly lifetime: number;
  /** The time, in milliseconds. */
  now(): number;
  /** Arms a timer of an entry so many milliseconds from now. */
  arm(timer: Timer, delay: number): void;
  /** Asks for an entry's address: everybody, or its host alone where that is known. */
  ask(entry: ArpNeighbour): void;
  /** Copies a packet to the queue of an entry. */
  enqueue(entry: ArpNeighbour, packet: Packet): boolean;
  /** Sends the packets of an entry's queue, or tells the layer above that they are lost. */
  flush(entry: ArpNeighbour): void;
  /** Drops an entry. */
  forget(entry: ArpNeighbour): void;
}

/** A host on the link. */
export class ArpNeighbour implements Neighbour {
  /** Its address. */
  readonly address: Ipv4Address;
  /** Whether the entry is still in the cache. */
  live: boolean = true;
  /** Its state. */
  state: ArpState = "incomplete";
  /** Whether anything was sent to it since it was last confirmed. */
  used: boolean = false;
  /** The way to it; null while its MAC address is not known. */
  path: EthernetPath | null = null;
  /** Packets that wait for its MAC address. */
  readonly queue: Packet[] = [];
  /** Which of our addresses asks for it. */
  asker: number = 0;
  readonly #cache: ArpCache;
  readonly #timer: Timer = new Timer(() => this.#expire());
  #asked: number = 0;
  /** When it was last known to be reachable, or to have failed. */
  #confirmed: number = 0;

  /**
   * Makes an entry about which nothing is known.
   *
   * @param cache The cache it stands in.
   * @param address The host's address.
   */
  constructor(cache: ArpCache, address: Ipv4Address) {
    this.#cache = cache;
    this.address = address;
  }

  /** Sends a packet to it, or queues it until its MAC address is known. */
  transmit(packet: Packet): boolean {
    this.used = true;
    if (this.state === "reachable") return this.path!.transmit(packet);
    if (this.path) {
      if (this.state === "stale") this.#enter("delay", DELAY_FIRST_PROBE);
      return this.path.transmit(packet);
    }
    const queued = this.#cache.enqueue(this, packet);
    if (this.state === "failed") this.#cache.arm(this.#timer, 0);
    else if (this.#asked === 0) this.#ask("incomplete");
    return queued;
  }

  /**
   * Takes up what a message says about it.
   *
   * @param path The way to it.
   * @param solicited Whether that answers a request of ours.
   */
  learn(path: EthernetPath, solicited: boolean): void {
    const changed = path !== this.path;
    this.path = path;
    if (solicited) this.advise(true);
    else if (changed) this.#enter("stale", STALE_LIFETIME);
    this.#cache.flush(this);
  }

  /** Hears from above whether packets arrive. */
  advise(reachable: boolean): void {
    if (!this.path) return;
    if (reachable) {
      this.#confirmed = this.#cache.now();
      // While it is reachable the timer finds out by itself when it fires.
      if (this.state !== "reachable") this.#enter("reachable", this.#cache.lifetime);
    } else if (this.state === "reachable" || this.state === "stale") this.#ask("probe");
  }

  /** Takes it out of the cache: its timer stops. */
  end(): void {
    this.live = false;
    this.#timer.deadline = Infinity;
  }

  #enter(state: ArpState, delay: number): void {
    this.state = state;
    this.#asked = 0;
    this.#cache.arm(this.#timer, delay);
  }

  #ask(state: ArpState): void {
    if (this.state !== state) this.#enter(state, RETRANSMIT);
    else this.#cache.arm(this.#timer, RETRANSMIT);
    this.#asked++;
    this.#cache.ask(this);
  }

  #expire(): void {
    const cache = this.#cache;
    const state = this.state;
    if (state === "reachable") {
      const left = this.#confirmed + cache.lifetime - cache.now();
      if (left > 0) cache.arm(this.#timer, left);
      else if (this.used) {
        this.used = false;
        this.#ask("probe");
      } else this.#enter("stale", STALE_LIFETIME);
    } else if (state === "delay") this.#ask("probe");
    else if (state === "stale" || state === "failed" && this.queue.length === 0) cache.forget(this);
    else if (state === "failed") {
      cache.flush(this);
      cache.arm(this.#timer, Math.max(0, this.#confirmed + FAILED_LIFETIME - cache.now()));
    } else if (this.#asked < REQUESTS) this.#ask(state);
    else if (state === "probe" && this.used) {
      // Perhaps another host has the address now: everybody is asked.
      this.path = null;
      this.#ask("incomplete");
    } else {
      this.path = null;
      this.#confirmed = cache.now();
      this.#enter("failed", FAILED_LIFETIME);
      cache.flush(this);
    }
  }
}
