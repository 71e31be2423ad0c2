/**
 * Initial sequence numbers (RFC 6528): a clock, plus a keyed hash of the connection's name.
 *
 * @module
 */

/**
 * The clock part M of an initial sequence number: it ticks every 4 microseconds (RFC 9293, MUST-8).
 *
 * @param now The time, in milliseconds.
 * @returns 32 bits, as an int32.
 */
export function isnClock(now: number): number {
  return Math.floor(now * 250) | 0;
}
