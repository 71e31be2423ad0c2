/**
 * One recorded TCP conversation, of which the live stack plays one side.
 *
 * What was recorded of the peer goes to the live stack as it is, but for the numbers that are the live stack's own: it chose
 * another initial sequence number, other timestamps, perhaps another port and no window scaling.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import { Stream } from "./stream.ts";

const SYN = 2;
const RST = 4;
const ACK = 16;
/** Bytes that the live side may send beyond what was recorded before they are no longer kept. */
const SURPLUS = 65_536;

/** One end of a conversation. */
export interface Endpoint {
  /** The IP address. */
  readonly address: string;
  /** The port. */
  readonly port: number;
}

/** A recorded TCP conversation as a test sees it. */
export interface ReplayedConversation {
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Who is played by the live stack, as recorded. */
  readonly local: Endpoint;
  /** The port of the live stack. */
  readonly livePort: number;
  /** Whether the recording holds its beginning; it is left out otherwise. */
  readonly whole: boolean;
  /** Whether the live stack takes part: its first segment was seen. */
  readonly begun: boolean;
  /** Whether the live stack reset it, so that the rest of the recording was left out. */
  readonly reset: boolean;
  /** What the recorded host sent. */
  readonly recorded: Stream;
  /** What the live stack sent, up to 64 KiB more than was recorded. */
  readonly live: Stream;
}

/** A recorded conversation, and what the live stack has done in it so far. */
export class Conversation implements ReplayedConversation {
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Who is played by the live stack, as recorded. */
  readonly local: Endpoint;
  /** The port of the live stack: the recorded one, unless the live stack began the conversation from another. */
  livePort: number;
  /** Whether the live stack takes part: its first segment was seen. */
  begun: boolean = false;
  /** Whether one of the peer's segments went to the live stack. */
  #fed: boolean = false;
  /** Whether the live stack reset the conversation, so that the rest of the recording is moot. */
  reset: boolean = false;
  /** What the recorded host sent. */
  readonly recorded: Stream = new Stream();
  /** What the live stack sent. */
  readonly live: Stream = new Stream();
  #recordedIsn: number | null = null;
  #recordedScales: boolean = false;
  #peerScale: number = -1;
  #isn: number = 0;
  #next: number = 0;
  #edge: number = 0;
  #scale: number = -1;
  #stamp: number | null = null;
  #acked: number = 0;

  /**
   * Makes a conversation of which nothing is known yet.
   *
   * @param peer Who is played from the recording.
   * @param local Who is played by the live stack.
   */
  constructor(peer: Endpoint, local: Endpoint) {
    this.peer = peer;
    this.local = local;
    this.livePort = local.port;
  }

  /** Whether either side has sent something in this run. */
  get active(): boolean {
    return this.#fed || this.begun;
  }

  /** The live stack's initial sequence number, as an int32; null before it sent one. */
  get isn(): number | null {
    return this.begun ? this.#isn : null;
  }

  /** Whether the recording holds the beginning, without which its numbers cannot be mapped. */
  get whole(): boolean {
    return this.#recordedIsn !== null;
  }

  /**
   * Learns from a recorded segment of the side that the live stack plays.
   *
   * @param segment The segment.
   */
  learn(segment: Headers): void {
    if (segment.flags & SYN) {
      this.#recordedIsn ??= segment.seq;
      this.#recordedScales = segment.option(3, 3) >= 0;
    }
    this.#add(this.recorded, segment, this.#recordedIsn, Infinity);
  }

  /**
   * Learns from a recorded segment of the peer.
   *
   * @param segment The segment.
   */
  learnPeer(segment: Headers): void {
    if (!(segment.flags & SYN)) return;
    const scale = segment.option(3, 3);
    this.#peerScale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
  }

