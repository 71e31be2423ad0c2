/**
 * Sending: what may leave, and when (RFC 9293, 3.8.6.2.1 and 3.7.4).
 *
 * @module
 */

import { emit, sendAck, sendProbe } from "./emit.ts";
import { allowance, lostBelow, pipe } from "./recovery.ts";
import type { Scoreboard } from "./scoreboard.ts";
import { ACK, FIN, MOST_HEADERS, PSH, SYN } from "./segment.ts";
import { before, distance, later } from "./sequence.ts";
import { CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, SYN_RECEIVED, SYN_SENT } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** The longest override timeout of the sender's silly window avoidance, in milliseconds (3.8.6.2.1). */
const OVERRIDE = 1000;
/** Segments that one connection sends before the next one gets its turn. */
const BURST = 16;

/**
 * Does the work of a connection in a turn: tells its user what happened, then sends what may leave.
 *
 * @param tcb The connection.
 * @param room Packets that the driver takes now.
 * @returns Whether there is more to send.
 */
export function serveConnection(tcb: Tcb, room: number): boolean {
  if (tcb.events !== 0) tcb.deliver();
  if (tcb.state === CLOSED) return false;
  if (room <= 0) return true;
  if (tcb.state <= SYN_RECEIVED) {
    if (tcb.ackNow) sendSyn(tcb);
    return false;
  }
  const more = sendData(tcb, Math.min(room, BURST));
  if (tcb.ackNow) sendAck(tcb);
  else if (tcb.unacked > 0 && tcb.ackAt === Infinity) {
    tcb.ackAt = tcb.shared.core.now() + tcb.shared.ackDelay;
    tcb.arm();
  }
  return more;
}

/** Sends our SYN, or SYN and ACK. */
function sendSyn(tcb: Tcb): void {
  tcb.ackNow = false;
  if (tcb.sndMax === tcb.iss) {
    tcb.sndNxt = tcb.sndMax = tcb.iss + 1 | 0;
    tcb.timedSeq = tcb.iss;
    tcb.timedAt = tcb.shared.core.now();
  } else tcb.timedAt = -1;
  emit(tcb, tcb.state === SYN_SENT ? SYN : SYN | ACK, tcb.iss, 0, 0);
  armRetransmission(tcb);
}

/** Sends data and FIN as far as the windows, Nagle's algorithm and the sender's silly window avoidance allow. */
function sendData(tcb: Tcb, most: number): boolean {
  const buffer = tcb.sendBuffer;
  const mss = tcb.mss;
  // The driver may cut up larger ones. It would copy an urgent pointer into each, which counts from its front.
  const uncut = before(tcb.sndUna, tcb.sndUp) ? 0 : tcb.shared.core.offload.segmentation - MOST_HEADERS;
  if (tcb.sndNxt === tcb.sndUna && tcb.lastSentAt + tcb.rtt.rto < tcb.shared.core.now()) tcb.congestion.idled(mss);
  const { scoreboard } = tcb;
  let sent = scoreboard && tcb.recovering ? retransmitLost(tcb, scoreboard, most) : 0;
  for (;; sent++) {
    const again = before(tcb.sndNxt, tcb.sndMax);
    // After a timeout everything is sent again but what has arrived.
    if (again && scoreboard) tcb.sndNxt = scoreboard.hole(tcb.sndNxt);
    const flight = tcb.sndNxt - tcb.sndUna | 0;
    const pending = buffer.size - flight;
    // Below zero: our FIN is in flight, or acknowledged.
    if (pending < 0 || pending === 0 && !(tcb.finQueued && tcb.state !== FIN_WAIT_2)) return false;
    const window = tcb.sndWnd - flight;
    const usable = Math.min(window, Math.floor(tcb.congestion.cwnd) + allowance(tcb, mss) - pipe(tcb, mss));
    let length = Math.min(pending, again ? mss : Math.max(mss, uncut), usable);
    if (again && scoreboard && length > 0) {
      length = distance(scoreboard.holeEnd(tcb.sndNxt, tcb.sndNxt + length | 0), tcb.sndNxt);
    }
    if (length > mss && !maySendSmall(tcb, length % mss, length === pending)) length -= length % mss;
    const last = length === pending;
    if (
      length < 0 || length === 0 && !(last && window > 0) || length < mss && !maySendSmall(tcb, length, last)
    ) {
      // Nothing is in flight whose acknowledgement would open the way: time has to (3.8.6.1).
      if (flight === 0) armPersist(tcb);
      return false;
    }
    if (sent === most) return true;
    tcb.sndNxt = sendText(tcb, flight, length, length < window);
    if (length < mss || length % mss > 0) tcb.sndSmall = tcb.sndNxt;
    if (tcb.dueAt === Infinity || tcb.persisting) armRetransmission(tcb);
  }
}

/**
 * Sends a segment of the send buffer, for the first time or again.
 *
 * @param tcb The connection.
 * @param offset Where it begins, from SND.UNA on.
 * @param length Bytes of data.
 * @param mayFin Whether our FIN, where it waits, may go with the last of the data.
 * @returns One past its last sequence number.
 */
