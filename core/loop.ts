/**
 * The event loop of one stack.
 *
 * A turn is synchronous and bounded: at most {@linkcode BATCH} packets come in, then the senders that have something get
 * room, then the timers that are due fire, and the driver is flushed. There is no promise, no timer of the host and no
 * allocation in it; between turns the loop spins while there is work and sleeps in the driver when there is none.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";
import type { Driver, Offload, Plugin, PluginContext, Receiver } from "./driver.ts";
import { type Packet, PacketPool } from "./packet.ts";
import type { Core, Sender } from "./protocol.ts";
import { hostRandom, type Random } from "./random.ts";
import type { Timer, TimerQueue, Timers } from "./timers.ts";

/** Packets received before the senders, the timers and the app get a turn. */
export const BATCH = 64;

/** Rounds in which the senders of one turn are asked for packets; a round asks each of them once. */
const ROUNDS = 8;

/** Bytes of headers that a frame may have before its payload of `mtu` bytes: Ethernet and one VLAN tag. */
const FRAME_HEADERS = 18;

/** What the loop counts. */
export class LoopCounters {
  /** Turns. */
  turns: number = 0;
  /** Packets received. */
  received: number = 0;
  /** Times it went to sleep in the driver. */
  sleeps: number = 0;
  /** Exceptions that came out of a layer, which is a bug: the packet was dropped and the loop went on. */
  faults: number = 0;
}

/** The loop of a stack, as the app sees it. */
export interface Loop {
  /**
   * Does one turn.
   *
   * @returns When it must be called again if nothing comes in before, in the clock's milliseconds: now or earlier when
   * there is more to do, infinity when there is nothing.
   */
  poll(): number;
  /**
   * Turns the loop until the stack closes or the signal aborts. A stack that was given no clock runs by itself: for it,
   * this only waits for the end.
   *
   * @param signal Ends the run.
   */
  run(signal?: AbortSignal): Promise<void>;
  /**
   * Shows what every layer counted.
   *
   * @returns A copy of all counters, by layer and name.
   */
  counters(): Record<string, Record<string, number>>;
  /** Closes the stack: connections are reset, sockets closed, the driver let go. Calling it again does nothing. */
  close(): void;
  /** Whether the stack was closed. */
  readonly closed: boolean;
  /** Packets received so far: whether a turn took in something. */
  readonly packetsReceived: number;
  /** Packets taken from the pool and not given back: 0 while nothing is queued in a layer. */
  readonly packetsTaken: number;
  /** What the protocols stand on, for functions over the stack that need its time and its packets, such as `ping(net, …)`. */
  readonly core: Core;
}

/** How a loop is made. */
export interface LoopOptions {
  /** Where packets enter and leave. */
  readonly driver: Driver;
  /** What stands between the driver and the first protocol; the first listed is next to the driver. */
  readonly plugins?: readonly Plugin[];
  /**
   * The time. When left out it is the host's, and the stack runs by itself; whoever gives a clock turns the loop too, by
   * `poll()` or `run()`.
   */
  readonly clock?: Clock;
  /** Random 32 bits; the host's cryptographic ones when left out. */
  readonly random?: Random;
  /**
   * Milliseconds for which the loop spins at most after its last work before it sleeps, 0 to infinity; 0.2 when left out.
   * It spins for less where that did not pay: while packets are rare it sleeps at once.
   */
  readonly spin?: number;
}

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
  readonly #spin: number;
  readonly #automatic: boolean;
  readonly #counters: LoopCounters = new LoopCounters();
  readonly #published: Map<string, object> = new Map();
  readonly #closers: (() => void)[] = [];
  readonly #packet: Packet;
  #receiver: Receiver | null = null;
  #timers: Timers | null = null;
  #senders: Sender[] = [];
  #asked: Sender[] = [];
  #now: number = 0;
  #turning: boolean = false;
  #run: Promise<void> | null = null;
  #stopping: boolean = false;
  #sleeping: boolean = false;
  #woken: boolean = false;

  /**
   * Makes a loop.
   *
   * @param options Its driver, time and randomness.
   */
  constructor(options: LoopOptions) {
    let { driver } = options;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? hostRandom();
    this.#spin = options.spin ?? 0.2;
    this.#automatic = !options.clock;
    this.count("loop", this.#counters);
    for (const plugin of options.plugins ?? []) driver = plugin(driver, this);
    if (driver.counters) this.count("driver", driver.counters);
    this.driver = driver;
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
    return this.#turning ? this.#now : this.clock.now();
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
    if (this.#turning || this.closed) return;
    this.#woken = true;
    if (this.#sleeping) this.driver.wake();
    else if (this.#automatic && !this.#run) void this.run();
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
    this.#woken = false;
    this.#turning = true;
    const now = this.#now = this.clock.now();
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
    const stop = (): void => {
      this.#stopping = true;
      if (this.#sleeping) this.driver.wake();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    this.#run ??= new Promise((resolve) => this.#keepTurning(resolve));
    return this.#run.finally(() => signal?.removeEventListener("abort", stop));
  }

  /**
   * Turns while there is work and for a while after it, for to fall asleep and wake up costs more than a short wait: on
   * a machine in a cloud 0.1 ms. How long that while is follows what sleeping turned out to be: one that was over so
   * soon that spinning would have spared it restores the whole of `spin`; a longer one halves it, so that a packet now
   * and then costs no more than its own turn.
   */
  #keepTurning(resolve: () => void): void {
    let spin = this.#spin;
    let busyUntil = 0;
    const turn = (): void => {
      if (this.closed || this.#stopping) {
        this.#run = null;
        this.#stopping = false;
        return resolve();
      }
      const before = this.#counters.received;
      const next = this.poll();
      const now = this.#now;
      if (next <= now || this.#woken || this.#counters.received !== before) busyUntil = now + spin;
      else if (now >= busyUntil) return sleep(next - now);
      yieldToHost(turn);
    };
    const sleep = (ms: number): void => {
      this.#sleeping = true;
      this.#counters.sleeps++;
      const since = this.#now;
      void this.driver.wait(ms).then(() => {
        this.#sleeping = false;
        // Half of a short sleep is waking up.
        spin = this.clock.now() - since < 2 * this.#spin ? this.#spin : spin / 2;
        turn();
      });
    };
    yieldToHost(turn);
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

/** Calls back after the host's event loop has had its turn: promises, timers, I/O. */
export const yieldToHost: (callback: () => void) => void = /* @__PURE__ */ hostYield();

function hostYield(): (callback: () => void) => void {
  const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate;
  if (immediate) return immediate;
  const queue: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => queue.shift()!();
  return (callback) => {
    queue.push(callback);
    port2.postMessage(null);
  };
}
