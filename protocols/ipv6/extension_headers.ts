/**
 * The chain of extension headers (RFC 8200, 4): walked in place, bounded in length (RFC 8504, 5.3).
 *
 * @module
 */

import { DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, IPV6_HEADER, NEXT_HEADER, ROUTING } from "./header.ts";

/** Headers in a chain, at most. */
const MOST_HEADERS = 16;
/** Options in a header, at most, padding not counted. */
const MOST_OPTIONS = 32;

/** Code of Parameter Problem: an erroneous header field. */
export const ERRONEOUS = 0;
/** Code of Parameter Problem: an unrecognized Next Header type. */
export const UNKNOWN_HEADER = 1;
/** Code of Parameter Problem: an unrecognized option. */
export const UNKNOWN_OPTION = 2;
/** Code of Parameter Problem: a first fragment lacks a part of the chain (RFC 7112, 5). */
export const INCOMPLETE_CHAIN = 3;
/** {@linkcode HeaderChain.problem}: to be dropped without a word. */
export const DISCARD = -1;
/** {@linkcode HeaderChain.problem}: the packet ends before its headers do. */
export const TRUNCATED = -2;

/** Walks a chain, and remembers where it stopped: made once, used for every packet. */
export class HeaderChain {
  /** What stands at `at`: an upper-layer protocol, a fragment header, or none. */
  next: number = 0;
  /** Where it stands. */
  at: number = 0;
  /** Where the Next Header field lies that says so. */
  field: number = 0;
  /** What is wrong: a code of Parameter Problem, {@linkcode DISCARD} or {@linkcode TRUNCATED}. */
  problem: number = 0;
  /** Which byte is, from the start of the storage. */
  pointer: number = 0;
  /** Whether that is to be told senders to groups too. */
  always: boolean = false;

  /**
   * Walks from a packet's own header to a fragment header or what is no extension header.
   *
   * @param bytes Where the packet lies.
   * @param network Its IPv6 header.
   * @param end One past its last byte.
   * @returns Whether all is well so far.
   */
  start(bytes: Uint8Array, network: number, end: number): boolean {
    this.field = network + NEXT_HEADER;
    this.next = bytes[this.field]!;
    this.at = network + IPV6_HEADER;
    return this.walk(bytes, end, true);
  }

  /**
   * Walks on from `at`, where `next` stands.
   *
   * @param bytes Where the packet lies.
   * @param end One past its last byte.
   * @param first Whether that is directly behind the IPv6 header.
   * @returns Whether all is well so far.
   */
  walk(bytes: Uint8Array, end: number, first: boolean): boolean {
    for (let left = MOST_HEADERS;; left--) {
      const { next, at } = this;
      if (next !== HOP_BY_HOP && next !== DESTINATION_OPTIONS && next !== ROUTING) return true;
      // Hop-by-hop options stand directly behind the header only; elsewhere they are unknown.
      if (next === HOP_BY_HOP && !first) return this.#fail(UNKNOWN_HEADER, this.field);
      first = false;
      const size = at + 2 <= end ? bytes[at + 1]! + 1 << 3 : 0;
      if (size === 0 || at + size > end) return this.#fail(TRUNCATED, at);
      if (left === 0) return this.#fail(DISCARD, at);
      if (next === ROUTING) {
        // No type is known here; type 0 must not be, as it multiplies traffic (RFC 5095).
        if (bytes[at + 3] !== 0) return this.#fail(ERRONEOUS, at + 2);
      } else if (!this.#options(bytes, at + 2, at + size)) return false;
      this.field = at;
      this.next = bytes[at]!;
      this.at = at + size;
    }
  }

  /** Walks options (RFC 8200, 4.2): none has a meaning here, but the highest bits of unknown ones say what to do. */
  #options(bytes: Uint8Array, at: number, end: number): boolean {
    for (let left = MOST_OPTIONS; at < end;) {
      const type = bytes[at]!;
      if (type === 0) {
        at++;
        continue;
      }
      const next = at + 1 < end ? at + 2 + bytes[at + 1]! : end + 1;
      if (next > end) return this.#fail(ERRONEOUS, at);
      const action = type >> 6;
      if (action === 1 || type !== 1 && left-- === 0) return this.#fail(DISCARD, at);
      if (action !== 0) return this.#fail(UNKNOWN_OPTION, at, action === 2);
      at = next;
    }
    return true;
  }

  #fail(problem: number, pointer: number, always: boolean = false): false {
    this.problem = problem;
    this.pointer = pointer;
    this.always = always;
    return false;
  }
}

/**
 * Tells how much of an upper layer a first fragment must hold (RFC 7112).
 *
 * @param protocol The upper layer.
 * @returns Bytes of its header.
 */
export function upperHeader(protocol: number): number {
  return protocol === 6 ? 20 : protocol === 17 || protocol === 58 ? 8 : 0;
}

/**
 * Finds the upper layer of a packet, fragment headers passed: of one that was checked, or of one quoted.
 *
 * @param bytes Where the packet lies.
 * @param network Its IPv6 header.
 * @param end One past its last byte.
 * @param chain Takes what was found: `next` and `at`.
 * @returns Whether there is one; false for fragments that are not the first.
 */
export function findUpper(bytes: Uint8Array, network: number, end: number, chain: HeaderChain): boolean {
  let next = bytes[network + NEXT_HEADER]!;
  let at = network + IPV6_HEADER;
  while (next === HOP_BY_HOP || next === DESTINATION_OPTIONS || next === ROUTING || next === FRAGMENT) {
    if (at + 8 > end) return false;
    if (next === FRAGMENT && (bytes[at + 2]! << 8 | bytes[at + 3]! & 0xf8) !== 0) return false;
    const size = next === FRAGMENT ? 8 : bytes[at + 1]! + 1 << 3;
    next = bytes[at]!;
    at += size;
  }
  chain.next = next;
  chain.at = at;
  return at < end;
}
