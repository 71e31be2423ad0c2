/**
 * Cuts datagrams that are larger than the way they go (RFC 8200, 4.5).
 *
 * @module
 */

import type { Neighbour } from "../../core/driver.ts";
import type { Packet, PacketPool } from "../../core/packet.ts";
import { FRAGMENT, FRAGMENT_HEADER, IPV6_HEADER, NEXT_HEADER } from "./header.ts";

/**
 * Sends a datagram in fragments.
 *
 * @param packet The datagram, its window at a header without extensions.
 * @param mtu Bytes of the largest packet that goes through.
 * @param identification What tells its fragments from others: 32 bits, hard to guess (RFC 7739).
 * @param neighbour Whom the fragments are handed to.
 * @param pool Where to take a packet for them.
 * @returns False when one was dropped; the rest is not sent then, for it would be in vain.
 */
export function transmitFragments(
  packet: Packet,
  mtu: number,
  identification: number,
  neighbour: Neighbour,
  pool: PacketPool,
): boolean {
  const { bytes, start: at, end } = packet;
  const step = mtu - IPV6_HEADER - FRAGMENT_HEADER & ~7;
  const fragment = pool.take();
  let sent = true;
  for (let from = at + IPV6_HEADER; sent && from < end; from += step) {
    const to = Math.min(from + step, end);
    fragment.reset();
    const start = fragment.network = fragment.start;
    fragment.end = start + IPV6_HEADER + FRAGMENT_HEADER + to - from;
    fragment.bytes.set(bytes.subarray(at, at + IPV6_HEADER), start);
    fragment.bytes.set(bytes.subarray(from, to), start + IPV6_HEADER + FRAGMENT_HEADER);
    fragment.setU16(4, fragment.length - IPV6_HEADER);
    fragment.setU8(NEXT_HEADER, FRAGMENT);
    fragment.setI32(IPV6_HEADER, bytes[at + NEXT_HEADER]! << 24 | from - at - IPV6_HEADER | (to < end ? 1 : 0));
    fragment.setI32(IPV6_HEADER + 4, identification);
    sent = neighbour.transmit(fragment);
  }
  pool.give(fragment);
  return sent;
}
