/**
 * What the live stack has sent in a TCP conversation.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import { addPayload, type Ending } from "./recorded_conversation.ts";
import { Stream } from "./stream.ts";
import { ACK, FIN, RST, SACK_PERMITTED, SCALE, STAMPS, SYN } from "./tcp_header.ts";

/** Bytes of a packet that are kept for messages that quote it. */
const QUOTED = 128;

/** The live stack's side: its numbers, and what it can do. */
export class LiveSide {
  /** Whether its first segment was seen. */
  begun: boolean = false;
  /** Its initial sequence number. */
  isn: number = 0;
  /** One past the highest number that it sent. */
  next: number = 0;
  /** One past the highest number for which it has room. */
  edge: number = 0;
  /** What it acknowledged. */
  ack: number = 0;
  /** The shift of its windows; -1 when it does not scale them. */
  scale: number = -1;
  /** Whether it agreed to timestamps. */
  stamps: boolean = false;
  /** Whether it agreed to selective acknowledgements. */
  sacks: boolean = false;
  /** Its last timestamp. */
  stamp: number = 0;
  /** How it ended. */
  end: Ending = "open";
  /** What it sent. */
  readonly stream: Stream = new Stream();
  /** What it sent last, from the IP header on. */
  quote: Uint8Array | null = null;

  /**
   * Takes note of a segment.
   *
   * @param segment The segment.
   * @param peerScales Whether the peer scales windows too.
   * @param most Bytes that are kept.
   * @returns Whether it says something that was not said before.
   */
  observe(segment: Headers, peerScales: boolean, most: number): boolean {
    const { flags, seq } = segment;
    this.quote = segment.bytes.slice(segment.network, Math.min(segment.end, segment.network + QUOTED));
    if (flags & RST) {
      this.end = "reset";
      return true;
    }
    if (flags & SYN && !this.begun) this.#begin(segment);
    if (!this.begun) return false;
    const end = seq + segment.extent | 0;
    const fresh = (end - this.next | 0) > 0;
    if (fresh) {
      this.next = end;
      if (flags & FIN) this.end = "closed";
    }
    const stamp = segment.option(STAMPS, 10);
    if (stamp >= 0) this.stamp = getI32(segment.bytes, stamp + 2);
    addPayload(this.stream, segment, this.isn, most);
    return flags & ACK ? this.#acknowledged(segment, peerScales) || fresh : fresh;
  }

  #begin(segment: Headers): void {
    this.begun = true;
    this.isn = this.next = segment.seq;
    const scale = segment.option(SCALE, 3);
    this.scale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
    this.stamps = segment.option(STAMPS, 10) >= 0;
    this.sacks = segment.option(SACK_PERMITTED, 2) >= 0;
  }

  #acknowledged(segment: Headers, peerScales: boolean): boolean {
    const { flags, ack } = segment;
    const scaled = !(flags & SYN) && this.scale >= 0 && peerScales;
    const edge = ack + segment.u16(14) * (scaled ? 2 ** this.scale : 1) | 0;
    const moved = edge !== this.edge;
    this.edge = edge;
    if (flags & SYN || (ack - this.ack | 0) > 0) this.ack = ack;
    return moved;
  }
}
