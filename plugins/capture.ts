/**
 * Writes every packet that passes to a pcapng file, or keeps the last ones in memory.
 *
 * ```ts ignore
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { capture } from "@bonsai/net/plugins/capture";
 *
 * const [driver] = memory("ip");
 * const file: Uint8Array[] = [];
 * const net = stack({ driver, plugins: [capture((bytes) => file.push(bytes.slice()))], protocols: [] });
 * ```
 *
 * @module
 */

import { linkTypeOf } from "../core/capture/link_type.ts";
import { DIRECTION_IN, DIRECTION_OUT, PcapngWriter } from "../core/capture/pcapng_writer.ts";
import type { Driver, Medium, Plugin, PluginContext } from "../core/driver.ts";
import { DriverWrapper } from "../core/driver_wrapper.ts";
import { checkOptions } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import { CAPTURE_OPTIONS, type CaptureOptions } from "./capture/options.ts";

export {
  type PcapngInterface,
  type PcapngNotes,
  type PcapngStatistics,
  PcapngWriter,
} from "../core/capture/pcapng_writer.ts";
export { CAPTURE_OPTIONS, type CaptureOptions } from "./capture/options.ts";
export { Recent, recent, RECENT_OPTIONS, type RecentOptions, type RecentPacket } from "./capture/recent.ts";

/**
 * Makes a plugin that captures what passes.
 *
 * What it sees depends on its place: listed after `impair()` it stands on the stack's side of the bad network. Packets that the
 * driver refused are not in the file but in its drop count.
 *
 * @param sink Takes the file, at the end of every turn and whenever 64 KiB have come together; the bytes are lent until it
 * returns. Or a writer, so that several stacks are interfaces of one file.
 * @param options Name, length and times.
 * @returns The plugin; it ends the file when the stack closes.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function capture(
  sink: ((bytes: Uint8Array) => unknown) | PcapngWriter,
  options: CaptureOptions = {},
): Plugin {
  checkOptions("capture", CAPTURE_OPTIONS, options);
  return (driver, context) => new CaptureDriver(driver, context, sink, options);
}

class CaptureDriver<M extends Medium> extends DriverWrapper<M> {
  readonly #writer: PcapngWriter;
  readonly #id: number;
  readonly #context: PluginContext;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #filter: CaptureOptions["filter"];
  #open: boolean = true;
  #seen: number = 0;
  #dropped: number = 0;

  constructor(
    driver: Driver<M>,
    context: PluginContext,
    sink: ((bytes: Uint8Array) => unknown) | PcapngWriter,
    options: CaptureOptions,
  ) {
    super(driver);
    this.#context = context;
    this.#onError = options.onError;
    this.#filter = options.filter;
    this.#writer = typeof sink === "function" ? new PcapngWriter(sink) : sink;
    this.#id = this.#writer.addInterface({
      name: options.name ?? driver.name,
      linkType: linkTypeOf(driver.medium),
      origin: options.origin ?? context.clock.origin ?? 0,
      ...(options.snaplen && { snaplen: options.snaplen }),
    });
  }

  override receive(packet: Packet): boolean {
    if (!this.inner.receive(packet)) return false;
    this.#record(packet, DIRECTION_IN);
    return true;
  }

  override transmit(packet: Packet): boolean {
    // Afterwards, for a driver may still finish a checksum in it.
    const sent = this.inner.transmit(packet);
    if (sent) this.#record(packet, DIRECTION_OUT);
    else {
      this.#seen++;
      this.#dropped++;
    }
    return sent;
  }

  override flush(): void {
    this.inner.flush();
    this.#guard(() => this.#writer.flush());
  }

  override close(): void {
    this.inner.close();
    this.#guard(() => {
      this.#writer.statistics(this.#id, this.#context.clock.now(), { seen: this.#seen, dropped: this.#dropped });
      this.#writer.flush();
    });
    this.#open = false;
  }

  #record(packet: Packet, direction: number): void {
    if (!this.#open) return;
    this.#seen++;
    try {
      const { bytes, start, end } = packet;
      if (this.#filter && !this.#filter(packet.view(), direction === DIRECTION_IN ? "in" : "out")) return;
      this.#writer.packet(this.#id, this.#context.clock.now(), direction, bytes, start, end);
    } catch (error) {
      this.#fail(error);
    }
  }

  #guard(write: () => void): void {
    if (!this.#open) return;
    try {
      write();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A sink that throws, such as one on a full disk, must not take the stack with it. */
  #fail(error: unknown): void {
    this.#open = false;
    const onError = this.#onError;
    queueMicrotask(() => {
      if (!onError) throw error;
      onError(error);
    });
  }
}
