/**
 * A bad network: loss, duplication, corruption, reordering, delay and a limited rate, repeatable from a seed.
 *
 * ```ts ignore
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { impair } from "@bonsai/net/plugins/impair";
 *
 * const [driver] = memory("ip");
 * const bad = impair({ loss: 0.02, delay: 40, jitter: 5, rate: 10_000_000 });
 * const net = stack({ driver, plugins: [bad], protocols: [] });
 * ```
 *
 * @module
 */

import type { Driver, Medium, Plugin, PluginContext } from "../core/driver.ts";
import { DriverWrapper } from "../core/driver_wrapper.ts";
import { checkOptions } from "../core/options.ts";
import { copyPacket, type Packet } from "../core/packet.ts";
import { seededRandom } from "../core/random.ts";
import { IMPAIR_OPTIONS, type ImpairOptions } from "./impair/options.ts";
import { HELD, ImpairCounters, LOST, PASSES, Path } from "./impair/path.ts";

export { IMPAIR_OPTIONS, type ImpairOptions } from "./impair/options.ts";
export { ImpairCounters } from "./impair/path.ts";

/** Bytes that a frame may have beyond the MTU: an Ethernet header and one VLAN tag. */
const FRAME_HEADERS = 18;
/** Packets taken from the driver in one `receive` while none is due: a turn stays bounded under a flood. */
const ABSORBED = 1024;

/**
 * Makes a plugin that treats packets as a bad network does.
 *
 * Chance, delays and the rate apply in this order: loss, rate, delay and jitter, reordering, corruption, duplication. When the
 * stack closes, what is still held goes out at once.
 *
 * @param options What to do to the packets.
 * @returns The plugin.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function impair(options: ImpairOptions): Plugin {
  checkOptions("impair", IMPAIR_OPTIONS, options);
  const { loss, duplicate, corrupt, reorder, delay, jitter, rate } = options;
  const idle = !(loss || duplicate || corrupt || reorder || delay || jitter || rate);
  return (driver, context) => idle ? driver : new ImpairedDriver(driver, context, options);
}

class ImpairedDriver<M extends Medium> extends DriverWrapper<M> {
  readonly #now: () => number;
  readonly #incoming: Path | null = null;
  readonly #outgoing: Path | null = null;
  /** Whether the driver may have more to receive than one call took. */
  #more: boolean = false;

  constructor(driver: Driver<M>, context: PluginContext, options: ImpairOptions) {
    super(driver);
    this.#now = () => context.now();
    const seed = options.seed ?? context.random();
    const direction = options.direction ?? "both";
    const frame = Math.max(driver.mtu + FRAME_HEADERS, driver.offload.segmentation);
    const path = (way: "receive" | "transmit", salt: number): Path => {
      const counters = new ImpairCounters();
      context.count(`impair ${way}`, counters);
      return new Path(options, seededRandom(seed ^ salt), frame, counters);
    };
    if (direction !== "transmit") this.#incoming = path("receive", 0);
    if (direction !== "receive") this.#outgoing = path("transmit", 0x5bd1e995);
  }

  override receive(packet: Packet): boolean {
    const path = this.#incoming;
    if (!path) return this.inner.receive(packet);
    const { held } = path;
    const now = this.#now();
    this.#more = false;
    for (let i = 0; i < ABSORBED; i++) {
      if (held.due <= now) {
        copyPacket(packet, held.first);
        held.drop();
        return true;
      }
      if (!this.inner.receive(packet)) return false;
      if (path.decide(packet, now) === PASSES) return true;
      packet.reset();
    }
    this.#more = true;
    return false;
  }

  override transmit(packet: Packet): boolean {
    const path = this.#outgoing;
    if (!path) return this.inner.transmit(packet);
    const now = this.#now();
    this.#release(path, now);
    switch (path.decide(packet, now)) {
      case HELD:
      case LOST:
        // To the stack both look like packets that went out.
        return true;
      default:
        return this.inner.transmit(packet);
    }
  }

  /** Hands on the packets that are due, as far as the driver has room. */
  #release(path: Path, now: number): void {
    const { held } = path;
    while (held.due <= now && this.inner.room() > 0) {
      this.inner.transmit(held.first);
      held.drop();
    }
  }

  override flush(): void {
    if (this.#outgoing && this.#outgoing.held.size > 0) this.#release(this.#outgoing, this.#now());
    this.inner.flush();
  }

  override next(): number {
    let next = this.inner.next ? this.inner.next() : Infinity;
    if (this.#incoming) next = Math.min(next, this.#more ? -Infinity : this.#incoming.held.due);
    const due = this.#outgoing ? this.#outgoing.held.due : Infinity;
    // What waits for room, and not for its time, goes out when the driver ends its wait for that.
    if (due < next && !(due <= this.#now() && this.inner.room() <= 0)) next = due;
    return next;
  }

  override wait(ms: number): Promise<void> {
    return this.inner.wait(Math.min(ms, Math.max(0, this.next() - this.#now())));
  }

  override close(): void {
    if (this.#outgoing) this.#release(this.#outgoing, Number.MAX_VALUE);
    this.inner.flush();
    this.inner.close();
  }
}
