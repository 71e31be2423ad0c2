/**
 * How to capture.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";

/** How to capture. */
export interface CaptureOptions {
  /** The interface's name in the file, such as `"tap0"`; the driver's when left out. */
  readonly name?: string;
  /**
   * Chooses packets: gets one, from the link's header on and lent until it returns, and whether the stack received or sent it.
   * All are captured when left out.
   */
  readonly filter?: (bytes: Uint8Array, direction: "in" | "out") => boolean;
  /** Bytes kept of each packet at most, 1 to 262,144; 262,144 when left out, which is all of it. */
  readonly snaplen?: number;
  /**
   * Milliseconds since 1970-01-01 UTC at which the stack's clock showed 0. When left out it is the clock's own: wall-clock times
   * on the host's clock, and times from 1970 on in virtual time.
   */
  readonly origin?: number;
  /**
   * Hears, once, that the sink threw; the capture ends there and the stack goes on. When left out the error is reported as an
   * uncaught one.
   */
  readonly onError?: (error: unknown) => void;
}

/** The schema of {@linkcode CaptureOptions}. */
export const CAPTURE_OPTIONS: OptionsSchema<CaptureOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    name: { type: "string", description: "The interface's name in the file" },
    filter: { description: "Chooses packets" },
    snaplen: { type: "integer", minimum: 1, maximum: 262_144, description: "Bytes kept of each packet at most" },
    origin: { type: "number", minimum: 0, description: "Milliseconds since 1970 at which the clock showed 0" },
    onError: { description: "Hears that the sink threw" },
  },
};
