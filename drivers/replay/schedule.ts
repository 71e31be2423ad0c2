/**
 * Which recorded packet goes to the live stack next, and when.
 *
 * Packets go in the order of the file, each at its time and once the live stack has sent what the recorded one had. While one
 * waits, all wait; when it waits for long, the others go on without it, and in the end it is given up.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { Headers } from "./headers.ts";
import type { Party, RecordedPacket } from "./party.ts";

/** How to play. */
export interface ScheduleOptions {
  /** What the packets begin with. */
  readonly medium: Medium;
  /** Whether the times between packets are left out. */
  readonly fast: boolean;
  /** Milliseconds after which a wait is given up. */
  readonly patience: number;
  /** Called for a packet that is left out. */
  readonly onSkipped: () => void;
}

/** A conversation that the others do not wait for any more. */
interface Parked {
  readonly queue: RecordedPacket[];
  since: number;
  progress: number;
}

/** The part of its patience for which a packet holds up those of other conversations. */
const HOLD_UP = 0.1;

/** The packets to come. */
export class Schedule {
  readonly #packets: readonly RecordedPacket[];
  readonly #options: ScheduleOptions;
  readonly #headers: Headers = new Headers();
  readonly #parked: Map<Party, Parked> = new Map();
  #at: number = 0;
  /** The time at which the recording's first packet was due; not a number until the stack first asks. */
  #base: number = NaN;
  /** Since when the next packet waits for the stack; not a number when it does not. */
  #since: number = NaN;

  /**
   * Makes a schedule.
   *
   * @param packets The packets, in the order of their times.
   * @param options How to play them.
   */
  constructor(packets: readonly RecordedPacket[], options: ScheduleOptions) {
    this.#packets = packets;
    this.#options = options;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#head() === null && this.#parkedHead() === null;
  }

  /** The packet that the replay stands at. */
  get current(): RecordedPacket | null {
    return this.#head() ?? this.#parkedHead();
  }

  /**
   * Tells what a packet waits for.
   *
   * @param packet The packet.
   * @returns The end of a sentence; null when it waits for its time only.
   */
  missing(packet: RecordedPacket): string | null {
    return packet.party && packet.party.missing(this.#read(packet), packet);
  }

  #read(packet: RecordedPacket): Headers {
    return this.#headers.read(packet.bytes, 0, packet.bytes.length, this.#options.medium);
  }

  #skip(packet: RecordedPacket): void {
    packet.party!.left--;
    this.#options.onSkipped();
  }

  /** The next packet in the order of the file, past those that are left out or stand aside. */
  #head(): RecordedPacket | null {
    for (; this.#at < this.#packets.length; this.#at++) {
      const packet = this.#packets[this.#at]!;
      const { party } = packet;
      if (!party) return packet;
      if (party.over) this.#skip(packet);
      else {
        const parked = this.#parked.get(party);
        if (!parked) return packet;
        parked.queue.push(packet);
      }
    }
    return null;
  }

  #parkedHead(): RecordedPacket | null {
    for (const [party, { queue }] of this.#parked) {
      while (party.over && queue.length > 0) this.#skip(queue.shift()!);
      if (queue.length > 0) return queue[0]!;
      this.#parked.delete(party);
    }
    return null;
  }

  /**
   * Takes the packet that is to go now.
   *
   * @param now The time.
   * @returns It; null when none is due, or what is due waits for the stack.
   */
  take(now: number): RecordedPacket | null {
    return this.#takeParked(now) ?? this.#takeHead(now);
  }

  #takeParked(now: number): RecordedPacket | null {
    for (const [party, parked] of this.#parked) {
      while (parked.queue.length > 0) {
        const packet = parked.queue[0]!;
        if (party.over) this.#skip(parked.queue.shift()!);
        else if (this.missing(packet) === null) {
          parked.since = now;
          party.left--;
          return parked.queue.shift()!;
        } else {
          if (parked.progress !== party.progress) parked.since = now;
          parked.progress = party.progress;
          // As in `next`: a difference of the two could be less, by a bit.
          if (now < parked.since + this.#options.patience) break;
          parked.since = now;
          party.giveWay(this.#read(packet), packet);
        }
      }
      if (parked.queue.length === 0) this.#parked.delete(party);
    }
    return null;
  }

  #takeHead(now: number): RecordedPacket | null {
    for (let head = this.#head(); head; head = this.#head()) {
      const due = this.#due(head, now);
      if (due > now) return null;
      if (this.missing(head) !== null) {
        if (Number.isNaN(this.#since)) this.#since = now;
        if (now < this.#since + this.#options.patience * HOLD_UP) return null;
        this.#parked.set(head.party!, { queue: [], since: this.#since, progress: head.party!.progress });
        this.#resume(now - due);
        continue;
      }
      this.#resume(now - due);
      this.#at++;
      if (head.party) head.party.left--;
      return head;
    }
    return null;
  }

  /** Ends a wait for the stack: what comes later is due later as well. */
  #resume(late: number): void {
    if (!Number.isNaN(this.#since)) this.#base += late;
    this.#since = NaN;
  }

  #due(head: RecordedPacket, now: number): number {
    if (this.#options.fast) return now;
    if (Number.isNaN(this.#base)) this.#base = now - head.time;
    return this.#base + head.time;
  }

  /**
   * Tells when there is something to do next.
   *
   * @param now The time.
   * @returns The time; infinity while all waits for the stack, or nothing is left.
   */
  next(now: number): number {
    const { patience } = this.#options;
    let next = Infinity;
    for (const [party, { queue, since }] of this.#parked) {
      if (queue.length === 0) continue;
      if (party.over || this.missing(queue[0]!) === null) return now;
      next = Math.min(next, since + patience);
    }
    const head = this.#head();
    if (!head) return next;
    const due = this.#due(head, now);
    if (due > now || this.missing(head) === null) return Math.min(next, due);
    if (Number.isNaN(this.#since)) this.#since = now;
    return Math.min(next, this.#since + patience * HOLD_UP);
  }

  /**
   * Lists the packets that are due and wait for the stack.
   *
   * @param now The time.
   */
  blocked(now: number): RecordedPacket[] {
    const packets: RecordedPacket[] = [];
    for (const [party, { queue }] of this.#parked) {
      if (queue.length > 0 && !party.over && this.missing(queue[0]!) !== null) packets.push(queue[0]!);
    }
    const head = this.#head();
    if (head && this.#due(head, now) <= now && this.missing(head) !== null) packets.push(head);
    return packets;
  }
}
