/**
 * The headers of links: what a captured frame begins with, and tags and tunnels that carry an EtherType.
 *
 * @module
 */

import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  mediumOf,
} from "../../core/capture/link_type.ts";
import { ETHERNET_HEADER, etherType, ETHERTYPE_LEAST } from "../../protocols/ethernet/header.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, IP, LLC, NOTHING } from "./next.ts";

/** The largest length of an IEEE 802.3 frame. */
const LONGEST_8023 = 1500;
/** Bytes of a Linux cooked header, versions 1 and 2. */
const SLL = 16;
const SLL2 = 20;
/** Address families of IPv6 on BSDs and macOS. */
const INET6 = [24, 28, 30];

/**
 * Reads the header of a link.
 *
 * @param d The frame.
 * @param linkType Its link type.
 * @returns What follows; -1 when the link type is none that is read.
 */
export function readLink(d: Dissection, linkType: number): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return ETHERNET;
    case LINKTYPE_NULL:
      return readLoopback(d, false);
    case LINKTYPE_LOOP:
      return readLoopback(d, true);
    case LINKTYPE_LINUX_SLL:
      return readCooked(d, SLL, 14);
    case LINKTYPE_LINUX_SLL2:
      return readCooked(d, SLL2, 0);
    case LINKTYPE_IPV6:
      return ETHER_TYPE | 0x86dd;
    case LINKTYPE_IPV4:
      return IP;
    default:
      if (mediumOf(linkType) !== "ip") return -1;
      // What else such frames may be, their first eight bytes would tell.
      return d.window.length < 8 ? NOTHING : IP;
  }
}

/** The address family of BSD's loopback devices, in the byte order of the machine or of networks. */
function readLoopback({ window }: Dissection, network: boolean): number {
  if (window.length < 4) return NOTHING;
  const { bytes, start: at } = window;
  // A family is a small number: the half with something in it tells the byte order.
  const high = bytes[at]! << 8 | bytes[at + 1]!;
  const low = bytes[at + 2]! << 8 | bytes[at + 3]!;
  const family = network || high === 0 ? low : bytes[at + 1]! << 8 | bytes[at]!;
  window.start += 4;
  if (!network && family > LONGEST_8023) return ETHER_TYPE | family;
  return family === 2 ? ETHER_TYPE | 0x0800 : INET6.includes(family) ? ETHER_TYPE | 0x86dd : NOTHING;
}

/** Linux's header for devices that have none of their own. */
function readCooked({ window }: Dissection, size: number, type: number): number {
  if (window.length < size) return NOTHING;
  const protocol = window.u16(type);
  window.start += size;
  // 1 to 4 stand for frames of Novell, Ethernet and IEEE 802.2.
  if (protocol < ETHERTYPE_LEAST) return protocol === 4 ? LLC : protocol === 3 ? ETHERNET : NOTHING;
  return ETHER_TYPE | protocol;
}

/**
 * Reads an Ethernet header.
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readEthernet({ frame, window }: Dissection): number {
  if (window.length < ETHERNET_HEADER) return NOTHING;
  const { bytes, start: at } = window;
  if (frame.eth.at < 0) frame.eth.set(bytes, at, ETHERNET_HEADER);
  const type = etherType(bytes, at);
  window.start += ETHERNET_HEADER;
  return afterType(window, type);
}

/** What follows an EtherType or a length. */
function afterType(window: Dissection["window"], type: number): number {
  if (type >= ETHERTYPE_LEAST || type === 0) return ETHER_TYPE | type;
  if (type > LONGEST_8023) return NOTHING;
  window.limit(type);
  return LLC;
}

/**
 * Reads an IEEE 802.2 header, with that of SNAP if it is there (RFC 1042).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readLlc({ window }: Dissection): number {
  if (window.length < 3) return NOTHING;
  const { bytes, start: at } = window;
  const sap = bytes[at]!;
  const control = bytes[at + 2]!;
  // The control field of numbered frames has two bytes. Data come in information frames and in plain unnumbered ones.
  window.start += (control & 3) === 3 ? 3 : 4;
  if ((control & 1) === 1 && control !== 3) return NOTHING;
  if (sap === 0x06) return IP;
  if (sap !== 0xaa || bytes[at + 1] !== 0xaa || window.length < 5) return NOTHING;
  const organization = bytes[at + 3]! << 16 | bytes[at + 4]! << 8 | bytes[at + 5]!;
  const type = window.u16(3);
  window.start += 5;
  return organization === 0 || organization === 0x0000f8 ? ETHER_TYPE | type : NOTHING;
}

/**
 * Reads the tag of a VLAN.
 *
 * @param d The frame.
 * @param counted Whether its number is that of a customer's VLAN; a provider's only leads on.
 * @returns What follows.
 */
