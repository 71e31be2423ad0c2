/**
 * A wire in memory: two ends, each a driver. {@linkcode memorySwitch} joins more than two.
 *
 * ```ts
 * import { memory } from "@bonsai/net/drivers/memory";
 *
 * const [left, right] = memory("ethernet", { mtu: 9000 });
 * ```
 *
 * @module
 */

import { type Driver, type Medium, NO_OFFLOAD, type Offload } from "../core/driver.ts";
import { checkOptions } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import { Sleeper } from "../core/sleeper.ts";
import { FrameRing } from "./memory/frame_ring.ts";
import { frameSize, MEMORY_OPTIONS, MemoryCounters, type MemoryOptions } from "./memory/options.ts";

export { MEMORY_OPTIONS, MemoryCounters, type MemoryOptions } from "./memory/options.ts";
export {
  MEMORY_SWITCH_OPTIONS,
  MemorySwitch,
  memorySwitch,
  type MemorySwitchOptions,
  type MemorySwitchPort,
} from "./memory/switch.ts";

/** One end of a wire in memory. */
export class MemoryDriver<M extends Medium = Medium> implements Driver<M> {
  /** Its name in messages and captures. */
  readonly name: string;
  /** What it carries. */
  readonly medium: M;
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** None: a wire does nothing for the stack. */
  readonly offload: Offload = NO_OFFLOAD;
  /** What passed this end. */
  readonly counters: MemoryCounters = new MemoryCounters();
  readonly #incoming: FrameRing;
  readonly #sleeper: Sleeper;
  #other: MemoryDriver<M> | null = null;
  #closed: boolean = false;
  /** Whether something was sent that the other end may sleep through. */
  #unflushed: boolean = false;
  /** Whether this end saw that there is no room, and wants to hear when there is some. */
  #starved: boolean = false;

  /**
   * Made by {@linkcode memory}.
   *
   * @param name Its name.
   * @param medium What it carries.
   * @param options How to make it, checked already.
   */
  constructor(name: string, medium: M, options: MemoryOptions) {
    this.name = name;
    this.medium = medium;
    this.mtu = options.mtu ?? 1500;
    this.#incoming = new FrameRing(options.slots ?? 512, frameSize(medium, this.mtu));
    this.#sleeper = new Sleeper(options.background ?? false);
  }

  /**
   * Joins two ends to a wire; called once, by {@linkcode memory}.
   *
   * @param left One end.
   * @param right The other end.
   */
  static join<M extends Medium>(left: MemoryDriver<M>, right: MemoryDriver<M>): void {
    left.#other = right;
    right.#other = left;
  }

  /** Whether this end was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Fills an empty packet with the next one received. */
  receive(packet: Packet): boolean {
    if (!this.#incoming.pop(packet)) return false;
    this.counters.received++;
    const other = this.#other!;
    if (other.#starved) other.#relieve();
    return true;
  }

  /** Sends a packet's window; false when the other side's queue is full, when it is too large, or after `close`. */
  transmit(packet: Packet): boolean {
    const other = this.#other!;
    const ring = other.#incoming;
    if (packet.length > ring.frame) {
      this.counters.oversized++;
      return false;
    }
    if (this.#closed || other.#closed) {
      this.counters.vanished++;
      return !this.#closed;
    }
    if (ring.free === 0) {
      this.#starved = true;
      this.counters.full++;
      return false;
    }
    ring.push(packet);
    this.#unflushed = true;
    this.counters.sent++;
    return true;
  }

  /** Free places in the other side's queue; infinity once nobody is there, for packets then vanish. */
  room(): number {
    const other = this.#other!;
    if (other.#closed) return Infinity;
    const free = other.#incoming.free;
    if (free === 0) this.#starved = true;
    return free;
  }

  /** Wakes the other end if it sleeps and something was sent. */
  flush(): void {
    if (!this.#unflushed) return;
    this.#unflushed = false;
    this.#other!.#sleeper.wake();
  }

  /** Waits until the other end sent something, took something after there was no room, or `ms` have passed. */
  wait(ms: number): Promise<void> {
    if (this.#closed || this.#incoming.size > 0) ms = 0;
    else if (this.#starved && this.room() > 0) {
      this.#starved = false;
      ms = 0;
    }
    return this.#sleeper.sleep(ms);
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** There is room again. An end that is awake finds out in its next `wait`. */
  #relieve(): void {
    if (!this.#sleeper.asleep) return;
    this.#starved = false;
    this.#sleeper.wake();
  }

  /** Takes this end off the wire: what it sent still arrives, what is sent to it vanishes. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.counters.vanished += this.#incoming.size;
    this.#incoming.clear();
    this.#sleeper.wake();
    if (this.#other!.#starved) this.#other!.#relieve();
  }
}

/**
 * Makes a wire in memory.
 *
 * @param medium What it carries: `"ethernet"` frames or bare `"ip"` packets.
 * @param options MTU and length of the queues.
 * @returns Its two ends.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function memory<M extends Medium>(
  medium: M,
  options: MemoryOptions = {},
): [left: MemoryDriver<M>, right: MemoryDriver<M>] {
  if (medium !== "ethernet" && medium !== "ip") {
    throw new TypeError(`memory(): the medium must be "ethernet" or "ip", not ${JSON.stringify(medium)}`);
  }
  checkOptions("memory", MEMORY_OPTIONS, options);
  const left = new MemoryDriver("left", medium, options);
  const right = new MemoryDriver("right", medium, options);
  MemoryDriver.join(left, right);
  return [left, right];
}
