/**
 * Verifies the checksums of a frame, each when somebody asks for it.
 *
 * @module
 */

import { foldChecksum, sumBytes, sumWords } from "../../core/checksum.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../../core/ip.ts";
import { headerLength } from "../../protocols/ipv4/header.ts";
import { BAD, type Frame, GOOD, type Header, type Network, UNVERIFIED } from "./frame.ts";

let storage: ArrayBufferLike | null = null;
let words: Uint16Array = /* @__PURE__ */ new Uint16Array(0);

/** Bytes that are summed at once. */
const PIECE = 65_536;

/** A running sum of 16 bits. */
function foldedSum(sum: number): number {
  return ~foldChecksum(sum) & 0xffff;
}

/** Sums bytes at any place, by words where that is possible. */
function sum(bytes: Uint8Array, start: number, end: number, before: number): number {
  if (end - start > PIECE) return sum(bytes, start + PIECE, end, foldedSum(sum(bytes, start, start + PIECE, before)));
  if (end - start < 64 || (bytes.byteOffset & 1) !== 0 || (bytes.buffer.byteLength & 1) !== 0) {
    return sumBytes(bytes, start, end, before);
  }
  if (storage !== bytes.buffer) {
    storage = bytes.buffer;
    words = new Uint16Array(storage);
  }
  const shift = bytes.byteOffset;
  const all = shift === 0 ? bytes : new Uint8Array(bytes.buffer);
  let [at, to] = [start + shift, end + shift];
  if ((at & 1) === 0) return sumWords(all, words, at, to, before);
  // From an odd place the first byte is the upper half of a word, and the words after it are turned round.
  const first = all[at++]! << 8;
  const odd = (to - at) & 1;
  if (odd) to--;
  const turned = sumWords(all, words, at, to, 0);
  let rest = (turned & 0xffff) + (turned >>> 16);
  rest = (rest & 0xffff) + (rest >>> 16);
  return before + first + ((rest & 0xff) << 8 | rest >>> 8) + (odd ? all[to]! : 0);
}

/**
 * Tells whether the checksum of the outermost IPv4 header is right.
 *
 * @param frame The frame.
 * @returns `GOOD`, `BAD` or `UNVERIFIED`.
 */
export function ipv4Status({ ip }: Frame): number {
  if (ip.status >= 0) return ip.status;
  const { bytes, at } = ip;
  const header = headerLength(bytes, at);
  if (at + header > ip.end) return ip.status = UNVERIFIED;
  return ip.status = foldChecksum(sumBytes(bytes, at, at + header)) === 0 ? GOOD : BAD;
}

/**
 * Tells whether the checksum of the outermost TCP header is right.
 *
 * @param frame The frame.
 * @returns `GOOD`, `BAD` or `UNVERIFIED`.
 */
export function tcpStatus({ tcp, tcpNetwork }: Frame): number {
  return transportStatus(tcp, tcpNetwork, PROTOCOL_TCP);
}

/**
 * Tells whether the checksum of the outermost UDP header is right.
 *
 * @param frame The frame.
 * @returns `GOOD`, `BAD`, `UNVERIFIED` or `NOT_PRESENT`.
 */
export function udpStatus({ udp, udpNetwork }: Frame): number {
  return transportStatus(udp, udpNetwork, PROTOCOL_UDP);
}

/**
 * Tells whether the checksum of the outermost ICMPv6 message is right.
 *
 * @param frame The frame.
 * @returns `GOOD`, `BAD` or `UNVERIFIED`.
 */
export function icmpv6Status({ icmpv6, icmpv6Network }: Frame): number {
  return transportStatus(icmpv6, icmpv6Network, PROTOCOL_ICMPV6);
}

/**
 * Tells whether the checksum of the outermost ICMP message is right.
 *
 * @param frame The frame.
 * @returns `GOOD`, `BAD` or `UNVERIFIED`.
 */
export function icmpStatus({ icmp }: Frame): number {
  if (icmp.status >= 0) return icmp.status;
  return icmp.status = foldChecksum(sum(icmp.bytes, icmp.at, icmp.end, 0)) === 0 ? GOOD : BAD;
}

/** Verifies what covers the pseudo-header of IP too. */
function transportStatus(header: Header, network: Network, protocol: number): number {
  if (header.status >= 0) return header.status;
  const { bytes, at, end } = header;
  const size = end - at;
  const { sourceBytes, source, destinationBytes, destination, addressSize } = network;
  const pseudo = sumBytes(sourceBytes, source, source + addressSize) +
    sumBytes(destinationBytes, destination, destination + addressSize) +
    protocol + (size & 0xffff) + (size >>> 16);
  return header.status = foldChecksum(sum(bytes, at, end, pseudo)) === 0 ? GOOD : BAD;
}
