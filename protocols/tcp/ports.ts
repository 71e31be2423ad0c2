/**
 * Local ports (RFC 6056).
 *
 * @module
 */

import type { Core } from "../../core/protocol.ts";

/** The first port for who does not name one (RFC 6335). */
const FIRST = 49_152;
/** How many such ports there are. */
const COUNT = 16_384;

/**
 * Chooses an ephemeral port, looking from a random one on (RFC 6056, algorithm 1).
 *
 * @param core Where randomness comes from.
 * @param isFree Whether a port may be chosen.
 * @returns The port; 0 when none is free.
 */
export function ephemeralPort(core: Core, isFree: (port: number) => boolean): number {
  const first = core.random() >>> 0;
  for (let i = 0; i < COUNT; i++) {
    const port = FIRST + (first + i) % COUNT;
    if (isFree(port)) return port;
  }
  return 0;
}

/**
 * Refuses what is no port.
 *
 * @param port The port.
 * @param least 0 where that stands for any, otherwise 1.
 * @returns The port.
 * @throws {RangeError} When it is none.
 */
export function checkPort(port: number, least: number): number {
  return checkInteger("Port", port, least, 65_535);
}

/**
 * Refuses what is no integer of a range.
 *
 * @param what What it stands for, at the beginning of a sentence.
 * @param value The number.
 * @param least The least.
 * @param most The most.
 * @returns The number.
 * @throws {RangeError} When it is none.
 */
export function checkInteger(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${what} must be an integer of at least ${least} and at most ${most}, not ${value}`);
}
