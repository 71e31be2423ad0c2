/**
 * One turn of a stack: synchronous and bounded.
 *
 * At most {@linkcode BATCH} packets come in, the timers that are due fire, the senders that have something are asked for it
 * while the driver has room, and the driver is flushed. There is no promise, no timer of the host and no allocation in it.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import type { Driver, Offload, PluginContext, Receiver } from "./driver.ts";
import { type Loop, LoopCounters, type LoopOptions } from "./loop.ts";
import { type Packet, PacketPool } from "./packet.ts";
import type { Core, Sender } from "./protocol.ts";
import { hostRandom, type Random } from "./random.ts";
import { makeRunner, type Runner } from "./runner.ts";
import type { Timer, TimerQueue, Timers } from "./timers.ts";

/** Packets received before the senders, the timers and the app get a turn. */
export const BATCH = 64;

/** Rounds in which the senders of one turn are asked for packets; a round asks each of them once. */
const ROUNDS = 8;

/** Bytes of headers that a frame may have before its payload of `mtu` bytes: Ethernet and one VLAN tag. */
const FRAME_HEADERS = 18;

/** The loop, and what it lends to the protocols and plugins. */
export class EventLoop implements Core, Loop, PluginContext, TimerQueue {
  /** The time's source. */
  readonly clock: Clock;
  /** The packets. */
  readonly pool: PacketPool;
  /** What the driver does for the stack. */
  readonly offload: Offload;
  /** Random 32 bits, as an int32. */
  readonly random: Random;
  /** Whether the stack was closed. */
  closed: boolean = false;
  /** Where packets enter and leave, with what wraps it. */
  readonly driver: Driver;
  /** The time of the latest turn. */
  turnedAt: number = 0;
  readonly #runner: Runner;
  readonly #counters: LoopCounters = new LoopCounters();
  readonly #published: Map<string, object> = new Map();
  readonly #closers: (() => void)[] = [];
  readonly #packet: Packet;
  #receiver: Receiver | null = null;
  #timers: Timers | null = null;
  #senders: Sender[] = [];
  #asked: Sender[] = [];
  #turning: boolean = false;

