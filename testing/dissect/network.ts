/**
 * IPv4, IPv6 and its extension headers, and what else stands between a link and a transport.
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../../core/checksum.ts";
import { getI32 } from "../../core/packet.ts";
import {
  DESTINATION,
  FRAGMENT_OFFSET,
  fragmentBits,
  headerLength,
  IPV4_HEADER,
  MORE_FRAGMENTS,
  PROTOCOL,
  totalLength,
} from "../../protocols/ipv4/header.ts";
import { DESTINATION_OPTIONS, HOP_BY_HOP, IPV6_HEADER, NEXT_HEADER, ROUTING } from "../../protocols/ipv6/header.ts";
import type { Network } from "./frame.ts";
import type { Window } from "./window.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, IP_PROTOCOL, NOTHING, PPP } from "./next.ts";

/** Options of IPv4: loose and strict source and record route. */
const LOOSE_ROUTE = 131;
const STRICT_ROUTE = 137;
/** Bytes that options of IPv4 have at least, by their type (RFC 791, 1063, 1108, 1393, 2113, 4782, and CIPSO). */
const LEAST_OPTION: Readonly<Record<number, number>> = {
  7: 3,
  11: 4,
  12: 4,
  25: 8,
  68: 4,
  82: 12,
  130: 3,
  131: 3,
  133: 3,
  134: 6,
  136: 4,
  137: 3,
  148: 4,
};
/** What generic routing encapsulation carries beside EtherTypes: mirrored frames of two kinds, and PPP (RFC 2637). */
const MIRRORED = 0x88be;
const MIRRORED_3 = 0x22eb;
const POINT_TO_POINT = 0x880b;
/** What else is read of what it carries: IP, ARP, Ethernet, MPLS and service function chains. */
const TUNNELLED = [0x0800, 0x86dd, 0x0806, 0x6558, 0x8847, 0x8848, 0x894f];
/** Options of IPv6: the length of a jumbogram, and a mobile host's home address. */
const JUMBO = 0xc2;
const HOME_ADDRESS = 0xc9;

/**
 * Reads an IPv4 header.
 *
 * @param d The frame.
 * @returns What follows; for a fragment nothing, until its datagram is whole.
 */
export function readIpv4(d: Dissection): number {
  const { frame, window, network } = d;
  const { bytes, start: at } = window;
  const outer = frame.ip.at < 0;
  const { length } = window;
  if (length < 1) return NOTHING;
  const header = headerLength(bytes, at);
  if (outer) frame.ip.set(bytes, at, header < IPV4_HEADER ? 1 : Math.min(length, IPV4_HEADER));
  if (header < IPV4_HEADER || length < 4) return NOTHING;
  let total = totalLength(bytes, at);
  // A network card that cuts the segment itself gets it with a length of 0.
  const whole = total === 0;
  if (whole) total = window.reported;
  if (outer) frame.ipLength = total;
  if (total < header && !whole) {
    if (outer) frame.ip.have = 4;
    return NOTHING;
  }
  window.limit(total);
  if (outer) frame.ip.end = window.end;
  if (window.length < IPV4_HEADER) return NOTHING;
  network.set(4, bytes, at);
  const options = header > IPV4_HEADER;
  const destination = options ? finalDestination(bytes, at, at + header, window.end) : at + DESTINATION;
  if (destination >= 0) network.destination = destination;
  if (outer) frame.ipDestination = destination;
  const next = IP_PROTOCOL | bytes[at + PROTOCOL]!;
  if (window.length < header || options && !areOptionsSound(bytes, at + IPV4_HEADER, at + header)) return NOTHING;
  const bits = fragmentBits(bytes, at);
  window.start += header;
  window.fragmented = false;
  if ((bits & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) === 0) return next;
  const sound = at + total <= window.end && window.length > 0 && foldChecksum(sumBytes(bytes, at, at + header)) === 0;
  const more = (bits & MORE_FRAGMENTS) !== 0;
  if (sound) return d.fragments.ipv4(d, at, (bits & FRAGMENT_OFFSET) << 3, more) ? next : NOTHING;
  window.fragmented = more;
  return (bits & FRAGMENT_OFFSET) === 0 ? next : NOTHING;
}

/**
 * Finds where the address lies to which a packet goes in the end: in a source route that is not done (RFC 791, 3.1), or in the
 * header.
 *
 * @returns Where; -1 when a part of the options that was not captured would tell.
 */