export function readVlan(d: Dissection, counted: boolean): number {
  const { frame, window } = d;
  if (window.length < 2) return NOTHING;
  if (counted) {
    d.vlan = window.u16(0) & 0xfff;
    if (frame.vlan.at < 0) frame.vlan.set(window.bytes, window.start, 2);
    if (frame.vlanCount < frame.vlans.length) frame.vlans[frame.vlanCount++] = d.vlan;
  }
  if (window.length < 4) return NOTHING;
  const type = window.u16(2);
  window.start += 4;
  return afterType(window, type);
}

/**
 * Reads labels of MPLS (RFC 3032).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readMpls({ window }: Dissection): number {
  for (;;) {
    if (window.length < 4) return NOTHING;
    const { bytes, start: at } = window;
    const label = bytes[at]! << 12 | bytes[at + 1]! << 4 | bytes[at + 2]! >> 4;
    const bottom = bytes[at + 2]! & 1;
    window.start += 4;
    if (bottom === 0) continue;
    // The associated channel and alerts of operation and maintenance carry no packets (RFC 5586, RFC 3429).
    if (label === 13 || label === 14) return NOTHING;
    const version = window.length > 0 ? bytes[window.start]! >> 4 : 0;
    return version === 4 || version === 6 ? IP : NOTHING;
  }
}

/**
 * Reads a session header of PPPoE (RFC 2516) and PPP's protocol number.
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readPppoe({ window }: Dissection): number {
  if (window.length < 6) return NOTHING;
  const size = window.u16(4);
  window.start += 6;
  window.limit(size);
  return readPpp(window);
}

/**
 * Reads a frame of PPP in the manner of HDLC (RFC 1662), the address and control fields of which may be left out.
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readHdlc({ window }: Dissection): number {
  if (window.length >= 2 && window.u16(0) === 0xff03) window.start += 2;
  return readPpp(window);
}

/**
 * Reads the tag of a service instance (IEEE 802.1ah), behind which the customer's addresses stand.
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readServiceTag({ window }: Dissection): number {
  if (window.length < 18) return NOTHING;
  const type = window.u16(16);
  window.start += 18;
  return afterType(window, type);
}

/**
 * Reads the tag of a stream that is sent twice (IEEE 802.1CB).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readRedundancyTag({ window }: Dissection): number {
  if (window.length < 6) return NOTHING;
  const type = window.u16(4);
  window.start += 6;
  return afterType(window, type);
}

/**
 * Reads the header of a service function chain (RFC 8300).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readServiceHeader({ window }: Dissection): number {
  if (window.length < 8) return NOTHING;
  const { bytes, start: at } = window;
  const size = (bytes[at + 1]! & 63) << 2;
  const fixed = (bytes[at + 2]! & 15) === 1;
  if (size < 8 || fixed && size !== 24 || window.length < size) return NOTHING;
  window.start += size;
  switch (bytes[at + 3]) {
    case 1:
      return ETHER_TYPE | 0x0800;
    case 2:
      return ETHER_TYPE | 0x86dd;
    case 3:
      return ETHERNET;
    case 4:
      return ETHER_TYPE | 0x894f;
    case 5:
      return ETHER_TYPE | 0x8847;
    default:
      return NOTHING;
  }
}

/** PPP's protocol number, of one or two bytes (RFC 1661, 6.5). */
function readPpp(window: Dissection["window"]): number {
  if (window.length < 2) return NOTHING;
  const short = (window.bytes[window.start]! & 1) === 1;
  const protocol = short ? window.bytes[window.start]! : window.u16(0);
  window.start += short ? 1 : 2;
  switch (protocol) {
    case 0x0021:
      return ETHER_TYPE | 0x0800;
    case 0x0057:
      return ETHER_TYPE | 0x86dd;
    case 0x0281:
    case 0x0283:
      return ETHER_TYPE | 0x8847;
    default:
      return NOTHING;
  }
}
