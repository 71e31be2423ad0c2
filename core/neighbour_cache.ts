/**
 * The hosts on a link whose link-layer addresses are known or asked for: what ARP and NDP share.
 *
 * @module
 */

import { CachedNeighbour, type NeighbourWay } from "./neighbour.ts";
import { copyPacket, type Packet } from "./packet.ts";
import type { Core } from "./protocol.ts";
import type { Timer } from "./timers.ts";

/** Packets that wait for all neighbours together, for each that may wait for one; one of each waits in any case. */
const QUEUES = 4;

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
   * Adds a host; when the cache is full, another one makes room. Strangers drive out only who does not answer or is not in use.
   *
   * @param key Its address, as a key.
   * @param address Its address.
   * @param wanted Whether we want to send to it: otherwise it is a stranger who asked for us.
   * @returns Its entry; null where there is no room for a stranger.
   */
  insert(key: number | string, address: A, wanted: boolean): CachedNeighbour<A, W> | null {
    if (this.#entries.size >= this.#capacity) {
      let victim: CachedNeighbour<A, W> | null = null;
      let least = wanted ? 4 : 2;
      for (const entry of this.#entries.values()) {
        const worth = entry.state === "failed" ? 0 : !entry.path ? 2 : entry.used ? 3 : 1;
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
   * Copies a packet to the queue of an entry. The latest one always has its place (RFC 1122, 2.3.2.2), so that many hosts
   * that do not answer keep nobody else from being reached; older ones of the same host make room.
   *
   * @param entry The entry.
   * @param packet The packet.
   */
  enqueue(entry: CachedNeighbour<A, W>, packet: Packet): void {
    const { pool } = this.core;
    const { queue } = entry;
    if (queue.length >= this.#queue || queue.length > 0 && this.#waiting >= this.#queue * QUEUES) {
      pool.give(queue.shift()!);
      this.#waiting--;
      this.user.counters.overflow++;
    }
    const copy = pool.take(packet.length);
    copyPacket(copy, packet);
    queue.push(copy);
    this.#waiting++;
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
