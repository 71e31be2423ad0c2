/**
 * A segment arrives (RFC 9293, 3.10.7), for a connection that exists.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import { end, enterTimeWait } from "./end.ts";
import { duplicateAck, newAck } from "./recovery.ts";
import { ACK, FIN, RST, type Segment, SYN, URG } from "./segment.ts";
import { armRetransmission, sendAck, sendReset } from "./send.ts";
import { before, distance, later } from "./sequence.ts";
import {
  CLOSE_WAIT,
  CLOSING,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  LAST_ACK,
  mayReceive,
  SYN_RECEIVED,
  SYN_SENT,
  TIME_WAIT,
} from "./state.ts";
import { EVENT_OPENED, EVENT_READABLE, EVENT_URGENT, EVENT_WRITABLE, type Tcb } from "./tcb.ts";

/** The send MSS towards a peer that does not say (MUST-15), by family. */
const DEFAULT_MSS = { 4: 536, 6: 1220 };
/** The least send MSS: a peer that asks for less would make us send headers for nothing. */
const LEAST_MSS = 48;
/** Milliseconds after which a timestamp says nothing any more: 24 days (RFC 7323, 5.5). */
const TIMESTAMP_LIFETIME = 2_073_600_000;
/** Challenge acknowledgements that one connection sends in a second (RFC 5961, 7; CVE-2016-5696: not shared). */
const CHALLENGES = 10;

/** What becomes of a segment that a connection does not take. */
export type Verdict = "done" | "reset" | "reopen";

/**
 * Takes a segment.
 *
 * @param tcb The connection, in any state but CLOSED.
 * @param segment The segment.
 * @param packet The packet that holds its data.
 * @returns `"reset"` when it must be answered with a reset, `"reopen"` when it is a SYN that may begin a new connection in
 * the place of one in TIME-WAIT.
 */
export function segmentArrives(tcb: Tcb, segment: Segment, packet: Packet): Verdict {
  if (tcb.state === SYN_SENT) return inSynSent(tcb, segment);
  const { flags } = segment;
  if (tcb.state === TIME_WAIT && (flags & (SYN | RST | ACK)) === SYN && mayReopen(tcb, segment)) return "reopen";
  if (tcb.state === SYN_RECEIVED && segment.seq === tcb.irs && (flags & (SYN | ACK | RST)) === (SYN | ACK)) {
    // Both opened at once: this is the peer's SYN again, with the acknowledgement of ours.
    segment.seq = segment.seq + 1 | 0;
    segment.flags ^= SYN;
    tcb.ackNow = true;
  }
  if (!acceptable(tcb, segment)) return "done";
  if (segment.flags & RST) {
    reset(tcb, segment);
    return "done";
  }
  if (segment.flags & SYN) {
    // RFC 5961, 4: whoever really lost the connection answers the challenge with a reset.
    challenge(tcb);
    return "done";
  }
  if (!(flags & ACK)) {
    tcb.shared.counters.badFlags++;
    return "done";
  }
  tcb.lastHeardAt = tcb.shared.core.now();
  tcb.keepAliveProbes = 0;
  if (tcb.state === SYN_RECEIVED) {
    // RFC 9293, 3.10.7.4: an acknowledgement of anything but our SYN is answered with a reset.
    if (!before(tcb.sndUna, segment.ack) || before(tcb.sndMax, segment.ack)) return "reset";
    establish(tcb, segment);
    if (tcb.listener?.established(tcb) === false) return "done";
  }
  if (!takeAck(tcb, segment)) return "done";
  if (flags & URG) takeUrgent(tcb, segment);
  if (segment.dataLength > 0 || flags & FIN) takeData(tcb, segment, packet);
  return "done";
}

