/**
 * What was recorded of one TCP conversation.
 *
 * @module
 */

import type { Headers } from "./headers.ts";
import type { Endpoint } from "./party.ts";
import { Stream } from "./stream.ts";
import { FIN, RST, SCALE, SYN } from "./tcp_header.ts";

/** How one side ended its direction. */
export type Ending = "open" | "closed" | "reset";

/** What was recorded of a conversation: the side that is played live, and its peer. */
export class RecordedConversation {
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Who is played by the live stack. */
  readonly local: Endpoint;
  /** The number of its first packet in the file. */
  readonly packet: number;
  /** What the recorded peer sent. */
  readonly received: Stream = new Stream();
  /** What the recorded host sent. */
  readonly recorded: Stream = new Stream();
  /** How the recorded host ended. */
  recordedEnd: Ending = "open";
  /** The recorded host's initial sequence number; null when it was not recorded. */
  recordedIsn: number | null = null;
  /** How much the recorded host had sent so far, while the recording is read; all of it afterwards. */
  recordedNext: number = 0;
  /** Whether the recorded host scaled windows. */
  recordedScales: boolean = false;
  /** The peer's initial sequence number; null when it was not recorded. */
  peerIsn: number | null = null;
  /** The shift of the peer's windows; -1 when it does not scale them. */
  peerScale: number = -1;
  /** Whether a packet was cut when it was recorded. */
  cut: boolean = false;

  /**
   * Makes a conversation of which nothing is known yet.
   *
   * @param peer Who is played from the recording.
   * @param local Who is played by the live stack.
   * @param packet The number of its first packet.
   */
  constructor(peer: Endpoint, local: Endpoint, packet: number) {
    this.peer = peer;
    this.local = local;
    this.packet = packet;
  }

  /** Whether the recording holds the beginning, without which its numbers cannot be mapped. */
  get whole(): boolean {
    return this.recordedIsn !== null || (this.peerIsn !== null && this.recordedEnd === "reset");
  }

  /** What the recording lacks, in a sentence's end; null when nothing. */
  get hole(): string | null {
    if (this.recordedIsn === null) return null;
    const fin = this.recordedEnd === "closed" ? 1 : 0;
    const size = this.recordedNext - this.recordedIsn - 1 - fin | 0;
    const place = this.recorded.length;
    return size > place ? `the recording lacks what the recorded host sent from byte ${place} on` : null;
  }

  /**
   * Learns from a recorded segment of the side that the live stack plays.
   *
   * @param segment The segment.
   * @param cut Whether it was not recorded to its end.
   */
  learn(segment: Headers, cut: boolean): void {
    const { flags } = segment;
    if (cut) this.cut = true;
    if (flags & SYN) {
      if (this.recordedIsn === null) this.recordedIsn = this.recordedNext = segment.seq;
      this.recordedScales = segment.option(SCALE, 3) >= 0;
    }
    if (flags & RST) this.recordedEnd = "reset";
    else if (flags & FIN && this.recordedEnd === "open") this.recordedEnd = "closed";
    if (this.recordedIsn === null || flags & RST) return;
    const end = segment.seq + segment.extent | 0;
    if ((end - this.recordedNext | 0) > 0) this.recordedNext = end;
    addPayload(this.recorded, segment, this.recordedIsn, Infinity);
  }

  /**
   * Learns from a recorded segment of the peer.
   *
   * @param segment The segment.
   * @param cut Whether it was not recorded to its end.
   */
  learnPeer(segment: Headers, cut: boolean): void {
    if (cut) this.cut = true;
    if (segment.flags & SYN) {
      this.peerIsn ??= segment.seq;
      const scale = segment.option(SCALE, 3);
      this.peerScale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
    }
    addPayload(this.received, segment, this.peerIsn, Infinity);
  }
}

/**
 * Adds what a segment carries to the stream of its direction.
 *
 * @param stream The stream.
 * @param segment The segment.
 * @param isn The initial sequence number of the direction; nothing is added without one.
 * @param most Bytes that the stream may reach.
 */
export function addPayload(stream: Stream, segment: Headers, isn: number | null, most: number): void {
  if (isn === null || segment.end === segment.payload) return;
  const distance = segment.seq + (segment.flags & SYN ? 1 : 0) - isn - 1 | 0;
  stream.add(distance, segment.bytes.subarray(segment.payload, segment.end), most);
}
