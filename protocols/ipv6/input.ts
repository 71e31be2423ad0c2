/**
 * Reads the packets that arrive (RFC 8200, 3 and 4), and tells their senders what is wrong with them.
 *
 * @module
 */

import { PROTOCOL_ICMPV6, type Rejection } from "../../core/ip.ts";
import { getI32, type Packet, UNICAST } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import { Reassembly } from "../../core/reassembly.ts";
import type { Ipv6 } from "../ipv6.ts";
import {
  ERRONEOUS,
  findUpper,
  HeaderChain,
  INCOMPLETE_CHAIN,
  UNKNOWN_HEADER,
  upperHeader,
} from "./extension_headers.ts";
import { FRAGMENT, FRAGMENT_HEADER, IPV6_HEADER, NEXT_HEADER, NO_NEXT_HEADER } from "./header.ts";

/** Milliseconds for which the fragments of a datagram may arrive. */
const REASSEMBLY_TIME = 60_000;
/** Bytes of the largest payload. */
const LARGEST = 65_535;
/** ICMPv6: Destination Unreachable. */
const UNREACHABLE = 1;
/** ICMPv6: Time Exceeded. */
const TIME_EXCEEDED = 3;
/** ICMPv6: Parameter Problem. */
const PARAMETER_PROBLEM = 4;
/** ICMPv6: the first type that is no error. */
const INFORMATIONAL = 128;
/** ICMPv6: Redirect. */
const REDIRECT = 137;

/** Reads the packets that arrive at a layer. */
export class Ipv6Input {
  readonly #layer: Ipv6;
  readonly #reassembly: Reassembly;
  readonly #chain: HeaderChain = new HeaderChain();