function inSynSent(tcb: Tcb, segment: Segment): Verdict {
  const { flags, ack } = segment;
  if (flags & ACK && (!before(tcb.iss, ack) || before(tcb.sndMax, ack))) return flags & RST ? "done" : "reset";
  if (flags & RST) {
    // Only a reset that acknowledges our SYN can come from whom we asked.
    if (flags & ACK) {
      tcb.shared.counters.resetsReceived++;
      end(tcb, refused(tcb));
    }
    return "done";
  }
  if (!(flags & SYN)) {
    tcb.shared.counters.badFlags++;
    return "done";
  }
  takeSyn(tcb, segment);
  if (flags & ACK) {
    tcb.lastHeardAt = tcb.shared.core.now();
    establish(tcb, segment);
    acknowledge(tcb, segment);
    tcb.ackNow = true;
    tcb.raise(EVENT_OPENED);
  } else {
    // Both opened at once (MUST-10): our SYN goes again, with the acknowledgement of theirs.
    tcb.state = SYN_RECEIVED;
    tcb.synQueued = true;
    tcb.shared.core.ready(tcb);
  }
  return "done";
}

/**
 * Takes what the peer's SYN says: its initial sequence number and options.
 *
 * @param tcb The connection.
 * @param segment The SYN.
 */
export function takeSyn(tcb: Tcb, segment: Segment): void {
  const { shared } = tcb;
  tcb.irs = segment.seq;
  tcb.rcvNxt = tcb.rcvUp = tcb.rcvAdv = segment.seq + 1 | 0;
  tcb.peerMss = Math.max(segment.mss || DEFAULT_MSS[tcb.path.network.family], LEAST_MSS);
  tcb.timestamps = shared.timestamps && segment.hasTimestamps;
  if (tcb.timestamps) {
    tcb.tsRecent = segment.tsVal;
    tcb.tsRecentAt = shared.core.now();
  }
  tcb.sack = shared.sack && segment.sackPermitted;
  tcb.scaling = segment.windowScale >= 0;
  tcb.sndShift = tcb.scaling ? segment.windowScale : 0;
  tcb.rcvShift = tcb.scaling ? shared.windowShift : 0;
  // The window of a SYN is not scaled.
  tcb.sndWnd = tcb.sndWndMax = segment.window;
  tcb.sndWl1 = segment.seq;
  tcb.sndWl2 = segment.ack;
}

/** The handshake is done. */
function establish(tcb: Tcb, segment: Segment): void {
  const { shared } = tcb;
  const simultaneous = tcb.state === SYN_RECEIVED && tcb.listener === null;
  if (tcb.state === SYN_RECEIVED) {
    tcb.sndWnd = segment.window << tcb.sndShift;
    tcb.sndWndMax = Math.max(tcb.sndWndMax, tcb.sndWnd);
    tcb.sndWl1 = segment.seq;
    tcb.sndWl2 = segment.ack;
  }
  tcb.state = ESTABLISHED;
  tcb.congestion = shared.congestion(tcb.mss);
  // A lost SYN is taken for congestion (RFC 6298, 5.7; RFC 5681, 3.1).
  if (tcb.synTimedOut) tcb.congestion.cwnd = tcb.mss;
  if (simultaneous) tcb.raise(EVENT_OPENED);
  if (tcb.keepAlive > 0) shared.core.timers.arm(tcb.keepAliveTimer(), tcb.lastHeardAt + tcb.keepAlive);
}

/** Whether a SYN may open a connection anew that is in TIME-WAIT (RFC 1122, 4.2.2.13; RFC 6191). */
function mayReopen(tcb: Tcb, segment: Segment): boolean {
  if (tcb.timestamps && segment.hasTimestamps && segment.tsVal !== tcb.tsRecent) {
    return before(tcb.tsRecent, segment.tsVal);
  }
  return before(tcb.rcvNxt, segment.seq);
}

