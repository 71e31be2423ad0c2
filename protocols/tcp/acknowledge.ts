/**
 * Takes the acknowledgement field of a segment: SND.UNA, the send window and the round-trip time (RFC 9293, 3.10.7.4, fifth).
 *
 * @module
 */

import { challenge } from "./challenge.ts";
import { end, enterTimeWait } from "./end.ts";
import { duplicateAck, newAck } from "./recovery.ts";
import { type Segment, SYN } from "./segment.ts";
import { armRetransmission } from "./send.ts";
import { before, distance, later } from "./sequence.ts";
import { tsNow } from "./shared.ts";
import { CLOSED, CLOSING, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK } from "./state.ts";
import { EVENT_WRITABLE, FIN_WAIT_2_TIMEOUT, type Tcb } from "./tcb.ts";

/** Takes the acknowledgement field; false when the segment must be dropped. */
export function takeAck(tcb: Tcb, segment: Segment): boolean {
  const { ack } = segment;
  // RFC 5961, 5.2: neither of what was never sent, nor of what is older than any window was.
  if (before(tcb.sndMax, ack) || before(ack, tcb.ackLow)) {
    tcb.shared.counters.badAck++;
    challenge(tcb);
    return false;
  }
  // TS.Recent (RFC 7323, 4.3): not of what is dropped after all, or a forged segment could make the peer's own seem old.
  if (tcb.timestamps && segment.hasTimestamps && !before(tcb.lastAckSent, segment.seq)) {
    tcb.tsRecent = segment.tsVal;
    tcb.tsRecentAt = tcb.shared.core.now();
  }
  acknowledge(tcb, segment);
  // Our FIN is the last that we send: in these states it was sent, and so it is acknowledged.
  if (tcb.sndUna === tcb.sndMax) {
    if (tcb.state === FIN_WAIT_1) {
      tcb.state = FIN_WAIT_2;
      // A user that has closed reads nothing more: the peer does not get for ever to close too.
      if (tcb.readClosed) tcb.due(FIN_WAIT_2_TIMEOUT);
    } else if (tcb.state === CLOSING) enterTimeWait(tcb);
    else if (tcb.state === LAST_ACK) end(tcb, null);
  }
  return tcb.state !== CLOSED;
}

/** Moves SND.UNA and the send window. */
export function acknowledge(tcb: Tcb, segment: Segment): void {
  const { ack } = segment;
  const window = segment.flags & SYN ? segment.window : segment.window << tcb.sndShift;
  const acked = distance(ack, tcb.sndUna);
  if (acked > 0) {
    const flight = distance(tcb.sndMax, tcb.sndUna);
    // A SYN or FIN counts in the sequence but lies in no buffer.
    const data = Math.min(tcb.opening ? acked - 1 : acked, tcb.sendBuffer.size);
    if (data > 0) tcb.sendBuffer.drop(data);
    tcb.sndUna = ack;
    if (distance(ack, tcb.ackLow) > tcb.sndWndMax) tcb.ackLow = ack - tcb.sndWndMax | 0;
    tcb.sndNxt = later(tcb.sndNxt, ack);
    // What lies behind moves along, or 2^31 bytes later it would seem to lie ahead.
    if (before(tcb.sndUp, ack)) tcb.sndUp = ack;
    if (before(tcb.sndSmall, ack)) tcb.sndSmall = ack;
    if (before(tcb.recover, ack - 1 | 0)) tcb.recover = ack - 1 | 0;
    measure(tcb, segment);
    tcb.unansweredSince = Infinity;
    // What ICMP said is over.
    tcb.fault = null;
    // A small window that stays small is no reason to wait ever longer.
    if (tcb.persisting && window > 0) tcb.rtt.settle();
    tcb.scoreboard?.trim(ack);
    if (tcb.sack && segment.sackCount > 0) takeSack(tcb, segment);
    if (data > 0) newAck(tcb, data, flight);
    rearm(tcb);
    tcb.path.advise(true);
    if (data > 0) tellWritable(tcb);
    tcb.wake();
  } else if (acked === 0 && tcb.sndUna !== tcb.sndMax && !tcb.persisting) {
    // With SACK what counts is that something arrived (RFC 6675), without it that nothing else was said (RFC 5681).
    const duplicate = tcb.sack ? takeSack(tcb, segment) : segment.length === 0 && window === tcb.sndWnd;
    if (duplicate) {
      duplicateAck(tcb);
      tcb.wake();
    }
  }
  if (tcb.persisting) tcb.unansweredSince = Infinity;
  // Neither an older acknowledgement nor an older segment says anything of the window now.
  if (acked >= 0 && (before(tcb.sndWl1, segment.seq) || tcb.sndWl1 === segment.seq && !before(ack, tcb.sndWl2))) {
    tcb.sndWl1 = segment.seq;
    tcb.sndWl2 = ack;
    if (window !== tcb.sndWnd) {
      // The probes' back-off says nothing about the round-trip time.
      if (tcb.persisting && window > 0) {
        tcb.rtt.settle();
        // What the last probe held may be lost, and nothing else need follow it.
        rearm(tcb);
      }
      tcb.sndWnd = window;
      tcb.sndWndMax = Math.max(tcb.sndWndMax, window);
      tcb.wake();
    }
  }
}

/** Starts the retransmission timer anew, or stops it where nothing is in flight (RFC 6298, 5.2 and 5.3). */
function rearm(tcb: Tcb): void {
  tcb.persisting = false;
  if (tcb.sndUna !== tcb.sndMax) armRetransmission(tcb);
  else tcb.dueAt = Infinity;
}

/** Takes the blocks of a SACK option; says whether they told of anything new. */
function takeSack(tcb: Tcb, segment: Segment): boolean {
  return segment.sackCount > 0 && tcb.board().update(segment.sack, segment.sackCount, tcb.sndUna, tcb.sndMax);
}

/** Tells a user who waits for room once there is enough to be worth it, and every user once all is acknowledged. */
function tellWritable(tcb: Tcb): void {
  const { size, limit } = tcb.sendBuffer;
  if (size > 0 && !(tcb.wantsWritable && size <= limit / 2)) return;
  tcb.wantsWritable = false;
  tcb.events |= EVENT_WRITABLE;
}

/** Measures the round-trip time: of one segment at a time by our own clock, of all others by timestamps (RFC 7323, 4). */
function measure(tcb: Tcb, segment: Segment): void {
  if (tcb.timedAt >= 0 && before(tcb.timedSeq, segment.ack)) {
    tcb.rtt.measure(tcb.shared.core.now() - tcb.timedAt);
    tcb.timedAt = -1;
  } else if (tcb.timestamps && segment.hasTimestamps && segment.tsEcr !== 0) {
    const rtt = tsNow(tcb.shared) - segment.tsEcr | 0;
    // The echo may be that of a segment that was lost, or of none that there was: no such time.
    if (rtt >= 0 && !tcb.rtt.doubts(rtt)) tcb.rtt.measure(rtt);
  }
}
