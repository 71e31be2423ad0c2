/**
 * Prints one line for every packet that passes, in the manner of tcpdump.
 *
 * ```ts ignore
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { trace } from "@bonsai/net/plugins/trace";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, plugins: [trace(console.log)], protocols: [] });
 * // 12:00:00.000123 Out IP 10.0.0.2.80 > 10.0.0.1.53124: Flags [S.], seq 123, ack 1, win 65535, length 0
 * ```
 *
 * @module
 */

import type { Driver, Medium, Plugin, PluginContext } from "../core/driver.ts";
import { DriverWrapper } from "../core/driver_wrapper.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import { describePacket, Flows } from "./trace/describe.ts";

export { describePacket, Flows } from "./trace/describe.ts";

/** What to print. */
export interface TraceOptions {
  /**
   * Chooses packets: gets one, from the link's header on and lent until it returns, and whether the stack received or sent it.
   * All are printed when left out.
   */
  readonly filter?: (bytes: Uint8Array, direction: "in" | "out") => boolean;
  /** Whether TCP's sequence numbers count from the first of their connection, where that was seen; true when left out. */
  readonly relative?: boolean;
  /** Words between the time and the packet, such as a stack's name; none when left out. */
  readonly label?: string;
  /** Milliseconds since 1970-01-01 UTC at which the stack's clock showed 0; the clock's own origin when left out. */
  readonly origin?: number;
}

/** The schema of {@linkcode TraceOptions}. */
export const TRACE_OPTIONS: OptionsSchema<TraceOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    filter: { description: "Chooses packets" },
    relative: {
      type: "boolean",
      description: "Whether TCP's sequence numbers count from the first of their connection",
    },
    label: { type: "string", description: "Words between the time and the packet, such as a stack's name" },
    origin: { type: "number", minimum: 0, description: "Milliseconds since 1970 at which the clock showed 0" },
  },
};

/**
 * Makes a plugin that prints what passes. Times are UTC.
 *
 * @param print Takes a line, without its end.
 * @param options What to print.
 * @returns The plugin.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function trace(print: (line: string) => void, options: TraceOptions = {}): Plugin {
  checkOptions("trace", TRACE_OPTIONS, options);
  return (driver, context) => new TraceDriver(driver, context, print, options);
}

class TraceDriver<M extends Medium> extends DriverWrapper<M> {
  readonly #context: PluginContext;
  readonly #print: (line: string) => void;
  readonly #filter: ((bytes: Uint8Array, direction: "in" | "out") => boolean) | undefined;
  readonly #flows: Flows | null;
  readonly #label: string;
  readonly #origin: number;

  constructor(driver: Driver<M>, context: PluginContext, print: (line: string) => void, options: TraceOptions) {
    super(driver);
    this.#context = context;
    this.#print = print;
    this.#filter = options.filter;
    this.#flows = options.relative ?? true ? new Flows() : null;
    this.#label = options.label ? `${options.label} ` : "";
    this.#origin = options.origin ?? context.clock.origin ?? 0;
  }

  override receive(packet: Packet): boolean {
    if (!this.inner.receive(packet)) return false;
    this.#line(packet, "in", "");
    return true;
  }

  override transmit(packet: Packet): boolean {
    const sent = this.inner.transmit(packet);
    this.#line(packet, "out", sent ? "" : " [dropped]");
    return sent;
  }

  #line(packet: Packet, direction: "in" | "out", end: string): void {
    try {
      const bytes = packet.view();
      if (this.#filter && !this.#filter(bytes, direction)) return;
      const time = formatTime(this.#origin, this.#context.clock.now());
      const way = direction === "in" ? "In " : "Out";
      this.#print(`${time} ${this.#label}${way} ${describePacket(bytes, this.medium, this.#flows)}${end}`);
    } catch (error) {
      // The app's own function threw: an uncaught error of the app, and none of the packet's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Writes the time of day, UTC, to the microsecond. */
function formatTime(origin: number, time: number): string {
  const ms = origin + time;
  const micros = Math.round((ms - Math.floor(ms)) * 1000) + Math.floor(ms) % 86_400_000 * 1000;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const seconds = micros / 1e6 % 86_400;
  const fraction = String(micros % 1e6).padStart(6, "0");
  return `${two(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}.${fraction}`;
}