/** Whether a segment lies in the window (3.4): what lies outside is answered with an acknowledgement and dropped. */
function acceptable(tcb: Tcb, segment: Segment): boolean {
  const { flags, length } = segment;
  const window = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0);
  const from = distance(segment.seq, tcb.rcvNxt);
  const to = from + length;
  const { counters, core } = tcb.shared;
  if (tcb.timestamps && segment.hasTimestamps && !(flags & RST)) {
    // PAWS (RFC 7323, 5.3 R1).
    if (before(segment.tsVal, tcb.tsRecent) && core.now() - tcb.tsRecentAt < TIMESTAMP_LIFETIME) {
      counters.oldTimestamp++;
      answerStray(tcb, segment);
      return false;
    }
  }
  // A closed window still takes what carries no data, or whose data is cut off: acknowledgements and resets (MUST-66).
  const inside = length === 0 ? from >= 0 && from <= window : from <= window && to > 0 && (from < window || from <= 0);
  if (inside) {
    if (tcb.timestamps && segment.hasTimestamps && !before(tcb.lastAckSent, segment.seq)) {
      tcb.tsRecent = segment.tsVal;
      tcb.tsRecentAt = core.now();
    }
    return true;
  }
  counters.outOfWindow++;
  if (tcb.state === SYN_RECEIVED && flags & SYN && segment.seq === tcb.irs) {
    // The peer's SYN again: it has not heard ours.
    tcb.synQueued = true;
    core.ready(tcb);
  } else if (!(flags & RST)) {
    // Our acknowledgement of their FIN was lost: wait for as long again (3.10.7.4).
    if (tcb.state === TIME_WAIT && flags & FIN) enterTimeWait(tcb);
    if (tcb.sack && segment.dataLength > 0 && from < 0) {
      tcb.report().noteDuplicate(segment.seq, segment.seq + segment.dataLength | 0);
    }
    answerStray(tcb, segment);
  }
  return false;
}

/** Answers a segment that was dropped, so that the peer learns where we are; freely only where that carries data. */
function answerStray(tcb: Tcb, segment: Segment): void {
  if (tcb.state <= SYN_RECEIVED) return challenge(tcb);
  if (segment.dataLength > 0 && !(segment.flags & SYN)) acknowledgeNow(tcb);
  else challenge(tcb);
}

/** Sends an acknowledgement that asks the peer whether it meant that (RFC 5961), not too often. */
function challenge(tcb: Tcb): void {
  const now = tcb.shared.core.now();
  if (now - tcb.challengesSince >= 1000) {
    tcb.challengesSince = now;
    tcb.challenges = CHALLENGES;
  }
  if (tcb.challenges <= 0) return;
  tcb.challenges--;
  tcb.shared.counters.challengeAcks++;
  // At once: in TIME-WAIT nothing else would send it, and it must not be delayed or merged.
  sendAck(tcb);
}

function acknowledgeNow(tcb: Tcb): void {
  if (tcb.state === TIME_WAIT) return sendAck(tcb);
  tcb.ackNow = true;
  tcb.shared.core.ready(tcb);
}

function reset(tcb: Tcb, segment: Segment): void {
  const { state, shared } = tcb;
  // RFC 5961, 3.2: only an exact hit resets; a near one may be forged.
  if (segment.seq !== tcb.rcvNxt) return challenge(tcb);
  // RFC 1337: a reset must not cut TIME-WAIT short.
  if (state === TIME_WAIT) return;
  shared.counters.resetsReceived++;
  const error = state === SYN_RECEIVED
    ? refused(tcb)
    : state === CLOSING || state === LAST_ACK
    ? null
    : new NetError("ECONNRESET", `Connection with ${peer(tcb)} was reset by the peer`);
  end(tcb, error);
}

function refused(tcb: Tcb): NetError {
  return new NetError("ECONNREFUSED", `Connection to ${peer(tcb)} was refused`);
}

function peer(tcb: Tcb): string {
  return `${tcb.path.network.format(tcb.path.destination)} port ${tcb.remotePort}`;
}

/** Takes the acknowledgement field; false when the segment must be dropped. */
function takeAck(tcb: Tcb, segment: Segment): boolean {
  const { ack } = segment;
  // RFC 5961, 5.2: neither of what was never sent, nor of what is older than any window was.
  if (before(tcb.sndMax, ack) || distance(tcb.sndUna, ack) > tcb.sndWndMax) {
    tcb.shared.counters.badAck++;
    challenge(tcb);
    return false;
  }
  if (tcb.state === TIME_WAIT) return true;
  acknowledge(tcb, segment);
  switch (tcb.state) {
    case FIN_WAIT_1:
      if (finAcknowledged(tcb)) {
        tcb.state = FIN_WAIT_2;
        // A user that has closed reads nothing more: the peer does not get for ever to close too.
        if (tcb.readClosed) armFinWait2(tcb);
      }
      break;
    case CLOSING:
      if (finAcknowledged(tcb)) enterTimeWait(tcb);
      break;
    case LAST_ACK:
      if (finAcknowledged(tcb)) {
        end(tcb, null);
        return false;
      }
  }
  return true;
}

