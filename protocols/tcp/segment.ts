/**
 * Segments: the TCP header (RFC 9293, 3.1) read into fields.
 *
 * @module
 */

import { getI32, type Packet } from "../../core/packet.ts";
import { readOptions } from "./options.ts";

/** Bytes of a header without options. */
export const HEADER_LENGTH = 20;
/** Bytes of all headers before the data of a segment: Ethernet with a tag, IPv6, and TCP with as many options as there can be. */
export const MOST_HEADERS = 118;

/** Control bit: no more data from the sender. */
export const FIN = 1;
/** Control bit: synchronize sequence numbers. */
export const SYN = 2;
/** Control bit: reset the connection. */
export const RST = 4;
/** Control bit: push the data to the user. */
export const PSH = 8;
/** Control bit: the acknowledgement field is significant. */
export const ACK = 16;
/** Control bit: the urgent pointer is significant. */
export const URG = 32;

/** What holds a segment: its bytes, and the window of them that is the segment. */
export type SegmentBytes = Pick<Packet, "start" | "end"> & { readonly bytes: Uint8Array };

/** A received segment, read once; one object serves all. */
export class Segment {
  /** Source port. */
  sourcePort: number = 0;
  /** Destination port. */
  destinationPort: number = 0;
  /** SEG.SEQ, moved on when duplicate data is trimmed. */
  seq: number = 0;
  /** SEG.ACK. */
  ack: number = 0;
  /** Control bits. */
  flags: number = 0;
  /** SEG.WND, not scaled. */
  window: number = 0;
  /** SEG.UP. */
  urgent: number = 0;
  /** The first byte of data in `packet.bytes`. */
  dataStart: number = 0;
  /** One past the last byte of data in `packet.bytes`. */
  dataEnd: number = 0;
  /** The peer's largest segment; 0 when it does not say. */
  mss: number = 0;
  /** The shift of the peer's windows; -1 when it does not say. */
  windowScale: number = -1;
  /** Whether the peer takes selective acknowledgements. */
  sackPermitted: boolean = false;
  /** Blocks that the peer acknowledges selectively: pairs of sequence numbers, `sackCount` of them. */
  readonly sack: Int32Array<ArrayBuffer> = new Int32Array(8);
  /** How many blocks there are, 0 to 4. */
  sackCount: number = 0;
  /** Whether it carries timestamps. */
  hasTimestamps: boolean = false;
  /** The peer's clock. */
  tsVal: number = 0;
  /** Our clock, as the peer heard it. */
  tsEcr: number = 0;

  /** Bytes of data. */
  get dataLength(): number {
    return this.dataEnd - this.dataStart;
  }

  /** SEG.LEN: bytes of data, and one each for SYN and FIN. */
  get length(): number {
    return this.dataEnd - this.dataStart + (this.flags & FIN) + (this.flags >> 1 & 1);
  }

  /**
   * Reads the header of a packet.
   *
   * @param packet The packet, its window at the TCP header.
   * @returns False when the header does not fit the packet.
   */
  read(packet: SegmentBytes): boolean {
    const { bytes, start, end } = packet;
    if (end - start < HEADER_LENGTH) return false;
    const headerLength = bytes[start + 12]! >> 4 << 2;
    if (headerLength < HEADER_LENGTH || headerLength > end - start) return false;
    this.sourcePort = bytes[start]! << 8 | bytes[start + 1]!;
    this.destinationPort = bytes[start + 2]! << 8 | bytes[start + 3]!;
    this.seq = getI32(bytes, start + 4);
    this.ack = getI32(bytes, start + 8);
    this.flags = bytes[start + 13]! & 63;
    this.window = bytes[start + 14]! << 8 | bytes[start + 15]!;
    this.urgent = bytes[start + 18]! << 8 | bytes[start + 19]!;
    this.dataStart = start + headerLength;
    this.dataEnd = end;
    this.mss = 0;
    this.windowScale = -1;
    this.hasTimestamps = this.sackPermitted = false;
    this.sackCount = 0;
    if (headerLength > HEADER_LENGTH) readOptions(bytes, start + HEADER_LENGTH, this.dataStart, this);
    return true;
  }
}
