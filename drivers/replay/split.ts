/**
 * Cuts TCP segments that are larger than a packet may be, as a network card does: hosts that leave that to it record them
 * whole.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { setI32 } from "../../core/packet.ts";
import { Headers } from "./headers.ts";

const FIN_AND_PSH = 9;

/**
 * Cuts a segment.
 *
 * @param segment The segment.
 * @param most Bytes that a packet may have, its link's header included.
 * @param medium What it begins with.
 * @returns The pieces, whose checksums are right.
 */
export function splitSegment(segment: Headers, most: number, medium: Medium): Uint8Array[] {
  const { bytes, payload, end, network, transport, version } = segment;
  const front = payload;
  const room = most - front;
  if (room < 1) return [bytes];
  const pieces: Uint8Array[] = [];
  const its = new Headers();
  const id = bytes[network + 4]! << 8 | bytes[network + 5]!;
  for (let at = payload; at < end; at += room) {
    const size = Math.min(room, end - at);
    const piece = new Uint8Array(front + size);
    piece.set(bytes.subarray(0, front));
    piece.set(bytes.subarray(at, at + size), front);
    const total = front + size - network - (version === 6 ? 40 : 0);
    const field = network + (version === 6 ? 4 : 2);
    piece[field] = total >> 8;
    piece[field + 1] = total;
    if (version === 4) {
      piece[network + 4] = id + pieces.length >> 8;
      piece[network + 5] = id + pieces.length;
    }
    setI32(piece, transport + 4, segment.seq + at - payload | 0);
    if (at + size < end) piece[transport + 13] = piece[transport + 13]! & ~FIN_AND_PSH;
    its.read(piece, 0, piece.length, medium);
    its.finishNetwork();
    its.finish();
    pieces.push(piece);
  }
  return pieces;
}
