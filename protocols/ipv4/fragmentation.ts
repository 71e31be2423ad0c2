/**
 * Cuts datagrams that are larger than the way they go (RFC 791, 3.2).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import type { Neighbour } from "../../core/driver.ts";
import type { Packet, PacketPool } from "../../core/packet.ts";
import { IPV4_HEADER, MORE_FRAGMENTS } from "./header.ts";

/**
 * Sends a datagram in fragments.
 *
 * @param packet The datagram, its window at a header without options.
 * @param mtu Bytes of the largest packet that goes through, at least 28.
 * @param neighbour Whom the fragments are handed to.
 * @param pool Where to take a packet for them.
 * @returns False when one was dropped; the rest is not sent then, for it would be in vain.
 */
export function transmitFragments(packet: Packet, mtu: number, neighbour: Neighbour, pool: PacketPool): boolean {
  const { bytes, start: at, end } = packet;
  const step = mtu - IPV4_HEADER & ~7;
  const fragment = pool.take();
  let sent = true;
  for (let from = at + IPV4_HEADER; sent && from < end; from += step) {
    const to = Math.min(from + step, end);
    fragment.reset();
    const start = fragment.start;
    fragment.network = start;
    fragment.end = start + IPV4_HEADER + to - from;
    fragment.bytes.set(bytes.subarray(at, at + IPV4_HEADER), start);
    fragment.bytes.set(bytes.subarray(from, to), start + IPV4_HEADER);
    fragment.setU16(2, fragment.length);
    fragment.setU16(6, from - at - IPV4_HEADER >>> 3 | (to < end ? MORE_FRAGMENTS : 0));
    fragment.setU16(10, 0);
    fragment.setU16(10, foldChecksum(sumPacket(fragment, start, start + IPV4_HEADER)));
    sent = neighbour.transmit(fragment);
  }
  pool.give(fragment);
  return sent;
}
