/**
 * Finds the connection of a segment by a keyed hash of its addresses and ports, so that the cost of one does not grow with
 * the number of connections, and nobody outside can make them collide.
 *
 * @module
 */

import type { Path } from "../../core/ip.ts";
import type { Packet } from "../../core/packet.ts";
import type { Tcb } from "./tcb.ts";

/** All connections of a stack. */
export class Demux {
  /** Connections in it. */
  size: number = 0;
  readonly #key: number;
  #buckets: (Tcb | null)[] = new Array(64).fill(null);

  /**
   * Makes an empty one.
   *
   * @param key Random 32 bits.
   */
  constructor(key: number) {
    this.#key = key;
  }

  /**
   * Finds the connection of a received segment.
   *
   * @param packet The packet.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @returns The connection; null when there is none.
   */
  find(packet: Packet, localPort: number, remotePort: number): Tcb | null {
    let tcb = this.#first(packet.ip!.sourceHash(packet), localPort, remotePort);
    while (tcb && !(tcb.remotePort === remotePort && tcb.localPort === localPort && tcb.path.matches(packet))) {
      tcb = tcb.chain;
    }
    return tcb;
  }

  /**
   * Finds the connection of a segment of ours that an error quotes.
   *
   * @param packet The quoted packet.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @returns The connection; null when there is none.
   */
  findQuoted(packet: Packet, localPort: number, remotePort: number): Tcb | null {
    let tcb = this.#first(packet.ip!.destinationHash(packet), localPort, remotePort);
    while (tcb && !(tcb.remotePort === remotePort && tcb.localPort === localPort && tcb.path.quoted(packet))) {
      tcb = tcb.chain;
    }
    return tcb;
  }

  /**
   * Whether a connection exists.
   *
   * @param path Its way.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @returns Whether it exists.
   */
  has(path: Path, localPort: number, remotePort: number): boolean {
    const { network, source, destination } = path;
    for (let tcb = this.#first(path.hash, localPort, remotePort); tcb; tcb = tcb.chain) {
      if (
        tcb.remotePort === remotePort && tcb.localPort === localPort && tcb.path.network === network &&
        network.format(tcb.path.destination) === network.format(destination) &&
        network.format(tcb.path.source) === network.format(source)
      ) return true;
    }
    return false;
  }

  /**
   * Puts a connection in.
   *
   * @param tcb The connection.
   */
  add(tcb: Tcb): void {
    if (this.size++ >= this.#buckets.length) this.#grow();
    this.#link(tcb);
  }

  /**
   * Takes a connection out.
   *
   * @param tcb The connection.
   */
  remove(tcb: Tcb): void {
    const at = this.#place(tcb.path.hash, tcb.localPort, tcb.remotePort);
    let other = this.#buckets[at]!;
    if (other === tcb) this.#buckets[at] = tcb.chain;
    else {
      while (other.chain !== tcb) other = other.chain!;
      other.chain = tcb.chain;
    }
    tcb.chain = null;
    this.size--;
  }

  /** All connections, for the end of the stack. */
  *[Symbol.iterator](): Generator<Tcb> {
    for (const bucket of [...this.#buckets]) {
      for (let tcb = bucket; tcb;) {
        const next: Tcb | null = tcb.chain;
        yield tcb;
        tcb = next;
      }
    }
  }

  #first(hash: number, localPort: number, remotePort: number): Tcb | null {
    return this.#buckets[this.#place(hash, localPort, remotePort)]!;
  }

  #place(hash: number, localPort: number, remotePort: number): number {
    let mixed = Math.imul(hash ^ this.#key, 0x9e3779b1) ^ (remotePort << 16 | localPort);
    mixed = Math.imul(mixed ^ mixed >>> 16, 0x85ebca6b);
    mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
    return (mixed ^ mixed >>> 16) & this.#buckets.length - 1;
  }

  #link(tcb: Tcb): void {
    const at = this.#place(tcb.path.hash, tcb.localPort, tcb.remotePort);
    tcb.chain = this.#buckets[at]!;
    this.#buckets[at] = tcb;
  }

  #grow(): void {
    const all = [...this];
    this.#buckets = new Array(this.#buckets.length * 2).fill(null);
    for (const tcb of all) this.#link(tcb);
  }
}