function finalDestination(bytes: Uint8Array, at: number, end: number, captured: number): number {
  let found = at + DESTINATION;
  for (let option = at + IPV4_HEADER, size = 1; option < end; option += size) {
    if (option >= captured) return -1;
    const type = bytes[option]!;
    size = 1;
    if (type === 0) break;
    if (type === 1) continue;
    if (option + 2 > captured) return -1;
    size = bytes[option + 1]!;
    if (size < 2 || option + size > end) break;
    if (type !== LOOSE_ROUTE && type !== STRICT_ROUTE) continue;
    if (option + 3 > captured) return -1;
    const pointer = bytes[option + 2]!;
    if (pointer < 4 || pointer % 4 !== 0 || pointer > size) break;
    if (end > captured || size < 7) return -1;
    found = option + size - 4;
  }
  return found;
}

/** Whether options hold what they must; behind one that is too short for that, nothing is what it seems. */
function areOptionsSound(bytes: Uint8Array, at: number, end: number): boolean {
  while (at + 1 < end && bytes[at] !== 0) {
    const size = bytes[at] === 1 ? 1 : bytes[at + 1]!;
    if (bytes[at] !== 1 && (size < 2 || at + size > end)) return true;
    if (size > 1 && size < (LEAST_OPTION[bytes[at]!] ?? 0)) return false;
    at += size;
  }
  return true;
}

/**
 * Reads an IPv6 header.
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readIpv6(d: Dissection): number {
  const { frame, window, network } = d;
  const { bytes, start: at } = window;
  if (frame.ipv6.at < 0) frame.ipv6.set(bytes, at, Math.min(window.length, IPV6_HEADER));
  if (window.length < IPV6_HEADER) return NOTHING;
  const payload = window.u16(4);
  const next = bytes[at + NEXT_HEADER]!;
  network.set(6, bytes, at);
  network.end = at + IPV6_HEADER + payload;
  window.fragmented = false;
  const jumbo = payload === 0 && next === HOP_BY_HOP ? jumboLength(bytes, at + IPV6_HEADER, window.end) : 0;
  window.limit(IPV6_HEADER + (jumbo > 0 ? jumbo : payload));
  window.start += IPV6_HEADER;
  return IP_PROTOCOL | next;
}

/**
 * Reads an extension header of IPv6, not that of fragments.
 *
 * @param d The frame.
 * @param header Which one.
 * @returns What follows.
 */
export function readExtension({ window, network }: Dissection, header: number): number {
  if (window.length < 2) return NOTHING;
  const { bytes, start: at } = window;
  const size = bytes[at + 1]! + 1 << 3;
  if (window.length < size) return NOTHING;
  if (header === HOP_BY_HOP || header === DESTINATION_OPTIONS) {
    if (!readOptions(network, bytes, at + 2, at + size, window.end)) return NOTHING;
  } else if (header === ROUTING && !readRoute(network, bytes, at, size)) return NOTHING;
  window.start += size;
  return IP_PROTOCOL | bytes[at]!;
}

/**
 * Reads options of IPv6, and tells whether they end within the packet; that the last of them goes on behind its header is only
 * bad manners.
 */
function readOptions(network: Network, bytes: Uint8Array, at: number, end: number, captured: number): boolean {
  while (at < end) {
    if (bytes[at] === HOME_ADDRESS && at + 18 <= captured) {
      network.sourceBytes = bytes;
      network.source = at + 2;
    }
    at += bytes[at] === 0 ? 1 : at + 1 < captured ? 2 + bytes[at + 1]! : captured;
  }
  return at <= captured;
}

/** Types of routing headers: a source route, a mobile host's home address, a route of RPL, and segments. */
const SOURCE_ROUTE = 0;
const HOME = 2;
const RPL = 3;
const SEGMENTS = 4;

/**
 * Finds where the address lies to which a packet goes in the end, if it is not there yet (RFC 8200, 4.4 and 8.1).
 *
 * @returns Whether the routing header holds what it must.
 */
function readRoute(network: Network, bytes: Uint8Array, at: number, size: number): boolean {
  const type = bytes[at + 2]!;
  const arrived = bytes[at + 3] === 0;
  switch (type) {
    case SOURCE_ROUTE: {
      const count = size - 8 >> 4;
      if (!arrived && count > 0) setDestination(network, bytes, at + 8 + (count - 1 << 4));
      return true;
    }
    case HOME:
    case SEGMENTS:
      // The segments stand in the reverse order (RFC 8754, 2).
      if (size < 24) return false;
      if (!arrived) setDestination(network, bytes, at + 8);
      return true;
    case RPL:
      return readRplRoute(network, bytes, at, size, arrived);
    default:
      return true;
  }
}

