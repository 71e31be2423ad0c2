/**
 * Puts fragments together as they were captured.
 *
 * A stack drops a datagram whose fragments overlap, for that is an attack (RFC 5722); here it must be seen what came. So, of
 * bytes that came twice, those of the fragment that begins first count, and nothing is dropped but what memory does not hold.
 *
 * @module
 */

import type { Dissection } from "./next.ts";

/** Bytes of all fragments that wait; the oldest datagrams go when there are more. */
const MOST_BYTES = 32_000_000;
/** Fragments of one datagram at most. */
const MOST_FRAGMENTS = 8192;
/** Bytes of the largest payload. */
const LARGEST = 65_535 + 8 * 0x1fff;

/** A datagram of which fragments are missing. */
interface Datagram {
  /** What is there of its payload. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where each fragment begins and ends, by their beginning. */
  readonly ranges: number[];
  /** Bytes of the payload; -1 until the last fragment is there. */
  total: number;
}

/** Datagrams of which fragments are missing. */
export class Fragments {
  readonly #datagrams: Map<string, Datagram> = new Map();
  #held: number = 0;

  /**
   * Takes in a fragment of an IPv4 datagram, which is what the window holds, and makes the window the whole datagram's payload
   * when that is complete.
   *
   * @param d The frame.
   * @param header Where the IPv4 header lies.
   * @param from Where the payload belongs, in bytes.
   * @param more Whether fragments follow.
   * @returns Whether the datagram is complete.
   */
  ipv4(d: Dissection, header: number, from: number, more: boolean): boolean {
    const { bytes } = d.window;
    // Identification, protocol and addresses; datagrams of different VLANs are different ones, where numbers are short.
    let key = String.fromCharCode(4, d.vlan, bytes[header + 4]!, bytes[header + 5]!, bytes[header + 9]!);
    for (let i = header + 12; i < header + 20; i++) key += String.fromCharCode(bytes[i]!);
    return this.#add(d, key, from, more);
  }

  /**
   * Takes in a fragment of an IPv6 datagram likewise.
   *
   * @param d The frame.
   * @param header Where the IPv6 header lies.
   * @param at Where the fragment header lies.
   * @param from Where the payload belongs, in bytes.
   * @param more Whether fragments follow.
   * @returns Whether the datagram is complete.
   */
  ipv6(d: Dissection, header: number, at: number, from: number, more: boolean): boolean {
    const { bytes } = d.window;
    let key = "\x06";
    for (let i = at + 4; i < at + 8; i++) key += String.fromCharCode(bytes[i]!);
    for (let i = header + 8; i < header + 40; i++) key += String.fromCharCode(bytes[i]!);
    return this.#add(d, key, from, more);
  }

  #add(d: Dissection, key: string, from: number, more: boolean): boolean {
    const { window } = d;
    let datagram = this.#datagrams.get(key);
    if (!datagram) {
      datagram = { bytes: new Uint8Array(2048), ranges: [], total: -1 };
      this.#datagrams.set(key, datagram);
      this.#held += datagram.bytes.length;
    }
    const to = from + window.length;
    if (to > LARGEST || datagram.ranges.length >= 2 * MOST_FRAGMENTS) return false;
    if (!more && datagram.total < 0) datagram.total = to;
    this.#write(datagram, window.bytes, window.start, from, to);
    if (!isComplete(datagram)) {
      this.#bound(key);
      return false;
    }
    this.#datagrams.delete(key);
    this.#held -= datagram.bytes.length;
    window.bytes = datagram.bytes;
    window.start = 0;
    window.end = window.real = datagram.total;
    window.fragmented = false;
    return true;
  }

  /** Writes the bytes of a fragment that those beginning before it have not brought. */
  #write(datagram: Datagram, bytes: Uint8Array, at: number, from: number, to: number): void {
    if (to > datagram.bytes.length) {
      let size = datagram.bytes.length;
      while (size < to) size *= 2;
      const larger = new Uint8Array(size);
      larger.set(datagram.bytes);
      this.#held += size - datagram.bytes.length;
      datagram.bytes = larger;
    }
    const { ranges } = datagram;
    let i = 0;
    let there = from;
    for (; i < ranges.length && ranges[i]! <= from; i += 2) there = Math.max(there, ranges[i + 1]!);
    ranges.splice(i, 0, from, to);
    if (there < to) datagram.bytes.set(bytes.subarray(at + there - from, at + to - from), there);
  }

  #bound(newest: string): void {
    for (const [key, { bytes }] of this.#datagrams) {
      if (this.#held <= MOST_BYTES || key === newest) return;
      this.#datagrams.delete(key);
      this.#held -= bytes.length;
    }
  }
}

function isComplete({ ranges, total }: Datagram): boolean {
  if (total < 0) return false;
  let there = 0;
  for (let i = 0; i < ranges.length && ranges[i]! <= there; i += 2) there = Math.max(there, ranges[i + 1]!);
  return there >= total;
}
