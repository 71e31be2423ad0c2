/**
 * A plugin that counts bytes, and drops what a second has no room for.
 *
 * @module
 */

import {
  checkOptions,
  type Driver,
  DriverWrapper,
  type Medium,
  type OptionsSchema,
  type Packet,
  type Plugin,
  type PluginContext,
} from "@bonsai/net";

/** How to meter. */
export interface MeterOptions {
  /** Bytes that may be sent in a second; no limit when left out. */
  readonly quota?: number;
}

/** The JSON Schema of {@linkcode MeterOptions}. */
export const METER_OPTIONS: OptionsSchema<MeterOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { quota: { type: "integer", minimum: 1 } },
};

/** What it counts. */
export class MeterCounters {
  /** Bytes received. */
  received: number = 0;
  /** Bytes sent. */
  sent: number = 0;
  /** Packets dropped, for the second had no room for them. */
  dropped: number = 0;
}

/**
 * Meters what passes.
 *
 * @param options How much may pass.
 * @returns The plugin.
 */
export function meter(options: MeterOptions = {}): Plugin {
  checkOptions("meter", METER_OPTIONS, options);
  return (driver, context) => new Meter(driver, context, options.quota ?? Infinity);
}

class Meter<M extends Medium> extends DriverWrapper<M> {
  readonly #counts: MeterCounters = new MeterCounters();
  readonly #context: PluginContext;
  readonly #quota: number;
  #second: number = 0;
  #spent: number = 0;

  constructor(driver: Driver<M>, context: PluginContext, quota: number) {
    super(driver);
    this.#context = context;
    this.#quota = quota;
    context.count("meter", this.#counts);
  }

  override receive(packet: Packet): boolean {
    if (!this.inner.receive(packet)) return false;
    this.#counts.received += packet.length;
    return true;
  }

  override transmit(packet: Packet): boolean {
    const second = Math.floor(this.#context.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#spent = 0;
    }
    if (this.#spent + packet.length > this.#quota) {
      this.#counts.dropped++;
      return false;
    }
    const { length } = packet;
    const sent = this.inner.transmit(packet);
    if (sent) {
      this.#spent += length;
      this.#counts.sent += length;
    }
    return sent;
  }
}