/**
 * Gives the peer as long as TIME-WAIT lasts to close too.
 *
 * @param tcb The connection, in FIN-WAIT-2.
 */
export function armFinWait2(tcb: Tcb): void {
  const { core, timeWait } = tcb.shared;
  core.timers.arm(tcb.timer, core.now() + timeWait);
}

function finAcknowledged(tcb: Tcb): boolean {
  return tcb.sndUna === tcb.sndMax && tcb.sendBuffer.size === 0;
}

/** Moves SND.UNA and the send window. */
function acknowledge(tcb: Tcb, segment: Segment): void {
  const { ack } = segment;
  const { core } = tcb.shared;
  const window = segment.flags & SYN ? segment.window : segment.window << tcb.sndShift;
  const acked = distance(ack, tcb.sndUna);
  if (acked > 0) {
    const flight = distance(tcb.sndMax, tcb.sndUna);
    // A SYN or FIN counts in the sequence but lies in no buffer.
    const data = Math.min(tcb.sndUna === tcb.iss ? acked - 1 : acked, tcb.sendBuffer.size);
    if (data > 0) tcb.sendBuffer.drop(data);
    tcb.sndUna = ack;
    tcb.sndNxt = later(tcb.sndNxt, ack);
    // What lies behind moves along, or 2^31 bytes later it would seem to lie ahead.
    if (before(tcb.sndUp, ack)) tcb.sndUp = ack;
    if (before(tcb.sndSmall, ack)) tcb.sndSmall = ack;
    if (before(tcb.recover, ack - 1 | 0)) tcb.recover = ack - 1 | 0;
    measure(tcb, segment);
    tcb.unansweredSince = -1;
    if (tcb.scoreboard) tcb.scoreboard.advance(ack);
    if (tcb.sack && segment.sackCount > 0) takeSack(tcb, segment);
    if (data > 0) newAck(tcb, data, flight);
    if (tcb.sndUna === tcb.sndMax) core.timers.disarm(tcb.timer);
    else armRetransmission(tcb);
    tcb.path.advise(true);
    if (data > 0) tellWritable(tcb);
    core.ready(tcb);
  } else if (acked === 0 && tcb.sndUna !== tcb.sndMax && !tcb.persisting) {
    // With SACK what counts is that something arrived (RFC 6675), without it that nothing else was said (RFC 5681).
    const duplicate = tcb.sack ? takeSack(tcb, segment) : segment.length === 0 && window === tcb.sndWnd;
    if (duplicate) {
      duplicateAck(tcb);
      core.ready(tcb);
    }
  }
  if (tcb.persisting) tcb.unansweredSince = -1;
  if (
    before(tcb.sndWl1, segment.seq) || tcb.sndWl1 === segment.seq && !before(ack, tcb.sndWl2)
  ) {
    tcb.sndWl1 = segment.seq;
    tcb.sndWl2 = ack;
    if (window !== tcb.sndWnd) {
      // The probes' back-off says nothing about the round-trip time.
      if (tcb.persisting && window > 0) {
        core.timers.disarm(tcb.timer);
        tcb.persisting = false;
        tcb.rtt.settle();
      }
      tcb.sndWnd = window;
      tcb.sndWndMax = Math.max(tcb.sndWndMax, window);
      core.ready(tcb);
    }
  }
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

/** Measures the round-trip time (RFC 7323, 4; without timestamps one segment at a time). */
function measure(tcb: Tcb, segment: Segment): void {
  if (tcb.timestamps && segment.hasTimestamps && segment.tsEcr !== 0) {
    const rtt = tcb.tsNow() - segment.tsEcr | 0;
    if (rtt >= 0) tcb.rtt.measure(rtt);
    tcb.timedAt = -1;
  } else if (tcb.timedAt >= 0 && before(tcb.timedSeq, segment.ack)) {
    tcb.rtt.measure(tcb.shared.core.now() - tcb.timedAt);
    tcb.timedAt = -1;
  }
  if (tcb.synTimedOut && tcb.sndUna === (tcb.iss + 1 | 0)) tcb.rtt.afterSynTimeout();
}

/** Takes the urgent pointer: it points one past the last urgent byte (MUST-62). */
function takeUrgent(tcb: Tcb, segment: Segment): void {
  if (!mayReceive(tcb.state)) return;
  const up = segment.seq + segment.urgent | 0;
  if (!before(tcb.rcvUp, up) || !before(tcb.rcvNxt, up)) return;
  tcb.rcvUp = up;
  tcb.raise(EVENT_URGENT);
}

/** Takes data and FIN. */
function takeData(tcb: Tcb, segment: Segment, packet: Packet): void {
  const { counters } = tcb.shared;
  // After the peer's FIN there is nothing more to take (3.10.7.4).
  if (!mayReceive(tcb.state)) return;
  let start = segment.dataStart;
  let stop = segment.dataEnd;
  let fin = (segment.flags & FIN) !== 0;
  let offset = distance(segment.seq, tcb.rcvNxt);
  if (offset < 0) {
    // The front was there before.
    if (tcb.sack) tcb.report().noteDuplicate(segment.seq, tcb.rcvNxt);
    start = Math.min(start - offset, stop);
    offset = 0;
    acknowledgeNow(tcb);
  }
  const room = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0) - offset;
  if (stop - start > room) {
    stop = start + Math.max(room, 0);
    fin = false;
    acknowledgeNow(tcb);
  }
  const length = stop - start;
  if (length > 0 && tcb.readClosed) {
    // RFC 1122, 4.2.2.13: nobody will read it, and the peer should know.
    counters.dataAfterClose++;
    sendReset(tcb);
    return end(
      tcb,
      new NetError("ECONNABORTED", `Connection with ${peer(tcb)} was reset: data came after it was closed`),
    );
  }
  if (fin) {
    tcb.finSeen = true;
    tcb.rcvFin = tcb.rcvNxt + offset + length | 0;
  }
  if (length > 0) {
    const grown = tcb.receiveBuffer.put(offset, packet.bytes, start, stop);
    if (grown > 0) {
      tcb.rcvNxt = tcb.rcvNxt + grown | 0;
      tcb.unacked += grown;
      // At least every second full-sized segment is acknowledged (RFC 9293, SHLD-19), and at once where a hole was filled.
      if (tcb.unacked >= 2 * Math.min(tcb.path.mms - 20, tcb.peerMss) || tcb.receiveBuffer.hasHoles || grown > length) {
        tcb.ackNow = true;
      }
      tcb.raise(EVENT_READABLE);
    }
    if (offset > 0) {
      counters.outOfOrder++;
      if (tcb.sack) tcb.report().note(tcb.rcvNxt + offset | 0);
    }
  }
  if (offset > 0) {
    // RFC 5681, 4.2: the peer learns of the hole from an acknowledgement for each segment, not for each batch.
    sendAck(tcb);
    return;
  }
  if (tcb.finSeen && tcb.rcvNxt === tcb.rcvFin) takeFin(tcb);
}

/** The peer closes. */
function takeFin(tcb: Tcb): void {
  tcb.rcvNxt = tcb.rcvNxt + 1 | 0;
  tcb.events |= EVENT_READABLE;
  acknowledgeNow(tcb);
  switch (tcb.state) {
    case ESTABLISHED:
      tcb.state = CLOSE_WAIT;
      break;
    case FIN_WAIT_1:
      // Its acknowledgement of our FIN was taken before.
      tcb.state = CLOSING;
      break;
    case FIN_WAIT_2:
      sendAck(tcb);
      enterTimeWait(tcb);
  }
}
