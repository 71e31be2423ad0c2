/**
 * Which packets that arrive are taken (RFC 791, 3.1; RFC 1122, 3.2.1).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import { isIpv4Loopback, isIpv4Multicast } from "../../core/ipv4_address.ts";
import { type Packet, UNICAST } from "../../core/packet.ts";
import type { Ipv4 } from "../ipv4.ts";
import type { Ipv4Counters } from "./counters.ts";
import { headerLength, IPV4_HEADER, totalLength } from "./header.ts";

/**
 * Tells why a header cannot be one, and cuts off what follows the packet.
 *
 * @param packet The packet, its window at the header; `network` is set.
 * @returns What is to be counted; null when all is well.
 */
export function headerFault(packet: Packet): keyof Ipv4Counters | null {
  const { bytes, start: at } = packet;
  const header = headerLength(bytes, at);
  const total = totalLength(bytes, at);
  if (packet.length < header || header < IPV4_HEADER || bytes[at]! >> 4 !== 4) return "malformed";
  if (total < header || total > packet.length) return "badLength";
  if (foldChecksum(sumPacket(packet, at, at + header)) !== 0) return "badChecksum";
  // A frame may be longer than its packet: short ones are padded (RFC 894).
  packet.end = at + total;
  packet.network = at;
  return null;
}

/**
 * Tells why a packet from the link is not for us, or not from somebody who may send it (RFC 1122, 3.2.1.3).
 *
 * @param layer The layer.
 * @param packet The packet, `network` set.
 * @returns What is to be counted; null when it is for us.
 */
export function addressFault(layer: Ipv4, packet: Packet): keyof Ipv4Counters | null {
  const source = layer.source(packet);
  const destination = layer.destination(packet);
  const many = layer.isMany(destination);
  if (
    isIpv4Loopback(destination) || layer.isMany(source) || layer.isLocal(source) ||
    source >>> 24 === 0 && !(many && source === 0)
  ) return "martians";
  if (many) return !isIpv4Multicast(destination) || layer.inGroup(destination) ? null : "foreign";
  // What the link carried to many must be for many (RFC 1122, 3.3.6).
  return !layer.isLocal(destination) ? "foreign" : packet.cast === UNICAST ? null : "martians";
}
