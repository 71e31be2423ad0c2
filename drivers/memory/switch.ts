/**
 * An Ethernet switch in memory: many ends, each a driver, that find each other by their MAC addresses.
 *
 * @module
 */

import { type Clock, systemClock } from "../../core/clock.ts";
import { type Driver, NO_OFFLOAD, type Offload } from "../../core/driver.ts";
import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import type { Packet } from "../../core/packet.ts";
import { Sleeper } from "../../core/sleeper.ts";
import { FrameRing } from "./frame_ring.ts";
import { MacTable } from "./mac_table.ts";
import { frameSize, MEMORY_OPTIONS, MemoryCounters, type MemoryOptions } from "./options.ts";

/** Bytes of an Ethernet header; a shorter frame has no addresses to go by. */
const ETHERNET = 14;
/** Ports that a switch has at most. */
const PORTS = 4096;

/** How to make a switch in memory. */
export interface MemorySwitchOptions extends MemoryOptions {
  /** MAC addresses that it remembers at most, 8 to 1,048,576, rounded up to a power of 2; 1024 when left out. */
  readonly addresses?: number;
  /** Milliseconds after which it forgets an address that sent nothing, 0 or more; 300,000 when left out (IEEE 802.1D). */
  readonly ageing?: number;
  /** The time by which addresses age; the host's when left out. */
  readonly clock?: Clock;
}

/** The schema of {@linkcode MemorySwitchOptions}. */
export const MEMORY_SWITCH_OPTIONS: OptionsSchema<MemorySwitchOptions> = {
  type: "object",
  additionalProperties: false,
  // Bundlers prune a pure call, but no spread.
  properties: /* @__PURE__ */ (() => ({
    ...MEMORY_OPTIONS.properties,
    addresses: {
      type: "integer",
      minimum: 8,
      maximum: 1_048_576,
      description: "MAC addresses that the switch remembers at most",
    },
    ageing: {
      type: "number",
      minimum: 0,
      description: "Milliseconds after which the switch forgets an address that sent nothing",
    },
    clock: { description: "The time by which addresses age" },
  }))(),
};

/** What the ports of a switch share. */
class Fabric {
  readonly ports: (MemorySwitchPort | null)[] = [];
  readonly table: MacTable;
  readonly clock: Clock;
  readonly options: MemorySwitchOptions;
  /** The time as of the last turn of any port: ageing needs no better, and a clock costs more than a frame. */
  now: number;

  constructor(options: MemorySwitchOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.now = this.clock.now();
    this.table = new MacTable(options.addresses ?? 1024, options.ageing ?? 300_000);
  }
}

/** A learning switch; every {@linkcode MemorySwitch.port} is one more end. */
export class MemorySwitch {
  readonly #fabric: Fabric;

  /**
   * Made by {@linkcode memorySwitch}.
   *
   * @param options How to make it, checked already.
   */
  constructor(options: MemorySwitchOptions) {
    this.#fabric = new Fabric(options);
  }

  /**
   * Plugs one more end in.
   *
   * @returns The driver of the new end.
   * @throws {RangeError} When all 4096 ports are taken; a closed one is free again.
   */
  port(): MemorySwitchPort {
    const ports = this.#fabric.ports;
    let index = ports.indexOf(null);
    if (index < 0) index = ports.length;
    if (index >= PORTS) throw new RangeError(`A memory switch has ${PORTS} ports at most, and all are taken`);
    return ports[index] = new MemorySwitchPort(this.#fabric, index);
  }
}

/** One end at a switch. */
export class MemorySwitchPort implements Driver<"ethernet"> {
  /** Its name in messages and captures, such as `"port0"`. */
  readonly name: string;
  /** What it carries. */
  readonly medium = "ethernet";
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** None: a switch does nothing for the stack. */
  readonly offload: Offload = NO_OFFLOAD;
  /** What passed this port; `full` counts copies that did not fit into another port's queue. */
  readonly counters: MemoryCounters = new MemoryCounters();
  readonly #fabric: Fabric;
  readonly #index: number;
  readonly #incoming: FrameRing;
  readonly #sleeper: Sleeper;
  #closed: boolean = false;
  /** Whether something came in that this port may sleep through. */
  #unheard: boolean = false;
  /** Whether this port sent something since its last `flush`. */
  #unflushed: boolean = false;

