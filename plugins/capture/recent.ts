/**
 * The last packets that passed, kept in memory.
 *
 * @module
 */

import { linkTypeOf } from "../../core/capture/link_type.ts";
import { DIRECTION_IN, DIRECTION_OUT, PcapngWriter } from "../../core/capture/pcapng_writer.ts";
import type { Driver, Medium, Plugin, PluginContext } from "../../core/driver.ts";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import type { Packet } from "../../core/packet.ts";

/** How much to keep. */
export interface RecentOptions {
  /** Packets kept, 1 to 1,048,576; 1024 when left out. */
  readonly packets?: number;
  /** Bytes kept of each packet at most, 1 to 65,553; 2048 when left out. */
  readonly snaplen?: number;
}

/** The schema of {@linkcode RecentOptions}. */
export const RECENT_OPTIONS: OptionsSchema<RecentOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    packets: { type: "integer", minimum: 1, maximum: 1_048_576, description: "Packets kept" },
    snaplen: { type: "integer", minimum: 1, maximum: 65_553, description: "Bytes kept of each packet at most" },
  },
};

/** A packet that passed. */
export interface RecentPacket {
  /** When it passed, in milliseconds of the stack's clock. */
  readonly time: number;
  /** Whether the stack sent it or received it. */
  readonly direction: "in" | "out";
  /** Bytes that it had on the wire. */
  readonly length: number;
  /** Its first bytes, from the link's header on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The last packets that passed; each new one takes the place of the oldest. */
export class Recent {
  /** What to list among a stack's plugins. */
  readonly plugin: Plugin = (driver, context) => new RecentDriver(driver, context, this);
  readonly #snaplen: number;
  readonly #slots: Uint8Array<ArrayBuffer>[] = [];
  readonly #times: Float64Array<ArrayBuffer>;
  readonly #lengths: Uint32Array<ArrayBuffer>;
  readonly #sent: Uint8Array<ArrayBuffer>;
  #count: number = 0;
  #medium: Medium = "ethernet";
  #name: string = "";
  #origin: number = 0;

  /**
   * Made by {@linkcode recent}.
   *
   * @param options How much to keep, checked already.
   */
  constructor(options: RecentOptions) {
    const packets = options.packets ?? 1024;
    this.#snaplen = options.snaplen ?? 2048;
    this.#times = new Float64Array(packets);
    this.#lengths = new Uint32Array(packets);
    this.#sent = new Uint8Array(packets);
  }

  /** Packets that passed so far, those no longer kept included. */
  get count(): number {
    return this.#count;
  }

  /**
   * Learns what the packets are; called by its plugin.
   *
   * @param driver The driver.
   * @param origin Milliseconds since 1970-01-01 UTC at which the clock showed 0.
   */
  attach(driver: Driver, origin: number): void {
    this.#medium = driver.medium;
    this.#name = driver.name;
    this.#origin = origin;
  }

  /**
   * Keeps a copy of a packet; called by its plugin.
   *
   * @param packet The packet.
   * @param time When it passed, in milliseconds.
   * @param sent Whether the stack sent it.
   */
  keep(packet: Packet, time: number, sent: boolean): void {
    const place = this.#count++ % this.#times.length;
    const slot = this.#slots[place] ??= new Uint8Array(this.#snaplen);
    const { bytes, start, end } = packet;
    slot.set(bytes.subarray(start, Math.min(end, start + this.#snaplen)));
    this.#times[place] = time;
    this.#lengths[place] = end - start;
    this.#sent[place] = sent ? 1 : 0;
  }

  /**
   * Shows the packets, the oldest first.
   *
   * @returns Copies of them.
   */
  packets(): RecentPacket[] {
    const shown: RecentPacket[] = [];
    this.#each((bytes, time, length, sent) => {
      shown.push({ time, direction: sent ? "out" : "in", length, bytes: bytes.slice() });
    });
    return shown;
  }

  /**
   * Writes the packets as a capture file.
   *
   * @returns The file, in the pcapng format.
   */
  pcapng(): Uint8Array<ArrayBuffer> {
    const pieces: Uint8Array[] = [];
    const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
    const origin = this.#origin;
    const id = writer.addInterface({ name: this.#name, linkType: linkTypeOf(this.#medium), origin });
    this.#each((bytes, time, length, sent) => {
      writer.packet(id, time, sent ? DIRECTION_OUT : DIRECTION_IN, bytes, 0, bytes.length, length);
    });
    writer.flush();
    const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      file.set(piece, at);
      at += piece.length;
    }
    return file;
  }

  #each(show: (bytes: Uint8Array<ArrayBuffer>, time: number, length: number, sent: boolean) => void): void {
    const size = this.#times.length;
    for (let n = Math.max(0, this.#count - size); n < this.#count; n++) {
      const place = n % size;
      const length = this.#lengths[place]!;
      const bytes = this.#slots[place]!.subarray(0, Math.min(length, this.#snaplen));
      show(bytes, this.#times[place]!, length, this.#sent[place] === 1);
    }
  }

  /** Forgets all packets. */
  clear(): void {
    this.#count = 0;
  }
}

class RecentDriver<M extends Medium> extends DriverWrapper<M> {
  readonly #context: PluginContext;
  readonly #recent: Recent;

  constructor(driver: Driver<M>, context: PluginContext, kept: Recent) {
    super(driver);
    this.#context = context;
    this.#recent = kept;
    kept.attach(driver, context.clock.origin ?? 0);
  }

  override receive(packet: Packet): boolean {
    if (!this.inner.receive(packet)) return false;
    this.#recent.keep(packet, this.#context.clock.now(), false);
    return true;
  }

  override transmit(packet: Packet): boolean {
    const sent = this.inner.transmit(packet);
    if (sent) this.#recent.keep(packet, this.#context.clock.now(), true);
    return sent;
  }
}

/**
 * Keeps the last packets of a stack in memory, for a page that shows them or a failing test that writes them out.
 *
 * ```ts ignore
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { recent } from "@bonsai/net/plugins/capture";
 *
 * const [driver] = memory("ip");
 * const last = recent({ packets: 100 });
 * const net = stack({ driver, plugins: [last.plugin], protocols: [] });
 * last.packets().map(({ time, direction, length }) => ({ time, direction, length }));
 * ```
 *
 * @param options How much to keep.
 * @returns What keeps them; list its `plugin`.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function recent(options: RecentOptions = {}): Recent {
  checkOptions("recent", RECENT_OPTIONS, options);
  return new Recent(options);
}
