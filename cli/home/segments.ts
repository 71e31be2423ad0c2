/**
 * Reads captured packets: to which TCP connection each belongs, and what it says.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { getI32 } from "../../core/packet.ts";

/** Control bit: the sender has nothing more to send. */
export const FIN = 1;
/** Control bit: the connection is opened, and the sender numbers its bytes from here. */
export const SYN = 2;
/** Control bit: the connection is over at once. */
export const RST = 4;
/** Control bit: the segment acknowledges. */
export const ACK = 16;

/** A packet that passed. */
export interface Passed {
  /** When, in milliseconds of the stack's clock. */
  readonly time: number;
  /** Whether the stack sent it. */
  readonly sent: boolean;
  /** Bytes that it had on the wire. */
  readonly size: number;
  /** Its first bytes, from the link's header on. */
  readonly bytes: Uint8Array;
}

/** One TCP segment of a connection. */
export interface Segment extends Passed {
  /** Always that. */
  readonly kind: "tcp";
  /** Control bits. */
  readonly flags: number;
  /** Number of its first byte, from 0 at the SYN; as on the wire where the SYN was not seen. */
  readonly seq: number;
  /** Number of the byte expected next, counted likewise. */
  readonly ack: number;
  /** Bytes of data. */
  readonly length: number;
  /** The MSS option; 0 where there is none. */
  readonly mss: number;
  /** The shift of the window scale option; -1 where there is none. */
  readonly shift: number;
  /** Whether it holds only what was sent before. */
  readonly again: boolean;
  /** The first line of its data, where it begins an HTTP message; otherwise empty. */
  readonly line: string;
}

/** A message that finds the card of an address, and came before a connection. */
export interface NeighbourSeen extends Passed {
  /** Always that. */
  readonly kind: "neighbour";
  /** Which protocol's it is. */
  readonly protocol: "ARP" | "NDP";
  /** Whether it asks; otherwise it answers. */
  readonly asks: boolean;
}

/** A packet of a ladder. */
export type Seen = Segment | NeighbourSeen;

/** What one end of a connection has sent so far. */
interface Direction {
  /** Its initial sequence number; 0 where the SYN was not seen. */
  first: number;
  /** One past the highest number sent; -1 before the first segment. */
  next: number;
}

/** Reads the segments of one connection, in their order. */
export class SegmentReader {
  readonly #own: Direction = { first: 0, next: -1 };
  readonly #other: Direction = { first: 0, next: -1 };

  /**
   * Reads a segment.
   *
   * @param passed The packet.
   * @param layers Where its layers lie.
   * @returns What it says.
   */
  read(passed: Passed, { transport: at, end: until }: Layers): Segment {
    const { bytes, sent } = passed;
    const [from, to] = sent ? [this.#own, this.#other] : [this.#other, this.#own];
    const data = at + (bytes[at + 12]! >> 4 << 2);
    const flags = bytes[at + 13]!;
    const length = Math.max(until - data, 0);
    const wire = getI32(bytes, at + 4);
    if (flags & SYN && (from.next < 0 || wire !== from.first)) {
      from.first = wire;
      from.next = 0;
    }
    const seq = wire - from.first >>> 0;
    const end = seq + length + (flags & (SYN | FIN) ? 1 : 0);
    const again = from.next >= 0 && end > seq && (end - from.next | 0) <= 0;
    if (from.next < 0 || (end - from.next | 0) > 0) from.next = end;
    return {
      ...passed,
      kind: "tcp",
      flags,
      seq,
      ack: flags & ACK ? getI32(bytes, at + 8) - to.first >>> 0 : 0,
      length,
      ...readOptions(bytes, at + 20, data),
      again,
      line: length > 0 ? firstLine(bytes.subarray(data)) : "",
    };
  }
}

function readOptions(bytes: Uint8Array, at: number, end: number): { mss: number; shift: number } {
  let mss = 0;
  let shift = -1;
  while (at + 1 < end && bytes[at] !== 0) {
    const kind = bytes[at]!;
    if (kind === 2) mss = u16(bytes, at + 2);
    else if (kind === 3) shift = bytes[at + 2]!;
    at += kind === 1 ? 1 : Math.max(bytes[at + 1]!, 2);
  }
  return { mss, shift };
}

/** The start line of an HTTP message, cut to what a page shows. */
function firstLine(data: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(data.subarray(0, 200));
  const line = /^(?:[A-Z]{3,10} \S+|HTTP\/1\.[01] \d{3}[^\r]*)/.exec(text)?.[0] ?? "";
  return line.length > 48 ? `${line.slice(0, 47)}…` : line;
}

/** Where the layers of an IP packet lie, and whom it is from and to. */
export interface Layers {
  /** The IP protocol. */
  readonly protocol: number;
  /** Where the transport's header begins. */
  readonly transport: number;
  /** One past the last byte, as IP tells it: an Ethernet frame may be padded. */
  readonly end: number;
  /** The sender's address. */
  readonly source: string;
  /** The receiver's address. */
  readonly destination: string;
}

/**
 * Finds the layers of an IP packet.
 *
 * @param bytes The packet.
 * @param at Where its IP header begins.
 * @returns Where they lie; null for a fragment or what is no IP.
 */
export function readLayers(bytes: Uint8Array, at: number): Layers | null {
  const version = bytes[at]! >> 4;
  if (version === 4) {
    if ((u16(bytes, at + 6) & 0x3fff) !== 0) return null;
    return {
      protocol: bytes[at + 9]!,
      transport: at + ((bytes[at]! & 15) << 2),
      end: at + u16(bytes, at + 2),
      source: formatIpv4(getI32(bytes, at + 12) as Ipv4Address),
      destination: formatIpv4(getI32(bytes, at + 16) as Ipv4Address),
    };
  }
  if (version !== 6) return null;
  return {
    // Extension headers stand before no segment that concerns us.
    protocol: bytes[at + 6]!,
    transport: at + 40,
    end: at + 40 + u16(bytes, at + 4),
    source: formatIpv6(readIpv6(bytes, at + 8)),
    destination: formatIpv6(readIpv6(bytes, at + 24)),
  };
}

/**
 * Reads a 16-bit field.
 *
 * @param bytes A packet.
 * @param at Where.
 * @returns Its value.
 */
export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