  /**
   * Made by {@linkcode MemorySwitch.port}.
   *
   * @param fabric What it shares with the other ports.
   * @param index Its place among them.
   */
  constructor(fabric: Fabric, index: number) {
    const { options } = fabric;
    this.name = `port${index}`;
    this.mtu = options.mtu ?? 1500;
    this.#fabric = fabric;
    this.#index = index;
    this.#incoming = new FrameRing(options.slots ?? 512, frameSize("ethernet", this.mtu));
    this.#sleeper = new Sleeper(options.background ?? false);
  }

  /** Whether this port was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Fills an empty packet with the next one received. */
  receive(packet: Packet): boolean {
    if (!this.#incoming.pop(packet)) return false;
    this.counters.received++;
    return true;
  }

  /**
   * Sends a frame to the port of its destination, or to all others where that is a group or not known.
   *
   * @param packet The frame.
   * @returns False when no port took it.
   */
  transmit(packet: Packet): boolean {
    if (this.#closed) return this.#vanish(false);
    if (packet.length < ETHERNET || packet.length > this.#incoming.frame) {
      this.counters.oversized += packet.length < ETHERNET ? 0 : 1;
      return false;
    }
    const { ports, table, now } = this.#fabric;
    const source = packet.u16(6);
    // A group is no sender: its address would catch frames that are for all.
    if (!(source & 0x100)) table.learn(source, packet.i32(8), this.#index, now);
    const destination = packet.u16(0);
    const known = destination & 0x100 ? -1 : table.find(destination, packet.i32(2), now);
    this.#unflushed = true;
    // Back to where it came from: the destination has heard it already (IEEE 802.1D, 7.7.1).
    if (known === this.#index) return this.#vanish(true);
    if (known >= 0) {
      const port = ports[known];
      return port ? this.#deliver(port, packet) : this.#vanish(true);
    }
    let taken = 0;
    let others = 0;
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i]!;
      if (port === null || port === this) continue;
      others++;
      if (port.#take(packet)) taken++;
      else this.counters.full++;
    }
    if (others === 0) return this.#vanish(true);
    if (taken > 0) this.counters.sent++;
    return taken > 0;
  }

  #vanish(result: boolean): boolean {
    this.counters.vanished++;
    return result;
  }

  #deliver(port: MemorySwitchPort, packet: Packet): boolean {
    if (port.#take(packet)) {
      this.counters.sent++;
      return true;
    }
    this.counters.full++;
    return false;
  }

  #take(packet: Packet): boolean {
    if (this.#incoming.free === 0) return false;
    this.#incoming.push(packet);
    this.#unheard = true;
    return true;
  }

  /** Infinity: a switch takes what comes, and drops where a port's queue is full. */
  room(): number {
    return Infinity;
  }

  /** Wakes the ports that sleep and were sent something. */
  flush(): void {
    if (!this.#unflushed) return;
    this.#unflushed = false;
    const { ports, clock } = this.#fabric;
    this.#fabric.now = clock.now();
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i]!;
      if (port === null || !port.#unheard) continue;
      port.#unheard = false;
      port.#sleeper.wake();
    }
  }

  /** Waits until something came in, or `ms` have passed. */
  wait(ms: number): Promise<void> {
    return this.#sleeper.sleep(this.#closed || this.#incoming.size > 0 ? 0 : ms);
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Unplugs this end: what it sent still arrives, what comes for it is flooded until its address is learned anew. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#fabric.ports[this.#index] = null;
    this.#fabric.table.forget(this.#index);
    this.counters.vanished += this.#incoming.size;
    this.#incoming.clear();
    this.#sleeper.wake();
  }
}

/**
 * Makes a learning Ethernet switch in memory.
 *
 * ```ts
 * import { memorySwitch } from "@bonsai/net/drivers/memory";
 *
 * const lan = memorySwitch();
 * const [a, b, c] = [lan.port(), lan.port(), lan.port()];
 * ```
 *
 * @param options MTU, length of the queues, and how it remembers addresses.
 * @returns The switch, without ports.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function memorySwitch(options: MemorySwitchOptions = {}): MemorySwitch {
  checkOptions("memorySwitch", MEMORY_SWITCH_OPTIONS, options);
  return new MemorySwitch(options);
}
