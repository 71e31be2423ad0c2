/**
 * One recorded TCP conversation, of which the live stack plays one side.
 *
 * What was recorded of the peer goes to the live stack as it is, but for the numbers that are the live stack's own: it chose
 * another initial sequence number, other timestamps, perhaps another port and no window scaling. Where it says something of
 * another length than what was recorded, the numbers move on by the difference.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { getI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import { LiveSide } from "./live_side.ts";
import { type Endpoint, firstDifference, type Party, type RecordedPacket, type ReplayReport } from "./party.ts";
import { PlayedSide } from "./played_side.ts";
import { type Ending, RecordedConversation } from "./recorded_conversation.ts";
import type { Stream } from "./stream.ts";
import { ACK, FIN, NOP, RST, SACK, SACK_PERMITTED, SCALE, STAMPS, SYN } from "./tcp_header.ts";
import { judge } from "./verdict.ts";

export type { Ending } from "./recorded_conversation.ts";

/** Bytes that the live side may send beyond what was recorded before they are no longer kept. */
const SURPLUS = 16_777_216;
/** Bytes of a segment that is sent again. */
const RESENT = 1200;

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
export class Conversation extends RecordedConversation implements ReplayedConversation, Party {
  /** The port of the live stack: the recorded one, unless the live stack began the conversation from another. */
  livePort: number;
  /** Recorded packets that were not fed yet. */
  left: number = 0;
  /** Changes with everything that the live stack sends. */
  progress: number = 0;
  /** What it waited for in vain; null when it did not. */
  stalled: string | null = null;
  /** When what the live stack lacks is sent again; not a number when it lacks nothing. */
  resendAt: number = NaN;
  readonly #live: LiveSide = new LiveSide();
  readonly #played: PlayedSide = new PlayedSide();
  /** A recorded number and the live one that answers to it; what comes later is as far from the one as from the other. */
  #anchor: number = 0;
  #liveAnchor: number = 0;
  /** What the live stack had sent when the peer last said something. */
  #turn: number = 0;
  /** Bytes of the live stack that were found to be as recorded; -1 once some were not. */
  #agreed: number = 0;

  /**
   * Makes a conversation of which nothing is known yet.
   *
   * @param peer Who is played from the recording.
   * @param local Who is played by the live stack.
   * @param packet The number of its first packet.
   */
  constructor(peer: Endpoint, local: Endpoint, packet: number) {
    super(peer, local, packet);
    this.livePort = local.port;
  }

  /** Whether the live stack takes part: its first segment was seen. */
  get begun(): boolean {
    return this.#live.begun;
  }

  /** Whether either side has sent something in this run. */
  get active(): boolean {
    return this.#played.begun || this.#live.begun;
  }

  /** The live stack's initial sequence number, as an int32; null before it sent one. */
  get isn(): number | null {
    return this.begun ? this.#live.isn : null;
  }

  /** What the live stack sent. */
  get live(): Stream {
    return this.#live.stream;
  }

  /** How the live stack ended. */
  get liveEnd(): Ending {
    return this.#live.end;
  }

  /** What the live stack sent last, from its IP header on, for messages that quote it. */
  get quote(): Uint8Array | null {
    return this.#live.quote;
  }

  /** Whether the live stack reset the conversation, so that the rest of the recording is moot. */
  get reset(): boolean {
    return this.#live.end === "reset";
  }

  /** Whether the rest of its packets is left out. */
  get over(): boolean {
    return !this.whole || this.reset || this.stalled !== null;
  }

  /**
   * Takes note of a segment that the live stack sent.
   *
   * @param segment The segment.
   */
  observe(segment: Headers): void {
    const live = this.#live;
    const { begun, ack } = live;
    if (live.observe(segment, this.peerScale >= 0, this.recorded.length + SURPLUS)) this.progress++;
    if (!begun && live.begun) {
      this.#anchor = this.recordedIsn ?? 0;
      this.#liveAnchor = this.#played.acked = live.isn;
      this.#turn = live.isn + 1 | 0;
    }
    // What it lacks next is not waited for as long as what it lacked first.
    if (live.ack !== ack && !Number.isNaN(this.resendAt)) this.resendAt = -Infinity;
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
    const { next, isn, edge } = this.#live;
    if (!(flags & ACK) && !(flags & RST && this.recordedIsn !== null && before !== 0)) return null;
    if (!this.begun) return "the live stack's first segment";
    const lacks = this.#presupposed(segment, before) - next | 0;
    if (lacks > 0) return `${lacks} more sequence numbers from the live stack, which sent ${next - isn | 0}`;
    const payload = segment.end - segment.payload;
    // A probe of a closed window is sent into it on purpose.
    if (payload > 1 && !(flags & SYN) && (segment.seq + payload - edge | 0) > 0) return "the live stack's window";
    return null;
  }