  #add(stream: Stream, segment: Headers, isn: number | null, most: number): void {
    if (isn === null || segment.end === segment.payload) return;
    const distance = segment.seq + (segment.flags & SYN ? 1 : 0) - isn - 1 | 0;
    stream.add(distance, segment.bytes.subarray(segment.payload, segment.end), most);
  }

  /**
   * Takes note of a segment that the live stack sent.
   *
   * @param segment The segment.
   */
  observe(segment: Headers): void {
    const { flags, seq } = segment;
    if (flags & RST) {
      this.reset = true;
      return;
    }
    if (flags & SYN && !this.begun) {
      this.begun = true;
      this.#isn = this.#next = this.#acked = seq;
      const scale = segment.option(3, 3);
      this.#scale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
    }
    if (!this.begun) return;
    const end = seq + segment.extent | 0;
    if ((end - this.#next | 0) > 0) this.#next = end;
    const stamp = segment.option(8, 10);
    if (stamp >= 0) this.#stamp = getI32(segment.bytes, stamp + 2);
    if (flags & ACK) {
      const scaled = !(flags & SYN) && this.#scale >= 0 && this.#peerScale >= 0;
      const edge = segment.ack + segment.u16(14) * (scaled ? 2 ** this.#scale : 1) | 0;
      this.#edge = edge;
    }
    this.#add(this.live, segment, this.#isn, this.recorded.length + SURPLUS);
  }

  /** By how much the live numbers are ahead of the recorded ones. */
  get #shift(): number {
    return this.#isn - this.#recordedIsn! | 0;
  }

  /** The highest live number that a recorded segment of the peer presupposes. */
  #presupposed(segment: Headers): number {
    let most = segment.ack + this.#shift | 0;
    const sack = segment.option(5, 10);
    if (sack >= 0) {
      for (let at = sack + 6; at + 4 <= sack + segment.bytes[sack + 1]!; at += 8) {
        const right = getI32(segment.bytes, at) + this.#shift | 0;
        if ((right - most | 0) > 0) most = right;
      }
    }
    return most;
  }

  /**
   * Tells what a recorded segment of the peer has to wait for.
   *
   * @param segment The segment, as recorded.
   * @returns Null when it can go to the live stack; else a sentence's end.
   */
  missing(segment: Headers): string | null {
    const { flags } = segment;
    if (!(flags & ACK)) return null;
    if (!this.begun) return "the live stack's first segment";
    const lacks = this.#presupposed(segment) - this.#next | 0;
    if (lacks > 0) {
      return `${lacks} more sequence numbers from the live stack, which sent ${this.#next - this.#isn | 0}`;
    }
    const payload = segment.end - segment.payload;
    // A probe of a closed window is sent into it on purpose.
    if (payload > 1 && !(flags & SYN) && (segment.seq + payload - this.#edge | 0) > 0) return "the live stack's window";
    return null;
  }

  /** Sequence numbers that the live stack sent and nothing acknowledged yet. */
  get outstanding(): number {
    return this.#next - this.#acked | 0;
  }

  /**
   * Makes a segment of the peer fit the live stack, once nothing is missing.
   *
   * @param segment The segment, where it may be changed.
   */
  rewrite(segment: Headers): void {
    this.#fed = true;
    const { flags, transport } = segment;
    if (this.livePort !== this.local.port) segment.set16(2, this.livePort);
    if (flags & ACK && this.begun) {
      let ack = segment.ack + this.#shift | 0;
      if ((ack - this.#acked | 0) > 0) this.#acked = ack;
      // No host takes back what it acknowledged. A bare acknowledgement that comes late stays old, or it would count as a
      // duplicate and call for a retransmission.
      else if (segment.extent > 0) ack = this.#acked;
      segment.set32(transport + 8, ack);
      const sack = segment.option(5, 10);
      if (sack >= 0) {
        for (let at = sack + 2; at + 4 <= sack + segment.bytes[sack + 1]!; at += 4) {
          segment.set32(at, getI32(segment.bytes, at) + this.#shift | 0);
        }
      }
      const stamp = segment.option(8, 10);
      if (stamp >= 0 && this.#stamp !== null) segment.set32(stamp + 6, this.#stamp);
    }
    if (!(flags & SYN)) segment.set16(14, this.#window(segment.u16(14)));
  }

  /** The peer's window, as the live stack will scale it. */
  #window(window: number): number {
    if (this.#peerScale < 0) return window;
    const live = this.#scale >= 0;
    if (live === this.#recordedScales) return window;
    return live ? window >> this.#peerScale : Math.min(65_535, window * 2 ** this.#peerScale);
  }

  /**
   * Turns a copy of a segment of the peer that still has to wait into a bare acknowledgement of all that the live stack sent,
   * for the live stack may send in smaller bursts than the recorded host and wait for one.
   *
   * @param segment The copy.
   */
  acknowledge(segment: Headers): void {
    const { bytes, transport, network } = segment;
    const stamp = segment.option(8, 10);
    let size = 20;
    if (stamp >= 0 && this.#stamp !== null) {
      const value = getI32(bytes, stamp + 2);
      bytes.set([1, 1, 8, 10], transport + 20);
      this.#write(bytes, transport + 24, value);
      this.#write(bytes, transport + 28, this.#stamp);
      size = 32;
    }
    this.#acked = this.#next;
    this.#write(bytes, transport + 8, this.#next);
    bytes[transport + 2] = this.livePort >> 8;
    bytes[transport + 3] = this.livePort;
    bytes[transport + 12] = size << 2;
    bytes[transport + 13] = ACK;
    const window = this.#window(segment.u16(14));
    bytes[transport + 14] = window >> 8;
    bytes[transport + 15] = window;
    bytes[transport + 18] = bytes[transport + 19] = 0;
    segment.end = transport + size;
    const total = segment.end - network - (segment.version === 6 ? 40 : 0);
    const field = network + (segment.version === 6 ? 4 : 2);
    bytes[field] = total >> 8;
    bytes[field + 1] = total;
  }

  #write(bytes: Uint8Array, at: number, value: number): void {
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}
