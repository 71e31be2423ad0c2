/**
 * One recorded TCP conversation, of which the live stack plays one side.
 *
 * What was recorded of the peer goes to the live stack as it is, but for the numbers that are the live stack's own: it chose
 * another initial sequence number, other timestamps, perhaps another port and no window scaling.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { getI32, setI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import {
  type Endpoint,
  excerpt,
  firstDifference,
  type Party,
  type RecordedPacket,
  type ReplayReport,
} from "./party.ts";
import { Stream } from "./stream.ts";

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
/** Options of TCP, by their numbers, and one that says nothing. */
const NOP = 1;
const SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const STAMPS = 8;
/** Bytes that the live side may send beyond what was recorded before they are no longer kept. */
const SURPLUS = 1 << 24;
/** Bytes of a segment that is sent again. */
const RESENT = 1200;
/** Bytes of a packet that are kept for messages that quote it. */
const QUOTED = 128;

/** How one side ended its direction. */
export type Ending = "open" | "closed" | "reset";

/** A recorded TCP conversation as a test sees it. */
export interface ReplayedConversation {
  /** The number of its first packet in the file. */
  readonly packet: number;
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
  /** What the recorded peer sent. */
  readonly received: Stream;
  /** What the recorded host sent in whose place the live stack stands. */
  readonly recorded: Stream;
  /** What the live stack sent, up to 16 MiB more than was recorded. */
  readonly live: Stream;
  /** How the recorded host ended. */
  readonly recordedEnd: Ending;
  /** How the live stack ended. */
  readonly liveEnd: Ending;
  /**
   * Says what came of it.
   *
   * @returns Whether the live stack sent what was recorded, and what differs first.
   */
  report(): ReplayReport;
}

/** A recorded conversation, and what the live stack has done in it so far. */
export class Conversation implements ReplayedConversation, Party {
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Who is played by the live stack. */
  readonly local: Endpoint;
  /** The number of its first packet in the file. */
  readonly packet: number;
  /** The port of the live stack: the recorded one, unless the live stack began the conversation from another. */
  livePort: number;
  /** Whether the live stack takes part: its first segment was seen. */
  begun: boolean = false;
  /** Recorded packets that were not fed yet. */
  left: number = 0;
  /** Changes with everything that the live stack sends. */
  progress: number = 0;
  /** What the recorded peer sent. */
  readonly received: Stream = new Stream();
  /** What the recorded host sent. */
  readonly recorded: Stream = new Stream();
  /** What the live stack sent. */
  readonly live: Stream = new Stream();
  /** How the recorded host ended. */
  recordedEnd: Ending = "open";
  /** How the live stack ended. */
  liveEnd: Ending = "open";
  /** What the live stack sent last, from its IP header on, for messages that quote it. */
  quote: Uint8Array | null = null;
  /** Whether one of the peer's segments went to the live stack. */
  #fed: boolean = false;
  /** What it waited for in vain. */
  #stalled: string | null = null;
  /** Whether a packet was cut when it was recorded. */
  #cut: boolean = false;

  // As recorded.
  #recordedIsn: number | null = null;
  #recordedNext: number = 0;
  #recordedScales: boolean = false;
  #peerIsn: number | null = null;
  #peerScale: number = -1;

  // What the live stack sent: its numbers, and what it can do.
  #isn: number = 0;
  #next: number = 0;
  #edge: number = 0;
  #scale: number = -1;
  #stamps: boolean = false;
  #sacks: boolean = false;
  #stamp: number = 0;

  // What it got.
  #acked: number = 0;
  #peerNext: number = 0;
  #peerStamp: number = 0;
  #peerStamps: boolean = false;
  #peerReset: boolean = false;
  #peerFin: boolean = false;
  #template: Uint8Array | null = null;