  /**
   * Ends a wait that took too long. A live side that has said something, and now is silent, has said less than was recorded:
   * what it said takes the place of what was recorded, and so it is where nothing was recorded that it could say. Otherwise it is
   * waited for no longer.
   */
  giveWay(segment: Headers, packet: RecordedPacket): void {
    const presupposed = this.#presupposed(segment, packet.before);
    const lacks = this.begun && (presupposed - this.#live.next | 0) > 0;
    const answered = (this.#live.next - this.#turn | 0) > 0;
    const unheard = (packet.before - this.#anchor | 0) <= 0;
    if (lacks && (answered || unheard)) this.#meet(presupposed - this.#shift | 0);
    else this.stalled = `packet ${packet.number} waits for ${this.missing(segment, packet)}`;
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
    this.#liveAnchor = this.#live.next;
  }

  /** Makes a segment of the peer fit the live stack, once nothing is missing. */
  rewrite(segment: Headers, { before, bytes }: RecordedPacket): void {
    this.#played.observe(segment, bytes);
    if (segment.end > segment.payload) this.#turn = this.#live.next;
    if (this.livePort !== this.local.port) segment.set16(2, this.livePort);
    const answers = this.begun && (segment.flags & ACK) !== 0;
    if (answers) {
      this.#rewriteAck(segment, before);
      this.#rewriteOptions(segment);
    }
    if (!(segment.flags & SYN)) segment.set16(14, this.#window(segment.u16(14)));
  }

  #rewriteAck(segment: Headers, before: number): void {
    const played = this.#played;
    const fresh = segment.extent > 0;
    // The peer has seen all there was, and goes on: so it has seen all that is there now, where that is something else.
    if (fresh && segment.ack === before && !(segment.flags & SYN)) {
      if ((this.#live.next - segment.ack - this.#shift | 0) > 0 && this.#deviates()) this.#meet(before);
    }
    let ack = segment.ack + this.#shift | 0;
    if ((ack - played.acked | 0) > 0) played.acked = ack;
    // No host takes back what it acknowledged. A bare acknowledgement that comes late stays old, or it would count as a
    // duplicate and call for a retransmission.
    else if (fresh) ack = played.acked;
    segment.set32(segment.transport + 8, ack);
  }

  /** Maps what options say, and leaves those out to which the live stack did not agree. */
  #rewriteOptions(segment: Headers): void {
    const { stamps, sacks, scale, stamp } = this.#live;
    const echo = segment.option(STAMPS, 10);
    if (echo >= 0 && stamps) segment.set32(echo + 6, stamp);
    else blank(segment, echo);
    const sack = segment.option(SACK, 10);
    if (sack >= 0 && sacks) {
      for (let at = sack + 2; at + 4 <= sack + segment.bytes[sack + 1]!; at += 4) {
        segment.set32(at, getI32(segment.bytes, at) + this.#shift | 0);
      }
    } else blank(segment, sack);
    if (!sacks) blank(segment, segment.option(SACK_PERMITTED, 2));
    if (scale < 0) blank(segment, segment.option(SCALE, 3));
  }

  /** The peer's window, as the live stack will scale it. */
  #window(window: number): number {
    const scales = this.#live.scale >= 0;
    if (this.peerScale < 0 || scales === this.recordedScales) return window;
    return scales ? window >> this.peerScale : Math.min(65_535, window * 2 ** this.peerScale);
  }

  /** Sequence numbers that the live stack sent and nothing acknowledged yet. */
  get outstanding(): number {
    return this.#live.next - this.#played.acked | 0;
  }

  /** Whether the peer can say something more. */
  get #speaks(): boolean {
    return this.#played.begun && !this.#played.reset && !this.over;
  }

  /** Whether the recording has nothing more to say, while the live stack does. */
  get trails(): boolean {
    return this.left === 0 && this.outstanding > 0 && this.#speaks;
  }

  /** Whether the live stack lacks something that the peer sent: it may have had no room for what the recorded host kept. */
  get lacks(): boolean {
    return this.begun && this.#speaks && (this.#played.next - this.#live.ack | 0) > 0;
  }

  /** Whether neither side waits for the other any more. */
  get settled(): boolean {
    return this.liveEnd !== "open" && this.outstanding === 0 && !this.lacks;
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
    this.#played.acked = this.#live.next;
    return this.#compose(headers, medium, this.#played.next, ACK, new Uint8Array(0));
  }

  /**
   * Makes a segment of what the live stack lacks.
   *
   * @param headers Reads the packet while it is made.
   * @param medium What it begins with.
   * @returns The packet, but for its checksums; null when there is none.
   */
  resend(headers: Headers, medium: Medium): Headers | null {
    const { ack } = this.#live;
    const at = ack - (this.peerIsn ?? 0) - 1 | 0;
    const left = this.#played.next - ack | 0;
    if (at < 0) return null;
    const payload = this.received.slice(at, at + Math.min(left, RESENT));
    const fin = this.#played.fin && payload.length === left - 1 ? FIN : 0;
    return payload.length > 0 || fin ? this.#compose(headers, medium, ack, ACK | fin, payload) : null;
  }

  #compose(headers: Headers, medium: Medium, seq: number, flags: number, payload: Uint8Array): Headers | null {
    const { stamps, stamp } = this.#live;
    const window = (its: number): number => this.#window(its);
    const echo = stamps ? stamp : null;
    return this.#played.compose(headers, medium, { seq, flags, payload, port: this.livePort, echo, window });
  }

  /** Says what came of it. */
  report(): ReplayReport {
    return { kind: "tcp", peer: this.peer, local: this.local, packet: this.packet, ...judge(this) };
  }
}

function blank(segment: Headers, at: number): void {
  if (at >= 0) segment.fill(at, at + segment.bytes[at + 1]!, NOP);
}
