/**
 * Numbers and names as people read them.
 *
 * @module
 */

import type { TcpEndpoint } from "../../protocols/tcp.ts";

/** Made once: `toLocaleString()` makes one each time, which takes Deno longer than the rest of the page. */
const WITH_COMMAS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Writes a number with its thousands apart. */
export function count(value: number): string {
  return WITH_COMMAS.format(value);
}

/** Writes an amount of bytes for people. */
export function bytes(value: number): string {
  if (value < 10_000) return `${count(value)} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
}

/** Writes a duration for people. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 2 : 1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Writes an end of a connection. */
export function endText({ hostname, port }: TcpEndpoint): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
