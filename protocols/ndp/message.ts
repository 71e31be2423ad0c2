/**
 * Neighbour discovery messages (RFC 4861, 4): written, and checked.
 *
 * ```text
 *    0     1     2           4                       8                24
 *    |type |code | checksum  | flags or reserved     | target         | options …
 *    option:     | type | length in units of 8 bytes | data …
 * ```
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import { PROTOCOL_ICMPV6 } from "../../core/ip.ts";
import type { Ipv6Address } from "../../core/ipv6_address.ts";
import { getI32, type Packet } from "../../core/packet.ts";

/** Type: Router Solicitation. */
export const ROUTER_SOLICITATION = 133;
/** Type: Router Advertisement. */
export const ROUTER_ADVERTISEMENT = 134;
/** Type: Neighbour Solicitation. */
export const NEIGHBOUR_SOLICITATION = 135;
/** Type: Neighbour Advertisement. */
export const NEIGHBOUR_ADVERTISEMENT = 136;
/** Type: Redirect. */
export const REDIRECT = 137;

/** Option: Source Link-Layer Address. */
export const SOURCE_LINK_LAYER = 1;
/** Option: Target Link-Layer Address. */
export const TARGET_LINK_LAYER = 2;
/** Option: Nonce (RFC 3971, 5.3.2). */
export const NONCE = 14;

/** Flag of an advertisement: its sender is a router. */
export const ROUTER = 0x80;
/** Flag of an advertisement: it answers a solicitation. */
export const SOLICITED = 0x40;
/** Flag of an advertisement: it replaces what is known. */
export const OVERRIDE = 0x20;

/** Bytes of the IPv6 header. */
const IPV6_HEADER = 40;
/** Bytes of the messages without options, from {@linkcode ROUTER_SOLICITATION} on (RFC 4861, 6.1, 7.1 and 8.1). */
const LENGTHS = [8, 16, 24, 24, 40];

/**
 * Writes a solicitation or an advertisement of a neighbour into an empty packet, behind its IPv6 header.
 *
 * @param packet The packet.
 * @param type {@linkcode NEIGHBOUR_SOLICITATION} or {@linkcode NEIGHBOUR_ADVERTISEMENT}.
 * @param flags Those of an advertisement.
 * @param source Who sends it: the unspecified address while it asks whether another host has its own.
 * @param destination Whom it is for.
 * @param target Whom it is about.
 * @param option The type of its only option, which holds six bytes.
 * @param data The six bytes; no option without.
 */
export function writeNeighbourMessage(
  packet: Packet,
  type: number,
  flags: number,
  source: Ipv6Address,
  destination: Ipv6Address,
  target: Ipv6Address,
  option: number,
  data: Uint8Array | null,
): void {
  const { bytes } = packet;
  const at = packet.network = packet.start;
  const message = packet.transport = at + IPV6_HEADER;
  const length = data ? 32 : 24;
  packet.end = message + length;
  packet.setI32(0, 6 << 28);
  packet.setI32(4, length << 16 | PROTOCOL_ICMPV6 << 8 | 255);
  source.write(bytes, at + 8);
  destination.write(bytes, at + 24);
  packet.setI32(IPV6_HEADER, type << 24);
  packet.setI32(IPV6_HEADER + 4, flags << 24);
  target.write(bytes, message + 8);
  if (data) {
    packet.setU16(IPV6_HEADER + 24, option << 8 | 1);
    bytes.set(data, message + 26);
  }
  packet.setU16(IPV6_HEADER + 2, foldChecksum(sumPacket(packet, at + 8, packet.end, PROTOCOL_ICMPV6 + length)));
}

/**
 * Tells a message of neighbour discovery from everything else.
 *
 * @param packet A packet, its window at the IPv6 header.
 * @returns Whether it is one, valid or not.
 */
