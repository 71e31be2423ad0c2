/**
 * TIME-WAIT (RFC 9293, 3.3.2 and 3.6.1): what is left of a connection while old segments are waited out. It holds no more
 * than what such a segment is answered with, for a server of short connections has thousands of them.
 *
 * @module
 */

import type { Path } from "../../core/ip.ts";
import { Timer } from "../../core/timers.ts";
import type { Endpoint } from "./demux.ts";
import { sendBare } from "./emit.ts";
import { ACK, FIN, type Segment, SYN } from "./segment.ts";
import { before } from "./sequence.ts";
import type { TcpShared } from "./shared.ts";
import type { Tcb } from "./tcb.ts";
import { windowToTell } from "./window.ts";

/** Segments without text that one answers in all, so that two ends never answer each other for ever. */
const ANSWERS = 10;

/** A connection in TIME-WAIT. */
export class TimeWait implements Endpoint {
  readonly path: Path;
  readonly localPort: number;
  readonly remotePort: number;
  chain: Endpoint | null = null;
  /** SND.NXT. */
  readonly sndNxt: number;
  /** RCV.NXT. */
  readonly rcvNxt: number;
  /** When it ends, in milliseconds. */
  until: number = 0;
  /** The window field. */
  readonly #window: number;
  /** TS.Recent; null where timestamps are not used. */
  #tsRecent: number | null;
  #answers: number = ANSWERS;

  /**
   * Takes over from a connection.
   *
   * @param tcb The connection.
   */
  constructor(tcb: Tcb) {
    this.path = tcb.path;
    this.localPort = tcb.localPort;
    this.remotePort = tcb.remotePort;
    this.sndNxt = tcb.sndMax;
    this.rcvNxt = tcb.rcvNxt;
    this.#window = windowToTell(tcb);
    this.#tsRecent = tcb.timestamps ? tcb.tsRecent : null;
  }

  /**
   * Takes a segment (3.10.7.4). A reset is no matter for it: none cuts it short (RFC 1337).
   *
   * @param shared What all connections share.
   * @param segment The segment.
   * @returns Whether it is a SYN that may begin a new connection in the place of this one (RFC 1122, 4.2.2.13; RFC 6191).
   */
  takes(shared: TcpShared, segment: Segment): boolean {
    const { seq, ack, flags, length, tsVal } = segment;
    const { counters } = shared;
    const ts = segment.hasTimestamps ? this.#tsRecent : null;
    const old = ts !== null && before(tsVal, ts);
    if ((flags & (SYN | ACK | FIN)) === SYN && (ts !== null && tsVal !== ts ? !old : before(this.rcvNxt, seq))) {
      return true;
    }
    if (!(flags & (SYN | ACK))) {
      counters.badFlags++;
      return false;
    }
    // Our acknowledgement of their FIN was lost: wait for as long again.
    if (flags & FIN) shared.timeWaits.add(this);
    if (ts !== null && !old && !before(this.rcvNxt, seq)) this.#tsRecent = tsVal;
    if (length === 0 || flags & SYN) {
      if (length === 0 && seq === this.rcvNxt && !old && !before(this.sndNxt, ack) || this.#answers-- <= 0) {
        return false;
      }
      counters.challengeAcks++;
    }
    sendBare(shared, this, this.sndNxt, this.rcvNxt, ACK, this.#window, this.#tsRecent);
    return false;
  }
}

/** Every connection in TIME-WAIT. */
export class TimeWaits {
  /** All of them, the one that ends first at the front. */
  readonly #all: Set<TimeWait> = new Set();
  readonly #timer: Timer = new Timer((now) => this.#end(now));

  /**
   * Begins without any.
   *
   * @param shared What all connections share.
   */
  constructor(readonly shared: Omit<TcpShared, "timeWaits">) {}

  /**
   * Adds one, or starts its time anew.
   *
   * @param endpoint It.
   */
  add(endpoint: TimeWait): void {
    const { core, demux, timeWait, maxConnections } = this.shared;
    if (!this.#all.delete(endpoint)) {
      // The oldest makes room, so that a server of many short connections does not lock itself out.
      if (this.#all.size >= maxConnections / 4) this.endOldest();
      demux.add(endpoint);
    }
    endpoint.until = core.now() + timeWait;
    this.#all.add(endpoint);
    this.shared.counters.timeWait = this.#all.size;
    if (!this.#timer.armed) core.timers.arm(this.#timer, endpoint.until);
  }

  /**
   * Ends one.
   *
   * @param endpoint It.
   */
  end(endpoint: TimeWait): void {
    this.#all.delete(endpoint);
    this.shared.counters.timeWait = this.#all.size;
    this.shared.demux.remove(endpoint);
  }

  /**
   * Ends the one that would end first.
   *
   * @returns Whether there was one.
   */
  endOldest(): boolean {
    for (const oldest of this.#all) {
      this.end(oldest);
      return true;
    }
    return false;
  }

  #end(now: number): void {
    for (const oldest of this.#all) {
      if (oldest.until > now) return this.shared.core.timers.arm(this.#timer, oldest.until);
      this.end(oldest);
    }
  }
}
