/**
 * Finds the connection of a segment by a keyed hash of its addresses and ports, so that the cost of one does not grow with
 * the number of connections, and nobody outside can make them collide.
 *
 * @module
 */

import type { Path } from "../../core/ip.ts";
import type { Packet } from "../../core/packet.ts";
import type { TcpCounters } from "./counters.ts";

/** What segments belong to: a connection, or what is left of one in TIME-WAIT. */
export interface Endpoint {
  /** The way to the peer. */
  readonly path: Path;
  /** Our port. */
  readonly localPort: number;
  /** The peer's port. */
  readonly remotePort: number;
  /** The next one in its bucket. */
  chain: Endpoint | null;
}

/** All connections of a stack. */
export class Demux {
  readonly #key: number;
  readonly #counters: TcpCounters;
  #buckets: (Endpoint | null)[] = new Array(64).fill(null);

  /**
   * Makes an empty one.
   *
   * @param key Random 32 bits.
   * @param counters Where connections are counted.
   */
  constructor(key: number, counters: TcpCounters) {
    this.#key = key;
    this.#counters = counters;
  }

  /**
   * Finds whom a received segment is for.
   *
   * @param packet The packet.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @returns The endpoint; null when there is none.
   */
  find(packet: Packet, localPort: number, remotePort: number): Endpoint | null {
    let found = this.#first(packet.ip!.sourceHash(packet), localPort, remotePort);
    while (found && !(found.remotePort === remotePort && found.localPort === localPort && found.path.matches(packet))) {
      found = found.chain;
    }
    return found;
  }

  /**
   * Finds the endpoint of a path that fits, off the hot path.
   *
   * @param hash The hash of the peer's address.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @param fits Whether it is the path.
   * @returns The endpoint; null when there is none.
   */
  findPath(hash: number, localPort: number, remotePort: number, fits: (path: Path) => boolean): Endpoint | null {
    let found = this.#first(hash, localPort, remotePort);
    while (found && !(found.remotePort === remotePort && found.localPort === localPort && fits(found.path))) {
      found = found.chain;
    }
    return found;
  }

  /**
   * Puts an endpoint in.
   *
   * @param endpoint The endpoint.
   */
  add(endpoint: Endpoint): void {
    if (this.#counters.connections++ >= this.#buckets.length) {
      const all = [...this];
      this.#buckets = new Array(this.#buckets.length * 2).fill(null);
      for (const one of all) this.#link(one);
    }
    this.#link(endpoint);
  }

  /**
   * Takes an endpoint out.
   *
   * @param endpoint The endpoint.
   */
  remove(endpoint: Endpoint): void {
    const at = this.#place(endpoint.path.hash, endpoint.localPort, endpoint.remotePort);
    let other = this.#buckets[at]!;
    if (other === endpoint) this.#buckets[at] = endpoint.chain;
    else {
      while (other.chain !== endpoint) other = other.chain!;
      other.chain = endpoint.chain;
    }
    this.#counters.connections--;
  }

  /** All of them, for the end of the stack. */
  *[Symbol.iterator](): Generator<Endpoint> {
    for (const bucket of [...this.#buckets]) {
      for (let endpoint = bucket; endpoint;) {
        const next: Endpoint | null = endpoint.chain;
        yield endpoint;
        endpoint = next;
      }
    }
  }

  #first(hash: number, localPort: number, remotePort: number): Endpoint | null {
    return this.#buckets[this.#place(hash, localPort, remotePort)]!;
  }

  #place(hash: number, localPort: number, remotePort: number): number {
    let mixed = Math.imul(hash ^ this.#key, 0x9e3779b1) ^ (remotePort << 16 | localPort);
    mixed = Math.imul(mixed ^ mixed >>> 16, 0x85ebca6b);
    mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
    return (mixed ^ mixed >>> 16) & this.#buckets.length - 1;
  }

  #link(endpoint: Endpoint): void {
    const at = this.#place(endpoint.path.hash, endpoint.localPort, endpoint.remotePort);
    endpoint.chain = this.#buckets[at]!;
    this.#buckets[at] = endpoint;
  }
}
