/**
 * What {@linkcode impair} can do to packets.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";

/** What to do to the packets of a driver. Everything is off when left out. */
export interface ImpairOptions {
  /** Fraction of packets that are lost, 0 to 1. */
  readonly loss?: number;
  /**
   * Packets lost in a row on average, 1 or more: losses come in bursts (Gilbert's model), while `loss` stays the fraction over
   * time. 1 when left out: each packet is lost or not by itself.
   */
  readonly burst?: number;
  /** Fraction of packets that arrive twice, 0 to 1. */
  readonly duplicate?: number;
  /** Fraction of packets in which one bit is flipped, 0 to 1. */
  readonly corrupt?: number;
  /** Fraction of packets that are held back, so that later ones overtake them, 0 to 1. */
  readonly reorder?: number;
  /** Milliseconds for which such packets are held back, above 0; 10 when left out. */
  readonly reorderBy?: number;
  /** Milliseconds that every packet takes, 0 or more. */
  readonly delay?: number;
  /** Milliseconds by which the delay varies either way, evenly spread, 0 or more; it never changes the order. */
  readonly jitter?: number;
  /** Bits per second that pass, frame headers included, 1 or more; no limit when left out. */
  readonly rate?: number;
  /** Bytes that may wait for the rate; what does not fit is dropped. 150,000 when left out: a hundred full frames. */
  readonly limit?: number;
  /** Which packets it is done to; both when left out. Two plugins treat the two directions differently. */
  readonly direction?: "both" | "receive" | "transmit";
  /** What the choices follow from; drawn from the stack's randomness when left out. */
  readonly seed?: number;
}

/** The schema of {@linkcode ImpairOptions}. */
export const IMPAIR_OPTIONS: OptionsSchema<ImpairOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    loss: { type: "number", minimum: 0, maximum: 1, description: "Fraction of packets that are lost" },
    burst: { type: "number", minimum: 1, maximum: 1e6, description: "Packets lost in a row on average" },
    duplicate: { type: "number", minimum: 0, maximum: 1, description: "Fraction of packets that arrive twice" },
    corrupt: { type: "number", minimum: 0, maximum: 1, description: "Fraction of packets in which one bit is flipped" },
    reorder: { type: "number", minimum: 0, maximum: 1, description: "Fraction of packets that later ones overtake" },
    reorderBy: {
      type: "number",
      minimum: 0,
      maximum: 1e9,
      description: "Milliseconds for which such packets are held back",
    },
    delay: { type: "number", minimum: 0, maximum: 1e9, description: "Milliseconds that every packet takes" },
    jitter: {
      type: "number",
      minimum: 0,
      maximum: 1e9,
      description: "Milliseconds by which the delay varies either way",
    },
    rate: { type: "number", minimum: 1, maximum: 1e15, description: "Bits per second that pass" },
    limit: { type: "integer", minimum: 0, description: "Bytes that may wait for the rate" },
    direction: {
      type: "string",
      enum: ["both", "receive", "transmit"],
      description: "Which packets it is done to",
    },
    seed: { type: "integer", description: "What the choices follow from" },
  },
};
