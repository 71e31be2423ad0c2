/**
 * Options of TCP.
 *
 * @module
 */

import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import { type Congestion, newReno } from "./congestion.ts";

/** Options of `tcp()` and `tcpClient()`. */
export interface TcpOptions {
  /** Bytes that a connection holds that are written and not acknowledged, at most; 1 MiB when left out. */
  readonly sendBuffer?: number;
  /** Bytes that a connection holds that are received and not read, at most: its window; 1 MiB when left out. */
  readonly receiveBuffer?: number;
  /** Connections at the same time, TIME-WAIT included; 65,536 when left out. */
  readonly maxConnections?: number;
  /** The shortest retransmission timeout, in milliseconds; 200 when left out, as Linux has it (RFC 6298 says 1,000). */
  readonly minRto?: number;
  /** How long an acknowledgement waits for data to carry it, in milliseconds; 40 when left out. */
  readonly ackDelay?: number;
  /** How long data may stay unanswered before the connection ends (R2), in milliseconds; 15 minutes when left out. */
  readonly timeout?: number;
  /** How long a SYN may stay unanswered, in milliseconds; 3 minutes when left out (MUST-23). */
  readonly openTimeout?: number;
  /** How long TIME-WAIT lasts (2 MSL), in milliseconds; 60,000 when left out. */
  readonly timeWait?: number;
  /** Whether timestamps (RFC 7323) are used with peers that do; true when left out. */
  readonly timestamps?: boolean;
  /** Whether selective acknowledgements (RFC 2018) are used with peers that do; true when left out. */
  readonly sack?: boolean;
  /** Makes the congestion control of each connection; {@linkcode newReno} when left out. */
  readonly congestion?: Congestion;
}

/** The JSON Schema of {@linkcode TcpOptions}. */
export const TCP_OPTIONS: OptionsSchema<TcpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    sendBuffer: { type: "integer", minimum: 4096, maximum: 268_435_456 },
    receiveBuffer: { type: "integer", minimum: 4096, maximum: 268_435_456 },
    maxConnections: { type: "integer", minimum: 1, maximum: 16_777_216 },
    minRto: { type: "number", minimum: 1, maximum: 60_000 },
    ackDelay: { type: "number", minimum: 0, maximum: 500 },
    timeout: { type: "number", minimum: 1 },
    openTimeout: { type: "number", minimum: 1 },
    timeWait: { type: "number", minimum: 0 },
    timestamps: { type: "boolean" },
    sack: { type: "boolean" },
    congestion: {},
  },
};

const DEFAULTS: Required<TcpOptions> = {
  sendBuffer: 1_048_576,
  receiveBuffer: 1_048_576,
  maxConnections: 65_536,
  minRto: 200,
  ackDelay: 40,
  timeout: 900_000,
  openTimeout: 180_000,
  timeWait: 60_000,
  timestamps: true,
  sack: true,
  congestion: newReno,
};

/**
 * Checks options, and completes them.
 *
 * @param owner Whose they are.
 * @param options What was given.
 * @returns All of them.
 * @throws {TypeError} When one is unknown or of another type.
 * @throws {RangeError} When one is out of its range.
 */
export function settle(owner: string, options: TcpOptions): Required<TcpOptions> {
  checkOptions(owner, TCP_OPTIONS, options);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
