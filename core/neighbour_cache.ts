/**
 * The hosts on a link whose link-layer addresses are known or asked for, with the states of neighbour unreachability
 * detection (RFC 4861, 7.3, which fits ARP as well): what ARP and NDP share.
 *
 * @module
 */

import type { Neighbour } from "./driver.ts";
import { copyPacket, type Packet } from "./packet.ts";
import type { Core } from "./protocol.ts";
import { Timer } from "./timers.ts";

/** Requests without an answer before giving up (MAX_UNICAST_SOLICIT, MAX_MULTICAST_SOLICIT). */
const REQUESTS = 3;
/** Milliseconds for which an upper layer may confirm a stale entry before it is asked for (DELAY_FIRST_PROBE_TIME). */
const DELAY_FIRST_PROBE = 5000;
/** Milliseconds after which a stale entry that nobody uses is forgotten. */
const STALE_LIFETIME = 60_000;
/** Milliseconds for which sends to a host that did not answer fail at once. */
const FAILED_LIFETIME = 1000;
/** Packets that wait for all neighbours together, for each that may wait for one. */
const QUEUES = 4;

/** The state of an entry. */
export type NeighbourState = "incomplete" | "reachable" | "stale" | "delay" | "probe" | "failed";

/** Where packets to a host go once its link-layer address is known. */
export type NeighbourWay = Pick<Neighbour, "transmit">;

/** What a cache counts. */
export interface NeighbourCounters {
  /** Packets dropped because too many wait already. */
  overflow: number;
  /** Packets dropped because their neighbour did not answer. */
  unreachable: number;
  /** Neighbours dropped to make room. */
  evicted: number;
}

/**
 * What a cache needs of the layer it belongs to.
 *
 * @typeParam A The addresses of its family.
 * @typeParam W The way to a host.
 */
export interface NeighbourUser<A, W extends NeighbourWay> {
  /** What it counts. */
  readonly counters: NeighbourCounters;
  /** Milliseconds for which an answer is believed (ReachableTime). */
  readonly lifetime: number;
  /** Milliseconds between two requests (RetransTimer). */
  readonly retransmit: number;
  /** Whether an entry in use becomes stale first, as RFC 4861 has it; otherwise it is asked for at once. */
  readonly patient: boolean;
  /** Asks for an entry's address: everybody, or its host alone where that is known. */
  ask(entry: CachedNeighbour<A, W>): void;
  /** Hears that a packet is lost, for its neighbour did not answer; lent until this returns. */
  unreachable(packet: Packet): void;
  /** Hears that an entry does not answer. */
  failed?(entry: CachedNeighbour<A, W>): void;
}

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
    if (!this.path) return;
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

/**
 * The hosts on a link.
 *
 * @typeParam A The addresses of its family.
 * @typeParam W The way to a host.
 */
export class NeighbourCache<A, W extends NeighbourWay> {
  /** The core. */
  readonly core: Core;
  /** The layer it belongs to. */
  readonly user: NeighbourUser<A, W>;
  readonly #entries: Map<number | string, CachedNeighbour<A, W>> = new Map();
  readonly #capacity: number;
  readonly #queue: number;
  #waiting: number = 0;

  /**
   * Makes an empty cache.
   *
   * @param core The core.
   * @param user The layer it belongs to.
   * @param capacity Neighbours kept at once.
   * @param queue Packets that wait for one neighbour's answer.
   */
  constructor(core: Core, user: NeighbourUser<A, W>, capacity: number, queue: number) {
    this.core = core;
    this.user = user;
    this.#capacity = capacity;
    this.#queue = queue;
    core.onClose(() => {
      for (const entry of this.#entries.values()) this.forget(entry);
    });
  }

  /**
   * Finds a host.
   *
   * @param key Its address, as a key.
   * @returns Its entry; undefined when it is not known.
   */
  get(key: number | string): CachedNeighbour<A, W> | undefined {
    return this.#entries.get(key);
  }

  /**
   * Adds a host; when the cache is full, another one makes room, and strangers drive out only what is not in use.
   *
   * @param key Its address, as a key.
   * @param address Its address.
   * @param wanted Whether we want to send to it: otherwise it is a stranger who asked for us.
   * @returns Its entry; null where there is no room for a stranger.
   */
  insert(key: number | string, address: A, wanted: boolean): CachedNeighbour<A, W> | null {
    if (this.#entries.size >= this.#capacity) {
      let victim: CachedNeighbour<A, W> | null = null;
      let least = wanted ? 4 : 1;
      for (const entry of this.#entries.values()) {
        const worth = entry.path ? entry.used ? 3 : 0 : entry.state === "failed" ? 1 : 2;
        if (worth < least) {
          victim = entry;
          least = worth;
          if (worth === 0) break;
        }
      }
      if (!victim) return null;
      this.user.counters.evicted++;
      this.forget(victim);
    }
    const entry = new CachedNeighbour(this, key, address);
    this.#entries.set(key, entry);
    return entry;
  }

  /**
   * Arms a timer.
   *
   * @param timer The timer.
   * @param delay In how many milliseconds it fires.
   */
  arm(timer: Timer, delay: number): void {
    this.core.timers.arm(timer, this.core.now() + delay);
  }

  /**
   * Copies a packet to the queue of an entry.
   *
   * @param entry The entry.
   * @param packet The packet.
   * @returns False when it was dropped.
   */
  enqueue(entry: CachedNeighbour<A, W>, packet: Packet): boolean {
    const { pool } = this.core;
    const { counters } = this.user;
    const { queue } = entry;
    if (queue.length >= this.#queue) {
      pool.give(queue.shift()!);
      this.#waiting--;
      counters.overflow++;
    }
    if (this.#waiting >= this.#queue * QUEUES) {
      counters.overflow++;
      return false;
    }
    const copy = pool.take(packet.length);
    copyPacket(copy, packet);
    queue.push(copy);
    this.#waiting++;
    return true;
  }

  /**
   * Sends the packets of an entry's queue, or tells the layer above that they are lost.
   *
   * @param entry The entry.
   */
  flush(entry: CachedNeighbour<A, W>): void {
    // The layer above may send in answer: it must meet an empty queue.
    const queue = entry.queue.splice(0);
    this.#waiting -= queue.length;
    for (const packet of queue) {
      if (entry.path) entry.path.transmit(packet);
      else {
        this.user.counters.unreachable++;
        this.user.unreachable(packet);
      }
      this.core.pool.give(packet);
    }
  }

  /**
   * Drops an entry, and what waits for it.
   *
   * @param entry The entry.
   */
  forget(entry: CachedNeighbour<A, W>): void {
    entry.end();
    this.#entries.delete(entry.key);
    this.#waiting -= entry.queue.length;
    for (const packet of entry.queue.splice(0)) this.core.pool.give(packet);
  }
}
