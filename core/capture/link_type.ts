/**
 * Link types of capture files, as <https://www.tcpdump.org/linktypes.html> numbers them.
 *
 * @module
 */

import type { Medium } from "../driver.ts";

/** Ethernet frames. */
export const LINKTYPE_ETHERNET = 1;
/** BSD's loopback: an address family in the byte order of the machine. */
export const LINKTYPE_NULL = 0;
/** OpenBSD's loopback: an address family in network byte order. */
export const LINKTYPE_LOOP = 108;
/** Linux's cooked header, version 1. */
export const LINKTYPE_LINUX_SLL = 113;
/** Linux's cooked header, version 2. */
export const LINKTYPE_LINUX_SLL2 = 276;
/** Bare IPv4 packets. */
export const LINKTYPE_IPV4 = 228;
/** Bare IPv6 packets. */
export const LINKTYPE_IPV6 = 229;
/** Bare IPv4 or IPv6 packets. */
export const LINKTYPE_RAW = 101;

/** Bare IP packets as well: what BSDs call DLT_RAW, and the types that name the version. */
const RAW_TOO: readonly number[] = [12, 14, LINKTYPE_IPV4, LINKTYPE_IPV6];

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

/** What the link types are called that captures come with most often. */
const NAMES: Readonly<Record<number, string>> = {
  0: "BSD loopback",
  1: "Ethernet",
  6: "Token Ring",
  8: "SLIP",
  9: "PPP",
  10: "FDDI",
  12: "raw IP",
  14: "raw IP",
  50: "PPP in HDLC",
  51: "PPPoE",
  101: "raw IP",
  104: "Cisco HDLC",
  105: "IEEE 802.11",
  107: "Frame Relay",
  108: "OpenBSD loopback",
  113: "Linux cooked v1",
  117: "OpenBSD pflog",
  119: "IEEE 802.11 with Prism header",
  127: "IEEE 802.11 with radiotap header",
  147: "reserved for private use",
  187: "Bluetooth HCI H4",
  189: "USB of Linux",
  195: "IEEE 802.15.4",
  201: "Bluetooth HCI H4 with direction",
  220: "USB of Linux, padded",
  227: "CAN",
  228: "raw IPv4",
  229: "raw IPv6",
  230: "IEEE 802.15.4 without frame check sequence",
  249: "USBPcap",
  253: "Linux netlink",
  276: "Linux cooked v2",
};

/**
 * Tells what a link type is called.
 *
 * @param linkType The link type.
 * @returns Its name; "unknown" when it is none of the common ones.
 */
export function linkTypeName(linkType: number): string {
  return Object.hasOwn(NAMES, linkType) ? NAMES[linkType]! : "unknown";
}