  /**
   * Makes a loop.
   *
   * @param options Its driver, time and randomness.
   */
  constructor(options: LoopOptions) {
    let { driver } = options;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? hostRandom();
    this.count("loop", this.#counters);
    for (const plugin of options.plugins ?? []) driver = plugin(driver, this);
    if (driver.counters) this.count("driver", driver.counters);
    this.driver = driver;
    this.#runner = makeRunner(this, this.#counters, options.spin ?? 0.2, !options.clock);
    this.offload = driver.offload;
    this.pool = new PacketPool(driver.mtu + FRAME_HEADERS);
    // With receive segmentation offload a driver hands up packets far larger than its MTU.
    this.#packet = this.pool.take(driver.offload.segmentation);
  }

  /**
   * Names who reads the packets.
   *
   * @param receiver Who reads them.
   */
  attach(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** The loop, as the protocols see it. */
  get core(): Core {
    return this;
  }

  /** Where timers are armed. */
  get timers(): TimerQueue {
    return this;
  }

  /**
   * Arms a timer, or arms it anew.
   *
   * @param timer The timer.
   * @param deadline When it fires, in the clock's milliseconds.
   */
  arm(timer: Timer, deadline: number): void {
    (this.#timers ??= timer.makeQueue()).arm(timer, deadline);
  }

  /**
   * Disarms a timer.
   *
   * @param timer The timer.
   */
  disarm(timer: Timer): void {
    timer.deadline = Infinity;
  }

  /** Packets received so far. */
  get packetsReceived(): number {
    return this.#counters.received;
  }

  /** Packets taken and not given back; the one that the loop receives into is its own. */
  get packetsTaken(): number {
    return this.pool.taken - 1;
  }

  /** The time: of this turn inside one, the clock's outside. */
  now(): number {
    return this.#turning ? this.turnedAt : this.clock.now();
  }

  /**
   * Queues a sender for the end of this turn, or of the next one.
   *
   * @param sender The sender.
   */
  ready(sender: Sender): void {
    if (sender.queued) return;
    sender.queued = true;
    this.#senders.push(sender);
    if (!this.#turning) this.wake();
  }

  /** Makes the loop turn soon. */
  wake(): void {
    if (!this.#turning && !this.closed) this.#runner.wake();
  }

  /**
   * Publishes counters.
   *
   * @param owner Whose.
   * @param counters An object whose numeric fields count.
   */
  count(owner: string, counters: object): void {
    this.#published.set(owner, counters);
  }

  /**
   * Names what to do when the stack closes.
   *
   * @param close What to do.
   */
  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  /**
   * Reports an exception of the app's code as an uncaught one.
   *
   * @param error What was thrown.
   */
  report(error: unknown): void {
    queueMicrotask(() => {
      throw error;
    });
  }

  /** Shows what every layer counted. */
  counters(): Record<string, Record<string, number>> {
    const all: Record<string, Record<string, number>> = {};
    for (const [owner, counters] of this.#published) {
      const fields: Record<string, number> = all[owner] = {};
      for (const [name, value] of Object.entries(counters)) if (typeof value === "number") fields[name] = value;
    }
    return all;
  }

  /** Does one turn. */
  poll(): number {
    if (this.closed || this.#turning) return Infinity;
    this.#turning = true;
    const now = this.turnedAt = this.clock.now();
    this.#counters.turns++;
    let next: number;
    try {
      const full = this.#receive();
      this.#timers?.run(now);
      // Senders arm timers too, so the next one is known only after them.
      next = this.#serve() || full ? now : this.#timers?.next ?? Infinity;
    } catch (error) {
      this.#fault(error);
      next = now;
    }
    this.driver.flush();
    this.#turning = false;
    return Math.min(next, this.driver.next?.() ?? Infinity);
  }

  /** Takes in a batch; says whether it was full. */
  #receive(): boolean {
    const packet = this.#packet;
    const receiver = this.#receiver;
    for (let i = 0; i < BATCH; i++) {
      packet.reset();
      if (!this.driver.receive(packet)) return false;
      this.#counters.received++;
      try {
        receiver?.receive(packet);
      } catch (error) {
        this.#fault(error);
      }
      // A handler may have closed the stack.
      if (this.closed) return false;
    }
    return true;
  }

  /** Asks the senders for packets while the driver has room; says whether any is left that can send now. */
  #serve(): boolean {
    for (let round = 0; round < ROUNDS && this.#senders.length > 0; round++) {
      const senders = this.#senders;
      this.#senders = this.#asked;
      this.#asked = senders;
      for (let i = 0; i < senders.length; i++) {
        const sender = senders[i]!;
        sender.queued = false;
        try {
          if (sender.send(this.driver.room())) this.ready(sender);
        } catch (error) {
          this.#fault(error);
        }
      }
      senders.length = 0;
      if (this.driver.room() <= 0) break;
    }
    // Without room there is nothing to turn for: the driver ends its wait when room returns.
    return this.#senders.length > 0 && this.driver.room() > 0;
  }

  #fault(error: unknown): void {
    this.#counters.faults++;
    this.report(error);
  }

  /** Turns the loop until the stack closes or the signal aborts. */
  run(signal?: AbortSignal): Promise<void> {
    return this.#runner.run(signal);
  }

  /** Closes the stack. */
  close(): void {
    if (this.closed) return;
    for (const close of this.#closers.reverse()) {
      try {
        close();
      } catch (error) {
        this.#fault(error);
      }
    }
    // What the protocols still have to tell the app, they tell it now.
    this.#serve();
    this.driver.flush();
    this.closed = true;
    this.driver.close();
  }
}