export function isDiscovery({ bytes, start: at, end }: Packet): boolean {
  const type = bytes[at + IPV6_HEADER]! - ROUTER_SOLICITATION;
  return bytes[at + 6] === PROTOCOL_ICMPV6 && type >= 0 && type < LENGTHS.length && end - at > IPV6_HEADER;
}

/**
 * Checks a received message (RFC 4861, 6.1, 7.1 and 8.1).
 *
 * @param packet The message, its window at the IPv6 header, behind which it stands; the window's end and `network` are set.
 * @returns Where in the storage its Source Link-Layer Address option lies, 0 without one; -1 when it is not valid.
 */
export function checkMessage(packet: Packet): number {
  const { bytes, start: at } = packet;
  const length = packet.u16(4);
  const message = at + IPV6_HEADER;
  const type = bytes[message]!;
  const least = LENGTHS[type - ROUTER_SOLICITATION]!;
  if (bytes[at]! >> 4 !== 6 || length < least || message + length > packet.end) return -1;
  const end = packet.end = message + length;
  packet.network = at;
  // Only a neighbour can send a packet that still has its first hop limit.
  if (bytes[at + 7] !== 255 || bytes[message + 1] !== 0) return -1;
  if (foldChecksum(sumPacket(packet, at + 8, end, PROTOCOL_ICMPV6 + length)) !== 0) return -1;
  for (let option = message + least; option < end;) {
    const size = option + 1 < end ? bytes[option + 1]! << 3 : 0;
    if (size === 0 || option + size > end) return -1;
    option += size;
  }
  const solicitation = type === NEIGHBOUR_SOLICITATION;
  const neighbour = solicitation || type === NEIGHBOUR_ADVERTISEMENT;
  const link = findOption(packet, SOURCE_LINK_LAYER);
  const group = bytes[at + 24] === 255;
  const unspecified = isFromUnspecified(packet);
  if (
    // No host has the address of a group, of loopback or of IPv4.
    bytes[at + 8] === 255 || !unspecified && (getI32(bytes, at + 8) | getI32(bytes, at + 12)) === 0 ||
    neighbour && bytes[message + 8] === 255 ||
    type === NEIGHBOUR_ADVERTISEMENT && group && (bytes[message + 4]! & SOLICITED) !== 0 ||
    // Routers and redirects speak from the link.
    !neighbour && type !== ROUTER_SOLICITATION && getI32(bytes, at + 8) >>> 22 !== 0x3fa ||
    // Who asks for an address of its own has none to give, and asks the group of those who may have it.
    unspecified && (!solicitation && type !== ROUTER_SOLICITATION || link > 0 ||
        solicitation && !isSolicitedNode(bytes, at + 24))
  ) return -1;
  return link;
}

/**
 * Tells who has no address yet.
 *
 * @param packet A message, `network` set.
 * @returns Whether its source is the unspecified address.
 */
export function isFromUnspecified({ bytes, network: at }: Packet): boolean {
  return (getI32(bytes, at + 8) | getI32(bytes, at + 12) | getI32(bytes, at + 16) | getI32(bytes, at + 20)) === 0;
}

function isSolicitedNode(bytes: Uint8Array, at: number): boolean {
  return getI32(bytes, at) === 0xff020000 << 0 && getI32(bytes, at + 4) === 0 && getI32(bytes, at + 8) === 1 &&
    bytes[at + 12] === 255;
}

/**
 * Finds an option of a valid message.
 *
 * @param packet The message, its window at the IPv6 header or at the ICMPv6 header.
 * @param type The option's type.
 * @param from Where to begin, in the storage; at the first option when left out.
 * @returns Where it lies in the storage; 0 when there is none.
 */
export function findOption({ bytes, network, end }: Packet, type: number, from: number = 0): number {
  const message = network + IPV6_HEADER;
  let at = from || message + LENGTHS[bytes[message]! - ROUTER_SOLICITATION]!;
  for (; at < end; at += bytes[at + 1]! << 3) if (bytes[at] === type) return at;
  return 0;
}
