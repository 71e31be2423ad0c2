/**
 * The Internet checksum of RFC 1071: the ones'-complement sum of 16-bit words.
 *
 * A *sum* here is a running number below 2^31 that is not folded yet and counts words in network byte order; a *checksum*
 * is the folded, complemented field.
 *
 * @module
 */

import type { Packet } from "./packet.ts";

/** Whether the host stores the low byte of a word first, as every host of today's runtimes does. */
const LITTLE: boolean = /* @__PURE__ */ isLittle();

function isLittle(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
}

/**
 * Adds a part of a packet to a running sum.
 *
 * @param packet The packet.
 * @param start First byte, from the front of the packet's storage.
 * @param end One past the last byte; at most 65,536 bytes from the first.
 * @param sum The sum so far, at most 2^20.
 * @returns The sum, at most 2^20.
 */
export function sumPacket(packet: Packet, start: number, end: number, sum: number = 0): number {
  if (start & 1) return sumBytes(packet.bytes, start, end, sum);
  return sumWords(packet.bytes, packet.words, start, end, sum);
}

/**
 * Adds bytes to a running sum by words.
 *
 * @param bytes Where the bytes are.
 * @param words The same storage as 16-bit words in the host's byte order.
 * @param start First byte, at an even place.
 * @param end One past the last byte; at most 65,536 bytes from the first.
 * @param sum The sum so far, at most 2^20.
 * @returns The sum, at most 2^20.
 */
export function sumWords(bytes: Uint8Array, words: Uint16Array, start: number, end: number, sum: number): number {
  // Words are summed as the host reads them and turned round at the end, which RFC 1071 (2)(B) allows.
  if (!LITTLE) return sumBytes(bytes, start, end, sum);
  let word = start >> 1;
  const last = end >> 1;
  const eight = last - 7;
  let total = 0;
  for (; word < eight; word += 8) {
    // Eight words stay below 2^19 and the total below 2^31 for 65,536 bytes: no step leaves the small integers.
    total += words[word]! + words[word + 1]! + words[word + 2]! + words[word + 3]! + words[word + 4]! +
      words[word + 5]! + words[word + 6]! + words[word + 7]!;
  }
  for (; word < last; word++) total += words[word]!;
  if (end & 1) total += bytes[end - 1]!;
  total = (total & 0xffff) + (total >>> 16);
  total = (total & 0xffff) + (total >>> 16);
  return sum + ((total & 0xff) << 8 | total >>> 8);
}

/**
 * Adds bytes to a running sum.
 *
 * @param bytes Where the bytes are.
 * @param start First byte.
 * @param end One past the last byte; at most 65,536 bytes from the first.
 * @param sum The sum so far, at most 2^20.
 * @returns The sum, at most 2^20.
 */
export function sumBytes(bytes: Uint8Array, start: number, end: number, sum: number = 0): number {
  const even = end - 1;
  let total = 0;
  let at = start;
  for (; at < even; at += 2) total += bytes[at]! << 8 | bytes[at + 1]!;
  if (at < end) total += bytes[at]! << 8;
  total = (total & 0xffff) + (total >>> 16);
  return sum + (total & 0xffff) + (total >>> 16);
}

/**
 * Folds a running sum to 16 bits and complements it.
 *
 * @param sum The sum.
 * @returns The checksum field, 0 to 65,535; 0 over data that contains its own right checksum.
 */
export function foldChecksum(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * Changes a checksum for one 16-bit word that changes under it (RFC 1624, equation 3).
 *
 * @param checksum The checksum field as it was.
 * @param before The word as it was.
 * @param after The word as it becomes.
 * @returns The checksum field as it becomes.
 */
export function updateChecksum(checksum: number, before: number, after: number): number {
  return foldChecksum((~checksum & 0xffff) + (~before & 0xffff) + after);
}
