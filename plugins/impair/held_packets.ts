/**
 * Packets that wait for their time.
 *
 * @module
 */

import { copyPacket, type Packet, PacketPool } from "../../core/packet.ts";

/** Packets that wait at most: a hundred megabytes of full frames. */
const HELD = 65_536;

/** A binary heap of copies of packets, ordered by their time and then by their arrival; its storage is used again. */
export class HeldPackets {
  readonly #pool: PacketPool;
  readonly #packets: Packet[] = [];
  readonly #dues: number[] = [];
  readonly #orders: number[] = [];
  #order: number = 0;

  /**
   * Makes an empty heap.
   *
   * @param frame Bytes of the largest frame.
   */
  constructor(frame: number) {
    this.#pool = new PacketPool(frame);
  }

  /** Packets in it. */
  get size(): number {
    return this.#packets.length;
  }

  /** When the first of them is due, in milliseconds; infinity when there is none. */
  get due(): number {
    return this.#dues.length > 0 ? this.#dues[0]! : Infinity;
  }

  /** The packet that is due first. */
  get first(): Packet {
    return this.#packets[0]!;
  }

  /**
   * Keeps a copy of a packet.
   *
   * @param packet The packet.
   * @param due When it is due, in milliseconds.
   * @returns The copy, which may be changed; null when there is no place for it.
   */
  hold(packet: Packet, due: number): Packet | null {
    if (this.#packets.length >= HELD) return null;
    const copy = this.#pool.take(packet.length);
    copyPacket(copy, packet);
    let place = this.#packets.length;
    // Equal times keep their order, so a new one only passes those that are due later.
    while (place > 0) {
      const above = place - 1 >> 1;
      if (this.#dues[above]! <= due) break;
      this.#move(above, place);
      place = above;
    }
    this.#put(place, copy, due, this.#order++);
    return copy;
  }

  /** Lets go of the packet that is due first. */
  drop(): void {
    this.#pool.give(this.#packets[0]!);
    const packet = this.#packets.pop()!;
    const due = this.#dues.pop()!;
    const order = this.#orders.pop()!;
    const size = this.#packets.length;
    if (size === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= size) break;
      if (below + 1 < size && this.#before(below + 1, this.#dues[below]!, this.#orders[below]!)) below++;
      if (!this.#before(below, due, order)) break;
      this.#move(below, place);
      place = below;
    }
    this.#put(place, packet, due, order);
  }

  #before(place: number, due: number, order: number): boolean {
    return this.#dues[place]! < due || (this.#dues[place] === due && this.#orders[place]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#packets[from]!, this.#dues[from]!, this.#orders[from]!);
  }

  #put(place: number, packet: Packet, due: number, order: number): void {
    this.#packets[place] = packet;
    this.#dues[place] = due;
    this.#orders[place] = order;
  }
}