function sendText(tcb: Tcb, offset: number, length: number, mayFin: boolean): number {
  const { sendBuffer, scoreboard, shared, sndMax, state } = tcb;
  const seq = tcb.sndUna + offset | 0;
  const last = offset + length === sendBuffer.size;
  const fin = last && mayFin && tcb.finQueued ? FIN : 0;
  const end = seq + length + fin | 0;
  if (before(seq, sndMax)) {
    shared.counters.retransmitted++;
    if (scoreboard && offset === 0) scoreboard.mark = sndMax;
    // Karn's algorithm: what is sent twice is not timed.
    tcb.timedAt = -1;
  } else if (tcb.timedAt < 0) {
    tcb.timedSeq = seq;
    tcb.timedAt = shared.core.now();
  }
  tcb.sndMax = later(sndMax, end);
  if (scoreboard) scoreboard.sent += length;
  emit(tcb, ACK | (last && length > 0 ? PSH : 0) | fin, seq, offset, length);
  if (fin && state === ESTABLISHED) tcb.state = FIN_WAIT_1;
  if (fin && state === CLOSE_WAIT) tcb.state = LAST_ACK;
  return end;
}

/**
 * Whether a segment smaller than the largest may leave: the last data when no other small segment is in flight or Nagle's
 * algorithm is off, half of the largest window that the peer ever had, or data that was sent before.
 *
 * Nagle's algorithm in Minshall's form: a small segment behind large ones need not wait, so that no answer ends with a
 * round trip's delay.
 */
function maySendSmall(tcb: Tcb, length: number, last: boolean): boolean {
  return last && (!before(tcb.sndUna, tcb.sndSmall) || tcb.noDelay || tcb.finQueued) ||
    length > 0 && length >= tcb.sndWndMax / 2 ||
    before(tcb.sndNxt, tcb.sndMax);
}

/**
 * Sends again what is lost, as far as the congestion window allows (RFC 6675, 5 (4.3) and (C)), and in any case in proportion
 * to what arrives (RFC 9937): while half of a window drains, what is lost need not wait for it.
 */
function retransmitLost(tcb: Tcb, scoreboard: Scoreboard, most: number): number {
  const { mss, congestion: { cwnd } } = tcb;
  const end = lostBelow(tcb, mss);
  for (let sent = 0;; sent++) {
    const seq = scoreboard.hole(later(scoreboard.retransmitted, tcb.sndUna));
    const usable = Math.max(cwnd - pipe(tcb, mss), scoreboard.due(tcb.sndUna, cwnd, mss));
    if (!before(seq, end) || sent === most || usable < mss) return sent;
    scoreboard.retransmitted = retransmit(tcb, seq, distance(scoreboard.holeEnd(seq, end), seq));
  }
}

/**
 * Sends a segment again, whatever the congestion window says.
 *
 * @param tcb The connection.
 * @param seq Where it begins, from SND.UNA on.
 * @param most Bytes that it may hold.
 * @returns One past its last sequence number.
 */
export function retransmit(tcb: Tcb, seq: number, most: number): number {
  const offset = distance(seq, tcb.sndUna);
  const length = Math.min(tcb.sendBuffer.size - offset, tcb.mss, most);
  // The FIN goes again with the last of the data, if it was sent.
  return sendText(tcb, offset, length, before(seq + length | 0, tcb.sndMax));
}

/**
 * Sends what a window that is closed, or small, has no room for by the rules: one byte, to learn when it opens (MUST-35,
 * MUST-36), or what fits (3.8.6.2.1, the override timeout). A FIN that was not sent yet stays outside of a closed window:
 * where nothing else waits, an empty segment that the peer must answer asks instead, as Linux has it.
 *
 * @param tcb The connection; nothing of it is in flight, or the window was closed over it.
 */
export function probeWindow(tcb: Tcb): void {
  const { sndUna, sndWnd } = tcb;
  if (sndWnd === 0) tcb.shared.counters.windowProbes++;
  const length = Math.min(tcb.sendBuffer.size, Math.max(sndWnd, 1), tcb.mss);
  if (length === 0 && sndUna === tcb.sndMax) return sendProbe(tcb);
  const end = sendText(tcb, 0, length, before(sndUna + length | 0, tcb.sndMax));
  if (sndWnd > 0) tcb.sndNxt = end;
  tcb.timedAt = -1;
}

/**
 * Starts the retransmission timer (RFC 6298, 5.1 and 5.3).
 *
 * @param tcb The connection.
 */
export function armRetransmission(tcb: Tcb): void {
  const now = tcb.shared.core.now();
  tcb.unansweredSince = Math.min(tcb.unansweredSince, now);
  tcb.persisting = false;
  tcb.dueAt = Math.min(now + tcb.rtt.rto, tcb.givesUpAt);
  tcb.arm();
}

/** Starts the persist timer, or that of the override timeout, unless it runs. */
function armPersist(tcb: Tcb): void {
  if (tcb.persisting && tcb.dueAt !== Infinity) return;
  tcb.persisting = true;
  tcb.due(tcb.sndWnd > 0 ? Math.min(tcb.rtt.rto, OVERRIDE) : tcb.rtt.rto);
}
