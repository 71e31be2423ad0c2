/**
 * A host on the link, with the states of neighbour unreachability detection (RFC 4861, 7.3, which fits ARP as well).
 *
 * @module
 */

import type { Neighbour } from "./driver.ts";
import type { NeighbourCache } from "./neighbour_cache.ts";
import type { Packet } from "./packet.ts";
import { Timer } from "./timers.ts";

/** Requests without an answer before giving up (MAX_UNICAST_SOLICIT, MAX_MULTICAST_SOLICIT). */
const REQUESTS = 3;
/** Milliseconds for which an upper layer may confirm a stale entry before it is asked for (DELAY_FIRST_PROBE_TIME). */
const DELAY_FIRST_PROBE = 5000;
/** Milliseconds after which a stale entry that nobody uses is forgotten. */
const STALE_LIFETIME = 60_000;
/** Milliseconds for which sends to a host that did not answer fail at once. */
const FAILED_LIFETIME = 1000;
/** The state of an entry. */
export type NeighbourState = "incomplete" | "reachable" | "stale" | "delay" | "probe" | "failed";

/** Where packets to a host go once its link-layer address is known. */
export type NeighbourWay = Pick<Neighbour, "transmit">;

/**
 * A host on the link.
 *
 * @typeParam A The addresses of its family.
 * @typeParam W The way to a host.
 */
export class CachedNeighbour<A, W extends NeighbourWay> implements Neighbour {
  /** Its address. */
  readonly address: A;
  /** The address as a key of the cache. */
  readonly key: number | string;
  /** Whether the entry is still in the cache. */
  live: boolean = true;
  /** Its state. */
  state: NeighbourState = "incomplete";
  /** Whether anything was sent to it since it was last confirmed. */
  used: boolean = false;
  /** The way to it; null while its link-layer address is not known. */
  path: W | null = null;
  /** Packets that wait for its link-layer address. */
  readonly queue: Packet[] = [];
  /** Which of our addresses asks for it. */
  asker: A | null = null;
  readonly #cache: NeighbourCache<A, W>;
  readonly #timer: Timer = new Timer(() => this.#expire());
  #asked: number = 0;
  /** When it was last known to be reachable, or to have failed. */
  #confirmed: number = 0;

  /**
   * Made by {@linkcode NeighbourCache.insert}: nothing is known of it.
   *
   * @param cache The cache it stands in.
   * @param key The host's address, as a key.
   * @param address The host's address.
   */
  constructor(cache: NeighbourCache<A, W>, key: number | string, address: A) {
    this.#cache = cache;
    this.key = key;
    this.address = address;
  }

  /** Sends a packet to it, or queues it until its link-layer address is known. */
  transmit(packet: Packet): boolean {
    this.used = true;
    if (this.state === "reachable") return this.path!.transmit(packet);
    if (this.path) {
      if (this.state === "stale") this.#enter("delay", DELAY_FIRST_PROBE);
      return this.path.transmit(packet);
    }
    this.#cache.enqueue(this, packet);
    if (this.state === "failed") this.#cache.arm(this.#timer, 0);
    else if (this.#asked === 0) this.#ask("incomplete");
    return true;
  }

  /**
   * Takes up what a message says about it.
   *
   * @param path The way to it.
   * @param solicited Whether that answers a request of ours.
   */
  learn(path: W, solicited: boolean): void {
    const changed = path !== this.path;
    this.path = path;
    if (solicited) this.advise(true);
    else if (changed) this.suspect();
    this.#cache.flush(this);
  }

  /** Believes no more that it is reachable; what is sent finds out. */
  suspect(): void {
    this.#enter("stale", STALE_LIFETIME);
  }

  /** Hears from above whether packets arrive. */
  advise(reachable: boolean): void {
    // A connection may still hold an entry that made room for another.
    if (!this.path || !this.live) return;
    const { core, user } = this.#cache;
    if (reachable) {
      this.#confirmed = core.now();
      // While it is reachable the timer finds out by itself when it fires.
      if (this.state !== "reachable") this.#enter("reachable", user.lifetime);
    } else if (this.state === "reachable" || this.state === "stale") this.#ask("probe");
  }

  /** Takes it out of the cache: its timer stops. */
  end(): void {
    this.live = false;
    this.#timer.deadline = Infinity;
  }

  #enter(state: NeighbourState, delay: number): void {
    this.state = state;
    this.#asked = 0;
    this.#cache.arm(this.#timer, delay);
  }

  #ask(state: NeighbourState): void {
    const { user } = this.#cache;
    if (this.state !== state) this.#enter(state, user.retransmit);
    else this.#cache.arm(this.#timer, user.retransmit);
    this.#asked++;
    user.ask(this);
  }

  #expire(): void {
    const cache = this.#cache;
    const { core, user } = cache;
    const state = this.state;
    if (state === "reachable") {
      const left = this.#confirmed + user.lifetime - core.now();
      if (left > 0) cache.arm(this.#timer, left);
      else if (this.used && !user.patient) {
        this.used = false;
        this.#ask("probe");
      } else this.suspect();
    } else if (state === "delay") this.#ask("probe");
    else if (state === "stale" || state === "failed" && this.queue.length === 0) cache.forget(this);
    else if (state === "failed") {
      cache.flush(this);
      cache.arm(this.#timer, Math.max(0, this.#confirmed + FAILED_LIFETIME - core.now()));
    } else if (this.#asked < REQUESTS) this.#ask(state);
    else if (state === "probe" && this.used) {
      // Perhaps another host has the address now: everybody is asked.
      this.path = null;
      this.#ask("incomplete");
    } else {
      this.path = null;
      this.#confirmed = core.now();
      this.#enter("failed", FAILED_LIFETIME);
      user.failed?.(this);
      cache.flush(this);
    }
  }
}
