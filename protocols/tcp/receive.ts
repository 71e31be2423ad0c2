/**
 * A segment arrives (RFC 9293, 3.10.7), for a connection that exists.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import { acknowledge, takeAck } from "./acknowledge.ts";
import { answerStray, challenge } from "./challenge.ts";
import { end, enterTimeWait } from "./end.ts";
import { ACK, FIN, RST, type Segment, SYN, URG } from "./segment.ts";
import { before, distance } from "./sequence.ts";
import { CLOSING, ESTABLISHED, LAST_ACK, SYN_RECEIVED, SYN_SENT, TIME_WAIT } from "./state.ts";
import { EVENT_OPENED, type Tcb } from "./tcb.ts";
import { takeData, takeUrgent } from "./text.ts";

/** The send MSS towards a peer that does not say (MUST-15), by family. */
const DEFAULT_MSS = { 4: 536, 6: 1220 };

/** The least send MSS: a peer that asks for less would make us send headers for nothing. */
const LEAST_MSS = 48;

/** What is taken for a full segment of the peer's before a larger one came (RFC 9293, MUST-15). */
const SMALL_MSS = 536;

/** Milliseconds after which a timestamp says nothing any more: 24 days (RFC 7323, 5.5). */
const TIMESTAMP_LIFETIME = 2_073_600_000;

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
  if (tcb.state === TIME_WAIT && (flags & (SYN | RST | ACK | FIN)) === SYN && mayReopen(tcb, segment)) return "reopen";
  if (tcb.state === SYN_RECEIVED && segment.seq === tcb.irs && (flags & (SYN | ACK | RST)) === SYN) {
    // The peer's SYN again, whatever data it bears: it has not heard ours.
    tcb.synQueued = true;
    tcb.shared.core.ready(tcb);
    return "done";
  }
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
    if (tcb.state === SYN_RECEIVED && tcb.listener) {
      // The peer has begun anew: back to LISTEN (RFC 9293, 3.10.7.4), with a reset, as Linux does.
      end(tcb, null);
      return "reset";
    }
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
  tcb.rcvMss = Math.min(tcb.peerMss, SMALL_MSS);
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
  tcb.ackLow = tcb.iss + 1 | 0;
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
  if (inside) return true;
  counters.outOfWindow++;
  if (!(flags & RST)) {
    // Our acknowledgement of their FIN was lost: wait for as long again (3.10.7.4).
    if (tcb.state === TIME_WAIT && flags & FIN) enterTimeWait(tcb);
    if (tcb.sack && segment.dataLength > 0 && from < 0) {
      tcb.report().noteDuplicate(segment.seq, segment.seq + segment.dataLength | 0);
    }
    answerStray(tcb, segment);
  }
  return false;
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
    : new NetError("ECONNRESET", `Connection with ${tcb.peer} was reset by the peer`);
  end(tcb, error);
}

function refused(tcb: Tcb): NetError {
  return new NetError("ECONNREFUSED", `Connection to ${tcb.peer} was refused`);
}