  /**
   * Reads nothing yet.
   *
   * @param core The core.
   * @param layer The layer.
   * @param datagrams Datagrams to put together from fragments at once.
   */
  constructor(core: Core, layer: Ipv6, datagrams: number) {
    this.#layer = layer;
    this.#reassembly = new Reassembly(core, datagrams, REASSEMBLY_TIME, "fragments6", {
      largest: IPV6_HEADER + FRAGMENT_HEADER + LARGEST,
      same: isSameDatagram,
      reassembled: (packet) => this.#reassembled(packet),
      timedOut: (packet) => this.#error(packet, TIME_EXCEEDED, 1),
    });
  }

  /**
   * Reads one packet.
   *
   * @param packet The packet, its window at the header; lent until this returns.
   * @param local Whether we sent it to ourselves.
   */
  read(packet: Packet, local: boolean): void {
    const { counters } = this.#layer;
    const { bytes, start: at } = packet;
    if (packet.length < IPV6_HEADER || bytes[at]! >> 4 !== 6) {
      counters.malformed++;
      return;
    }
    // A frame may be longer than its packet: short ones are padded (RFC 2464, 3).
    const length = IPV6_HEADER + (bytes[at + 4]! << 8 | bytes[at + 5]!);
    if (length > packet.length) {
      counters.badLength++;
      return;
    }
    packet.end = at + length;
    packet.network = at;
    packet.ip = this.#layer;
    if (!local && !this.#admits(packet)) return;
    const chain = this.#chain;
    if (!chain.start(bytes, at, packet.end)) this.#badHeaders(packet);
    else if (chain.next === FRAGMENT) this.#fragment(packet);
    else this.#deliver(packet);
  }

  /**
   * Tells the sender of a packet that it was in vain.
   *
   * @param packet The packet, read last.
   * @param why What is missing.
   */
  reject(packet: Packet, why: Rejection): void {
    if (why === "port") this.#error(packet, UNREACHABLE, 4);
    else this.#problem(packet, UNKNOWN_HEADER, this.#chain.field);
  }

  /** Whether a packet from the link is for us, and from somebody who may send it. */
  #admits(packet: Packet): boolean {
    const layer = this.#layer;
    const { bytes, network: at } = packet;
    const source = layer.owns(bytes, at + 8);
    // No packet is from a group, from nobody (address resolution is the link's), from a loopback or a mapped address.
    if (
      source || bytes[at + 8] === 255 || (getI32(bytes, at + 8) | getI32(bytes, at + 12)) === 0 ||
      (getI32(bytes, at + 24) | getI32(bytes, at + 28)) === 0
    ) {
      layer.counters.martians++;
      return false;
    }
    if (bytes[at + 24] === 255) {
      // Groups of the reserved scope and of the interface are never on a wire (RFC 4291, 2.7).
      if ((bytes[at + 25]! & 15) > 1) {
        for (const group of layer.groups) if (group.at(bytes, at + 24)) return true;
      }
    } else if (layer.owns(bytes, at + 24)) {
      // What the link carried to many must be for many.
      if (packet.cast === UNICAST) return true;
      layer.counters.martians++;
      return false;
    }
    layer.counters.foreign++;
    return false;
  }

  /** Reads a fragment, which `#chain` has come to. */
  #fragment(packet: Packet): void {
    const { bytes, network, end } = packet;
    const chain = this.#chain;
    const at = chain.at;
    const size = end - at - FRAGMENT_HEADER;
    const from = bytes[at + 2]! << 8 | bytes[at + 3]! & 0xf8;
    const more = (bytes[at + 3]! & 1) !== 0;
    if (size >= 0 && from === 0) {
      if (!more) {
        // What is whole is no fragment (RFC 6946).
        chain.next = bytes[at]!;
        chain.field = at;
        chain.at = at + FRAGMENT_HEADER;
        return chain.walk(bytes, end, false) ? this.#deliver(packet) : this.#badHeaders(packet);
      }
      // The first fragment tells what the datagram is, so that filters need not guess (RFC 7112).
      if (!findUpper(bytes, network, end, chain) || chain.at + upperHeader(chain.next) > end) {
        this.#layer.counters.badFragments++;
        return this.#problem(packet, INCOMPLETE_CHAIN, network);
      }
    }
    const beyond = at - network - IPV6_HEADER + from + size > LARGEST;
    if (size <= 0 || beyond || more && (size & 7) !== 0) {
      this.#layer.counters.badFragments++;
      if (size > 0) this.#problem(packet, ERRONEOUS, beyond ? at + 2 : network + 4);
      return;
    }
    // What stood between the header and the fragment header has been read and goes.
    const start = packet.start = packet.network = at - IPV6_HEADER;
    bytes.copyWithin(start, network, network + IPV6_HEADER);
    bytes[start + NEXT_HEADER] = FRAGMENT;
    this.#reassembly.receive(packet, IPV6_HEADER + FRAGMENT_HEADER, from, more);
  }

  /** Reads a datagram that was in fragments: its window is at the first one's header, the fragment header behind it. */
  #reassembled(packet: Packet): void {
    const { bytes, start, end } = packet;
    const chain = this.#chain;
    const at = packet.start = packet.network = start + FRAGMENT_HEADER;
    chain.next = bytes[start + IPV6_HEADER]!;
    bytes.copyWithin(at, start, start + IPV6_HEADER);
    chain.at = at + IPV6_HEADER;
    chain.field = at + NEXT_HEADER;
    packet.setU8(NEXT_HEADER, chain.next);
    packet.setU16(4, end - chain.at);
    if (chain.walk(bytes, end, false)) this.#deliver(packet);
    else this.#badHeaders(packet);
  }

  /** Hands a datagram up, at whose upper layer `#chain` has arrived. */
  #deliver(packet: Packet): void {
    const { next, at } = this.#chain;
    if (next === NO_NEXT_HEADER) this.#layer.counters.noNextHeader++;
    else this.#layer.deliver(packet, next, at);
  }

  #badHeaders(packet: Packet): void {
    const { problem, pointer, always } = this.#chain;
    this.#layer.counters.badHeaders++;
    if (problem >= 0) this.#problem(packet, problem, pointer, always);
  }

  /** Tells a sender which byte of its packet is wrong. */
  #problem(packet: Packet, code: number, at: number, always: boolean = false): void {
    this.#error(packet, PARAMETER_PROBLEM, code, at - packet.network, always);
  }

  /** Tells a sender of an error, unless its packet must not be answered (RFC 4443, 2.4 (e)). */
  #error(packet: Packet, type: number, code: number, pointer: number = 0, always: boolean = false): void {
    const { bytes, network, end } = packet;
    const chain = this.#chain;
    if (!always && (packet.cast !== UNICAST || bytes[network + 24] === 255)) return;
    // Nothing about ICMPv6 errors and redirects, which may not be seen in a fragment; but they are never that large.
    if (
      findUpper(bytes, network, end, chain) && chain.next === PROTOCOL_ICMPV6 &&
      (bytes[chain.at]! < INFORMATIONAL || bytes[chain.at] === REDIRECT)
    ) return;
    this.#layer.errors?.error(packet, type, code, pointer);
  }
}

/** Whether fragments have the same addresses and Identification (RFC 8200, 4.5); each is a header and a fragment header. */
function isSameDatagram(a: Packet, b: Packet): boolean {
  for (let at = 8; at < IPV6_HEADER; at += 4) if (a.i32(at) !== b.i32(at)) return false;
  return a.i32(IPV6_HEADER + 4) === b.i32(IPV6_HEADER + 4);
}
