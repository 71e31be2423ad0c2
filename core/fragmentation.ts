/**
 * Cuts datagrams that are larger than the way they go (RFC 791, 3.2; RFC 8200, 4.5).
 *
 * @module
 */

import type { Neighbour } from "./driver.ts";
import type { Packet, PacketPool } from "./packet.ts";

/**
 * Sends a datagram in fragments.
 *
 * @param packet The datagram, its window at a header without options or extensions.
 * @param header Bytes of that header.
 * @param extension Bytes that a fragment has behind it and before its data.
 * @param mtu Bytes of the largest packet that goes through: eight bytes of data and all headers, at least.
 * @param neighbour Whom the fragments are handed to.
 * @param pool Where to take a packet for them.
 * @param finish Turns the copy of the datagram's header into a fragment's: is given the fragment, its window at the header,
 * where in the datagram its data belongs, and whether more fragments follow.
 * @returns False when one was dropped; the rest is not sent then, for it would be in vain.
 */
export function transmitFragments(
  packet: Packet,
  header: number,
  extension: number,
  mtu: number,
  neighbour: Neighbour,
  pool: PacketPool,
  finish: (fragment: Packet, offset: number, more: boolean) => void,
): boolean {
  const { bytes, start: at, end } = packet;
  const data = at + header;
  const step = mtu - header - extension & ~7;
  const fragment = pool.take();
  let sent = true;
  for (let from = data; sent && from < end; from += step) {
    const to = Math.min(from + step, end);
    fragment.reset();
    const start = fragment.network = fragment.start;
    fragment.end = start + header + extension + to - from;
    fragment.bytes.set(bytes.subarray(at, data), start);
    fragment.bytes.set(bytes.subarray(from, to), start + header + extension);
    finish(fragment, from - data, to < end);
    sent = neighbour.transmit(fragment);
  }
  pool.give(fragment);
  return sent;
}