  /** Bytes of the live stack that were found to be as recorded; -1 once some were not. */
  #agreed: number = 0;
  /** What the live stack had sent when the peer last said something. */
  #turn: number = 0;
  /** What the live stack acknowledged. */
  #liveAck: number = 0;
  /** When what the live stack lacks is sent again; not a number when it lacks nothing. */
  resendAt: number = NaN;

  /** A recorded number and the live one that answers to it; what comes later is as far from the one as from the other. */
  #anchor: number = 0;
  #liveAnchor: number = 0;

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
    this.livePort = local.port;
    this.packet = packet;
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
    return this.#recordedIsn !== null || (this.#peerIsn !== null && this.recordedEnd === "reset");
  }

  /** Whether the live stack reset the conversation, so that the rest of the recording is moot. */
  get reset(): boolean {
    return this.liveEnd === "reset";
  }

  /** Whether the rest of its packets is left out. */
  get over(): boolean {
    return !this.whole || this.reset || this.#stalled !== null;
  }

  /** How much the host that is played live had sent so far in the recording; read while it is prepared. */
  get recordedNext(): number {
    return this.#recordedNext;
  }

  /**
   * Learns from a recorded segment of the side that the live stack plays.
   *
   * @param segment The segment.
   * @param cut Whether it was not recorded to its end.
   */
  learn(segment: Headers, cut: boolean): void {
    const { flags } = segment;
    if (flags & SYN) {
      if (this.#recordedIsn === null) {
        this.#recordedIsn = this.#anchor = segment.seq;
        this.#recordedNext = segment.seq;
      }
      this.#recordedScales = segment.option(SCALE, 3) >= 0;
    }
    if (flags & RST) this.recordedEnd = "reset";
    else if (flags & FIN && this.recordedEnd === "open") this.recordedEnd = "closed";
    if (cut) this.#cut = true;
    if (this.#recordedIsn === null || flags & RST) return;
    const end = segment.seq + segment.extent | 0;
    if ((end - this.#recordedNext | 0) > 0) this.#recordedNext = end;
    this.#add(this.recorded, segment, this.#recordedIsn, Infinity);
  }

  /**
   * Learns from a recorded segment of the peer.
   *
   * @param segment The segment.
   * @param cut Whether it was not recorded to its end.
   */
  learnPeer(segment: Headers, cut: boolean): void {
    if (cut) this.#cut = true;
    if (segment.flags & SYN) {
      this.#peerIsn ??= segment.seq;
      const scale = segment.option(SCALE, 3);
      this.#peerScale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
    }
    this.#add(this.received, segment, this.#peerIsn, Infinity);
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
    this.quote = segment.bytes.slice(segment.network, Math.min(segment.end, segment.network + QUOTED));
    if (flags & RST) {
      this.progress++;
      this.liveEnd = "reset";
      return;
    }
    if (flags & SYN && !this.begun) {
      this.begun = true;
      this.#isn =
        this.#liveAnchor =
        this.#next =
        this.#acked =
          seq;
      const scale = segment.option(SCALE, 3);
      this.#scale = scale < 0 ? -1 : Math.min(14, segment.bytes[scale + 2]!);
      this.#stamps = segment.option(STAMPS, 10) >= 0;
      this.#sacks = segment.option(SACK_PERMITTED, 2) >= 0;
    }
    if (!this.begun) return;
    const end = seq + segment.extent | 0;
    if ((end - this.#next | 0) > 0) {
      this.#next = end;
      this.progress++;
      if (flags & FIN) this.liveEnd = "closed";
    }
    const stamp = segment.option(STAMPS, 10);
    if (stamp >= 0) this.#stamp = getI32(segment.bytes, stamp + 2);
    if (flags & ACK) {
      const scaled = !(flags & SYN) && this.#scale >= 0 && this.#peerScale >= 0;
      const edge = segment.ack + segment.u16(14) * (scaled ? 2 ** this.#scale : 1) | 0;
      if (edge !== this.#edge) this.progress++;
      if (flags & SYN || (segment.ack - this.#liveAck | 0) > 0) {
        this.#liveAck = segment.ack;
        // What it lacks next is not waited for as long as what it lacked first.
        if (!Number.isNaN(this.resendAt)) this.resendAt = -Infinity;
      }
      this.#edge = edge;
    }
    this.#add(this.live, segment, this.#isn, this.recorded.length + SURPLUS);
  }

  /** By how much the live numbers are ahead of the recorded ones. */
  get #shift(): number {
    return this.#liveAnchor - this.#anchor | 0;
  }

  /** The highest live number that a recorded segment of the peer presupposes. */
  #presupposed(segment: Headers, before: number): number {
    // What acknowledges nothing comes after what was there to see.
    let most = (segment.flags & ACK ? segment.ack : before) + this.#shift | 0;
    const sack = segment.option(SACK, 10);
    if (sack >= 0) {
      for (let at = sack + 6; at + 4 <= sack + segment.bytes[sack + 1]!; at += 8) {
        const right = getI32(segment.bytes, at) + this.#shift | 0;
        if ((right - most | 0) > 0) most = right;
      }
    }
    return most;
  }

  /** Tells what a recorded segment of the peer has to wait for. */
  missing(segment: Headers, { before }: RecordedPacket): string | null {
    const { flags } = segment;
    if (!(flags & ACK) && !(flags & RST && this.#recordedIsn !== null && before !== 0)) return null;
    if (!this.begun) return "the live stack's first segment";
    const lacks = this.#presupposed(segment, before) - this.#next | 0;
    if (lacks > 0) {
      return `${lacks} more sequence numbers from the live stack, which sent ${this.#next - this.#isn | 0}`;
    }
    const payload = segment.end - segment.payload;
    // A probe of a closed window is sent into it on purpose.
    if (payload > 1 && !(flags & SYN) && (segment.seq + payload - this.#edge | 0) > 0) return "the live stack's window";
    return null;
  }

  /**
   * Ends a wait that took too long. A live side that has said something, and now is silent, has said less than was recorded:
   * what it said takes the place of what was recorded, and so it is where nothing was recorded that it could say. Otherwise it is
   * waited for no longer.
   */
  giveWay(segment: Headers, packet: RecordedPacket): void {
    const presupposed = this.#presupposed(segment, packet.before);
    const lacks = this.begun && (presupposed - this.#next | 0) > 0;
    const answered = (this.#next - this.#turn | 0) > 0;
    const unheard = (packet.before - this.#anchor | 0) <= 0;
    if (lacks && (answered || unheard)) this.#meet(presupposed - this.#shift | 0);
    else this.#stalled = `packet ${packet.number} waits for ${this.missing(segment, packet)}`;
  }

  /** Whether the live stack sent something else than was recorded, and not only sooner. */
  #deviates(): boolean {
    const { live, recorded } = this;
    if (this.#agreed < 0) return true;
    const part = live.slice(this.#agreed, live.length);
    const at = firstDifference(recorded.slice(this.#agreed, live.length), part);
    this.#agreed = at < 0 ? live.length : -1;
    return at >= 0;
  }

  /** Lets a recorded number answer to all that the live stack sent so far. */
  #meet(recorded: number): void {
    this.#anchor = recorded;
    this.#liveAnchor = this.#next;
  }

  /** Sequence numbers that the live stack sent and nothing acknowledged yet. */
  get outstanding(): number {
    return this.#next - this.#acked | 0;
  }

  /** Makes a segment of the peer fit the live stack, once nothing is missing. */
  rewrite(segment: Headers, { before, bytes }: RecordedPacket): void {
    this.#fed = true;
    const { flags, transport } = segment;
    const fresh = segment.extent > 0;
    this.#template = bytes;
    if (segment.end > segment.payload && this.begun) this.#turn = this.#next;
    const end = segment.seq + segment.extent | 0;
    if (flags & SYN || (end - this.#peerNext | 0) > 0) this.#peerNext = end;
    if (flags & RST) this.#peerReset = true;
    if (flags & FIN) this.#peerFin = true;
    if (this.livePort !== this.local.port) segment.set16(2, this.livePort);
    if (flags & ACK && this.begun) {
      // The peer has seen all there was, and goes on: so it has seen all that is there now, where that is something else.
      if (fresh && segment.ack === before && !(flags & SYN)) {
        if ((this.#next - segment.ack - this.#shift | 0) > 0 && this.#deviates()) this.#meet(before);
      }
      let ack = segment.ack + this.#shift | 0;
      if ((ack - this.#acked | 0) > 0) this.#acked = ack;
      // No host takes back what it acknowledged. A bare acknowledgement that comes late stays old, or it would count as a
      // duplicate and call for a retransmission.
      else if (fresh) ack = this.#acked;
      segment.set32(transport + 8, ack);
      const sack = segment.option(SACK, 10);
      if (sack >= 0) {
        for (let at = sack + 2; at + 4 <= sack + segment.bytes[sack + 1]!; at += 4) {
          segment.set32(at, getI32(segment.bytes, at) + this.#shift | 0);
        }
      }
    }
    this.#rewriteOptions(segment);
    if (!(flags & SYN)) segment.set16(14, this.#window(segment.u16(14)));
  }

  /** Leaves out the options to which the live stack did not agree, and returns its timestamps. */
  #rewriteOptions(segment: Headers): void {
    const answers = this.begun && (segment.flags & ACK) !== 0;
    const stamp = segment.option(STAMPS, 10);
    if (stamp >= 0) {
      const value = getI32(segment.bytes, stamp + 2);
      if (!this.#peerStamps || (value - this.#peerStamp | 0) > 0) this.#peerStamp = value;
      this.#peerStamps = true;
      if (answers && !this.#stamps) this.#blank(segment, stamp);
      else if (answers) segment.set32(stamp + 6, this.#stamp);
    }
    if (!answers) return;
    if (!this.#sacks) {
      this.#blank(segment, segment.option(SACK, 10));
      this.#blank(segment, segment.option(SACK_PERMITTED, 2));
    }
    if (this.#scale < 0) this.#blank(segment, segment.option(SCALE, 3));
  }

  #blank(segment: Headers, at: number): void {
    if (at >= 0) segment.fill(at, at + segment.bytes[at + 1]!, NOP);
  }

  /** The peer's window, as the live stack will scale it. */
  #window(window: number): number {
    if (this.#peerScale < 0) return window;
    const live = this.#scale >= 0;
    if (live === this.#recordedScales) return window;
    return live ? window >> this.#peerScale : Math.min(65_535, window * 2 ** this.#peerScale);
  }

  /** Whether the recording has nothing more to say, while the live stack does. */
  get trails(): boolean {
    return this.left === 0 && this.outstanding > 0 && !this.#peerReset && !this.over && this.#fed;
  }

  /** Whether neither side waits for the other any more. */
  get settled(): boolean {
    return this.liveEnd !== "open" && this.outstanding === 0 && !this.lacks;
  }

  /** Whether the live stack lacks something that the peer sent: it may have had no room for what the recorded host kept. */
  get lacks(): boolean {
    return this.begun && this.#fed && !this.#peerReset && !this.over && (this.#peerNext - this.#liveAck | 0) > 0;
  }

  /**
   * Makes a bare acknowledgement of all that the live stack sent: it may send in smaller bursts than the recorded host and wait
   * for one, or send more than was recorded.
   *
   * @param headers Reads the packet while it is made.
   * @param medium What it begins with.
   * @returns The packet, but for its checksums; null when the peer has not said anything that could be copied.
   */
  acknowledge(headers: Headers, medium: Medium): Headers | null {
    this.#acked = this.#next;
    return this.#compose(headers, medium, this.#peerNext, new Uint8Array(0), ACK);
  }

  /**
   * Makes a segment of what the live stack lacks.
   *
   * @param headers Reads the packet while it is made.
   * @param medium What it begins with.
   * @returns The packet, but for its checksums; null when there is none.
   */
  resend(headers: Headers, medium: Medium): Headers | null {
    const at = this.#liveAck - (this.#peerIsn ?? 0) - 1 | 0;
    const left = this.#peerNext - this.#liveAck | 0;
    const payload = at < 0 ? new Uint8Array(0) : this.received.slice(at, at + Math.min(left, RESENT));
    const fin = this.#peerFin && payload.length === left - 1 ? FIN : 0;
    if (at < 0 || (payload.length === 0 && !fin)) return null;
    return this.#compose(headers, medium, this.#liveAck, payload, ACK | fin);
  }

  /** Makes a segment of the peer in the likeness of the last one. */
  #compose(headers: Headers, medium: Medium, seq: number, payload: Uint8Array, flags: number): Headers | null {
    if (!this.#template) return null;
    const bytes = new Uint8Array(this.#template.length + 32 + payload.length);
    bytes.set(this.#template);
    const segment = headers.read(bytes, 0, this.#template.length, medium);
    const { transport, network } = segment;
    const window = segment.flags & SYN ? Math.min(65_535, segment.u16(14)) : this.#window(segment.u16(14));
    let size = 20;
    if (this.#stamps && this.#peerStamps) {
      bytes.set([NOP, NOP, STAMPS, 10], transport + 20);
      setI32(bytes, transport + 24, this.#peerStamp);
      setI32(bytes, transport + 28, this.#stamp);
      size = 32;
    }
    set16(bytes, transport + 2, this.livePort);
    setI32(bytes, transport + 4, seq);
    setI32(bytes, transport + 8, this.#acked);
    bytes[transport + 12] = size << 2;
    bytes[transport + 13] = flags;
    set16(bytes, transport + 14, window);
    set16(bytes, transport + 18, 0);
    bytes.set(payload, transport + size);
    segment.end = transport + size + payload.length;
    set16(bytes, network + (segment.version === 6 ? 4 : 2), segment.end - network - (segment.version === 6 ? 40 : 0));
    return segment;
  }

  /** Says what came of it. */
  report(): ReplayReport {
    const [verdict, reason] = this.#judge();
    return { kind: "tcp", peer: this.peer, local: this.local, packet: this.packet, verdict, reason };
  }

  /** What the recording lacks, in a sentence; null when nothing. */
  get #hole(): string | null {
    const fin = this.recordedEnd === "closed" ? 1 : 0;
    const size = this.#recordedIsn === null ? 0 : this.#recordedNext - this.#recordedIsn - 1 - fin | 0;
    const place = this.recorded.length;
    return size > place ? `the recording lacks what the recorded host sent from byte ${place} on` : null;
  }

  #judge(): [ReplayReport["verdict"], string | null] {
    if (!this.whole) return ["impossible", "the recording lacks its beginning"];
    if (this.#cut) return ["impossible", "its packets were cut short when they were recorded"];
    const recorded = this.recorded.bytes();
    const live = this.live.bytes();
    const at = firstDifference(recorded, live);
    const more = at === live.length && at < recorded.length;
    const hole = at < 0 || at === recorded.length ? this.#hole : null;
    if (hole) return ["impossible", hole];
    if (at >= 0 && !(more && this.#stalled !== null)) {
      const end = at === live.length && this.reset ? ", and a reset" : "";
      return ["different", `byte ${at}: ${excerpt(recorded, at)} was recorded, and ${excerpt(live, at)} came${end}`];
    }
    if (this.#stalled !== null) return ["impossible", this.#stalled];
    if (this.liveEnd !== this.recordedEnd) {
      const ends: Record<Ending, string> = { open: "stayed open", closed: "closed", reset: "reset the connection" };
      return ["different", `the recorded host ${ends[this.recordedEnd]}, and the live one ${ends[this.liveEnd]}`];
    }
    if (this.left > 0) return ["impossible", `${this.left} of its packets were not played`];
    return ["identical", null];
  }
}

function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
