/**
 * What can be replayed: the packets of a capture file, whatever their format and link type.
 *
 * @module
 */

import { mediumOf } from "../../core/capture/link_type.ts";
import type { Medium } from "../../core/driver.ts";
import { ETHERNET, Headers } from "./headers.ts";

/** A packet that can be replayed. */
export interface SourcePacket {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** When it passed: whole seconds since 1970-01-01 UTC. */
  readonly seconds: number;
  /** When it passed: nanoseconds of that second. */
  readonly nanoseconds: number;
  /** Bytes that it had on the wire. */
  readonly length: number;
  /** What was kept of it. */
  readonly bytes: Uint8Array;
  /** What it begins with, where that differs within the file. */
  readonly linkType?: number;
  /** Whether the recording host received it or sent it; left out or null when that is not known. */
  readonly direction?: "in" | "out" | null;
}

/** A recording that can be replayed, such as a capture file that was read. */
export interface ReplaySource {
  /** What its packets begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** The packets. */
  readonly packets: readonly SourcePacket[];
}

/** Link types whose packets are IP packets behind a header: BSD null and loop, Linux cooked v1 and v2, with its length. */
const COOKED: Readonly<Record<number, number>> = { 0: 4, 108: 4, 113: 16, 276: 20 };

const headers = /* @__PURE__ */ new Headers();

/**
 * Makes a captured packet one that a driver carries.
 *
 * @param bytes What was captured.
 * @param linkType What it begins with.
 * @param medium What the driver carries.
 * @returns The packet, which shares its storage; null when there is nothing in it that the driver carries.
 */
export function toMedium(bytes: Uint8Array, linkType: number, medium: Medium): Uint8Array | null {
  const recorded = mediumOf(linkType);
  if (recorded === medium) return bytes;
  const cooked = COOKED[linkType];
  if (medium === "ip" && cooked !== undefined) {
    const version = (bytes[cooked] ?? 0) >> 4;
    return version === 4 || version === 6 ? bytes.subarray(cooked) : null;
  }
  if (recorded === null || medium === "ethernet") return null;
  if (bytes.length < ETHERNET) return null;
  headers.read(bytes, 0, bytes.length, "ethernet");
  return headers.network < 0 ? null : bytes.subarray(headers.network, headers.end);
}

/**
 * Tells why a driver cannot carry packets of a kind.
 *
 * @param linkType What they begin with.
 * @param medium What the driver carries.
 * @returns What they are, for a sentence; null when it can.
 */
export function misfit(linkType: number, medium: Medium): string | null {
  const recorded = mediumOf(linkType);
  const cooked = linkType in COOKED;
  if (recorded === medium || (medium === "ip" && (recorded !== null || cooked))) return null;
  return recorded || cooked ? "bare IP packets" : `link type ${linkType}`;
}
