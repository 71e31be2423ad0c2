/**
 * One direction of an impaired wire.
 *
 * @module
 */

import type { Packet } from "../../core/packet.ts";
import { fraction, type Random } from "../../core/random.ts";
import { HeldPackets } from "./held_packets.ts";
import type { ImpairOptions } from "./options.ts";

/** What an impaired direction counts. */
export class ImpairCounters {
  /** Packets that came. */
  packets: number = 0;
  /** Packets lost by chance. */
  lost: number = 0;
  /** Packets that arrived twice. */
  duplicated: number = 0;
  /** Packets with a bit flipped. */
  corrupted: number = 0;
  /** Packets held back for others to overtake. */
  reordered: number = 0;
  /** Packets dropped because too much waited for the rate, or too many packets were held. */
  dropped: number = 0;
}

/** What becomes of a packet: it passes now, or it does not: it was dropped or is held. */
export type Fate = 0 | 1 | 2;
/** {@linkcode Fate}: passes now, unchanged. */
export const PASSES = 0;
/** {@linkcode Fate}: held, a copy of it passes when it is due. */
export const HELD = 1;
/** {@linkcode Fate}: lost. */
export const LOST = 2;

/** Decides on the packets of one direction, and holds those that take time. */
export class Path {
  /** The packets on their way. */
  readonly held: HeldPackets;
  readonly #counters: ImpairCounters;
  readonly #random: Random;
  readonly #loss: number;
  readonly #enter: number;
  readonly #leave: number;
  readonly #duplicate: number;
  readonly #corrupt: number;
  readonly #reorder: number;
  readonly #reorderBy: number;
  readonly #delay: number;
  readonly #jitter: number;
  readonly #msPerByte: number;
  readonly #limit: number;
  #losing: boolean = false;
  /** When the last byte that the rate let through was out. */
  #sent: number = -Infinity;
  /** When the last packet that keeps its place arrives. */
  #last: number = -Infinity;

  /**
   * Makes a direction with nothing on its way.
   *
   * @param options What to do, checked already.
   * @param random Where chance comes from.
   * @param frame Bytes of the largest frame.
   * @param counters What it counts in.
   */
  constructor(options: ImpairOptions, random: Random, frame: number, counters: ImpairCounters) {
    this.held = new HeldPackets(frame);
    this.#counters = counters;
    this.#random = random;
    const loss = this.#loss = options.loss ?? 0;
    const burst = options.burst ?? 1;
    // Gilbert: in a burst each packet ends it with 1/burst, and the share of time in bursts is the loss.
    this.#leave = 1 / burst;
    this.#enter = burst > 1 && loss < 1 ? loss / (burst * (1 - loss)) : 0;
    this.#duplicate = options.duplicate ?? 0;
    this.#corrupt = options.corrupt ?? 0;
    this.#reorder = options.reorder ?? 0;
    this.#reorderBy = options.reorderBy ?? 10;
    this.#delay = options.delay ?? 0;
    this.#jitter = options.jitter ?? 0;
    this.#msPerByte = options.rate ? 8000 / options.rate : 0;
    this.#limit = options.limit ?? 150_000;
  }

  #chance(probability: number): boolean {
    return probability > 0 && fraction(this.#random) < probability;
  }

  #isLost(): boolean {
    if (this.#enter === 0) return this.#chance(this.#loss);
    if (this.#losing ? this.#chance(this.#leave) : this.#chance(this.#enter)) this.#losing = !this.#losing;
    return this.#losing;
  }

  /**
   * Decides on a packet, and holds it where it takes time.
   *
   * @param packet The packet; not changed.
   * @param now The time, in milliseconds.
   * @returns What becomes of it.
   */
  decide(packet: Packet, now: number): Fate {
    const counters = this.#counters;
    counters.packets++;
    if (this.#loss > 0 && this.#isLost()) {
      counters.lost++;
      return LOST;
    }
    let due = now;
    if (this.#msPerByte > 0) {
      const start = Math.max(now, this.#sent);
      if ((start - now) / this.#msPerByte + packet.length > this.#limit && start > now) {
        counters.dropped++;
        return LOST;
      }
      due = this.#sent = start + packet.length * this.#msPerByte;
    }
    due += this.#delay;
    if (this.#jitter > 0) due = Math.max(now, due + (2 * fraction(this.#random) - 1) * this.#jitter);
    if (this.#chance(this.#reorder)) {
      counters.reordered++;
      due += this.#reorderBy;
    } else if (due < this.#last) due = this.#last;
    else this.#last = due;
    const corrupt = packet.length > 0 && this.#chance(this.#corrupt);
    const twice = this.#chance(this.#duplicate);
    if (due <= now && !corrupt && !twice) return PASSES;
    const copy = this.held.hold(packet, due);
    if (!copy) {
      counters.dropped++;
      return LOST;
    }
    if (twice && this.held.hold(packet, due)) counters.duplicated++;
    if (corrupt) this.#flip(copy);
    return HELD;
  }

  #flip(packet: Packet): void {
    this.#counters.corrupted++;
    const bit = Math.floor(fraction(this.#random) * packet.length * 8);
    packet.bytes[packet.start + (bit >> 3)]! ^= 1 << (bit & 7);
    packet.verified = false;
  }
}