/** Reads a route of which the addresses lack the bytes that they share with the destination (RFC 6554, 3). */
function readRplRoute(network: Network, bytes: Uint8Array, at: number, size: number, arrived: boolean): boolean {
  if (size === 8) return true;
  const before = bytes[at + 4]! >> 4;
  const last = bytes[at + 4]! & 15;
  const room = size - 8 - (bytes[at + 5]! >> 4);
  const others = Math.trunc((room - (16 - last)) / (16 - before));
  if (others < 0) return true;
  const place = at + 8 + others * (16 - before);
  if (place + 16 - last > at + size) return false;
  if (arrived) return true;
  const whole = network.destinationBytes.slice(network.destination, network.destination + 16);
  whole.set(bytes.subarray(place, place + 16 - last), last);
  setDestination(network, whole, 0);
  return true;
}

function setDestination(network: Network, bytes: Uint8Array, at: number): void {
  network.destinationBytes = bytes;
  network.destination = at;
}

/** The length that a jumbogram's hop-by-hop options tell (RFC 2675); 0 when they tell none. */
function jumboLength(bytes: Uint8Array, at: number, end: number): number {
  if (at + 8 > end) return 0;
  const until = Math.min(end, at + (bytes[at + 1]! + 1 << 3));
  for (let option = at + 2; option + 6 <= until; option += bytes[option] === 0 ? 1 : 2 + bytes[option + 1]!) {
    if (bytes[option] === JUMBO && bytes[option + 1] === 4) return getI32(bytes, option + 2) >>> 0;
  }
  return 0;
}

/**
 * Reads the fragment header of IPv6.
 *
 * @param d The frame.
 * @returns What follows; for a fragment nothing, until its datagram is whole.
 */
export function readFragment(d: Dissection): number {
  const { frame, window, network } = d;
  const { bytes, start: at } = window;
  if (frame.fragment.at < 0) frame.fragment.set(bytes, at, Math.min(window.length, 8));
  if (window.length < 8) return NOTHING;
  const next = IP_PROTOCOL | bytes[at]!;
  const bits = window.u16(2);
  const more = (bits & 1) !== 0;
  window.start += 8;
  // Behind an IPv4 header it means nothing, and only leads on.
  if ((bits & 0xfff9) === 0 || network.version === 4) return next;
  return network.end <= window.end && d.fragments.ipv6(d, network.at, at, bits & 0xfff8, more) ? next : NOTHING;
}

/**
 * Reads an authentication header (RFC 4302).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readAuthentication({ window }: Dissection): number {
  if (window.length < 12) return NOTHING;
  const { bytes, start: at } = window;
  const size = bytes[at + 1]! + 2 << 2;
  if (window.length < size) return NOTHING;
  window.start += size;
  return IP_PROTOCOL | bytes[at]!;
}

/**
 * Reads a header of generic routing encapsulation (RFC 2784, RFC 2890).
 *
 * @param d The frame.
 * @returns What follows.
 */
export function readGre({ window }: Dissection): number {
  if (window.length < 4) return NOTHING;
  const flags = window.u16(0);
  const type = window.u16(2);
  let size = 4;
  // Checksum and offset, key, sequence number.
  if (flags & 0xc000) size += 4;
  if (flags & 0x2000) size += 4;
  if (flags & 0x1000) size += 4;
  // Of version 1, an acknowledgement.
  if (flags & 0x0080 && (flags & 7) === 1) size += 4;
  if (window.length < size) return NOTHING;
  window.start += size;
  if ((flags & 0x4000) !== 0 && !passSourceRoute(window)) return NOTHING;
  if (type === POINT_TO_POINT) return PPP;
  // A mirrored frame without a sequence number has no header of its own either.
  if (type === MIRRORED) return (flags & 0x1000) === 0 ? ETHERNET : readMirrored(window, 8);
  if (type === MIRRORED_3) return readMirrored(window, 12);
  return TUNNELLED.includes(type) ? ETHER_TYPE | type : NOTHING;
}

/** Reads the header of a mirrored frame (ERSPAN, draft-foschiano-erspan), of so many bytes. */
function readMirrored(window: Window, size: number): number {
  if (window.length < size) return NOTHING;
  // Of the third type the last bit tells of eight bytes more.
  const more = size === 12 && (window.bytes[window.start + 11]! & 1) === 1 ? 8 : 0;
  window.start += size + more;
  return window.length > 0 ? ETHERNET : NOTHING;
}

/** Passes the source route entries of RFC 1701, of which the last is empty. */
function passSourceRoute(window: Window): boolean {
  while (window.length >= 4) {
    const family = window.u16(0);
    const size = window.bytes[window.start + 3]!;
    if (window.length < 4 + size) return false;
    window.start += 4 + size;
    if (family === 0) return true;
  }
  return false;
}

/** Whether a protocol number is that of an extension header that leads on, fragments left out: Shim6's is one. */
export function isExtension(protocol: number): boolean {
  return protocol === HOP_BY_HOP || protocol === ROUTING || protocol === DESTINATION_OPTIONS || protocol === 140;
}
