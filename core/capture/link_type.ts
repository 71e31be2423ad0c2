/**
 * Link types of capture files, as <https://www.tcpdump.org/linktypes.html> numbers them.
 *
 * @module
 */

import type { Medium } from "../driver.ts";

/** Ethernet frames. */
export const LINKTYPE_ETHERNET = 1;
/** Bare IPv4 or IPv6 packets. */
export const LINKTYPE_RAW = 101;

/** Bare IP packets as well: what BSDs call DLT_RAW, and the types that name the version. */
const RAW_TOO: readonly number[] = [12, 14, 228, 229];

/**
 * Tells the link type of what a driver carries.
 *
 * @param medium What it carries.
 * @returns The link type.
 */
export function linkTypeOf(medium: Medium): number {
  return medium === "ethernet" ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
}

/**
 * Tells what driver carries a link type.
 *
 * @param linkType The link type.
 * @returns What it carries; null when none does.
 */
export function mediumOf(linkType: number): Medium | null {
  if (linkType === LINKTYPE_ETHERNET) return "ethernet";
  return linkType === LINKTYPE_RAW || RAW_TOO.includes(linkType) ? "ip" : null;
}
