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
import type { Window } from "./window.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, IP_PROTOCOL, NOTHING } from "./next.ts";

/** Options of IPv4: loose and strict source and record route. */
const LOOSE_ROUTE = 131;
const STRICT_ROUTE = 137;
/** The EtherType of mirrored frames. */
const MIRRORED = 0x88be;
/** The option of IPv6 that tells the length of a jumbogram. */
const JUMBO = 0xc2;

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
  network.bytes = bytes;
  network.at = at;
  network.version = 4;
  const destination = header > IPV4_HEADER ? finalDestination(bytes, at, at + header, window.end) : at + DESTINATION;
  network.destination = destination < 0 ? at + DESTINATION : destination;
  if (outer) frame.ipDestination = destination;
  const next = IP_PROTOCOL | bytes[at + PROTOCOL]!;
  if (window.length < header) return NOTHING;
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
  network.bytes = bytes;
  network.at = at;
  network.version = 6;
  network.end = at + IPV6_HEADER + payload;
  network.destination = at + 24;
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
  const options = header === HOP_BY_HOP || header === DESTINATION_OPTIONS;
  if (options && !areThere(bytes, at + 2, at + size, window.end)) return NOTHING;
  // The last address of a source route is where the packet really goes (RFC 8200, 8.1).
  if (header === ROUTING && bytes[at + 2] === 0 && bytes[at + 3]! > 0 && size >= 24) {
    network.destination = at + size - 16;
  }
  window.start += size;
  return IP_PROTOCOL | bytes[at]!;
}

/** Whether options end within the packet; that the last of them goes on behind its header is only bad manners. */
function areThere(bytes: Uint8Array, at: number, end: number, captured: number): boolean {
  while (at < end) at += bytes[at] === 0 ? 1 : at + 1 < captured ? 2 + bytes[at + 1]! : captured;
  return at <= captured;
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
  if (size < 12 || window.length < size) return NOTHING;
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
  // A mirrored frame without a sequence number has no header of its own either.
  if (type === MIRRORED && (flags & 0x1000) === 0) return ETHERNET;
  return ETHER_TYPE | type;
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
