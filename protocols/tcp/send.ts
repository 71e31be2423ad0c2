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
  else if (tcb.unacked > 0) tcb.armAck();
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
    const fin = last && tcb.finQueued && length < window;
    let flags = ACK;
    if (last && pending > 0) flags |= PSH;
    if (fin) flags |= FIN;
    const seq = tcb.sndNxt;
    if (again && scoreboard && flight === 0) scoreboard.mark = tcb.sndMax;
    tcb.sndNxt = seq + length + (fin ? 1 : 0) | 0;
    if (again) tcb.shared.counters.retransmitted++;
    else if (tcb.timedAt < 0) {
      tcb.timedSeq = seq;
      tcb.timedAt = tcb.shared.core.now();
    }
    tcb.sndMax = later(tcb.sndMax, tcb.sndNxt);
    if (length < mss || length % mss > 0) tcb.sndSmall = tcb.sndNxt;
    emit(tcb, flags, seq, flight, length);
    if (fin) finSent(tcb);
    if (!tcb.timer.armed || tcb.persisting) armRetransmission(tcb);
  }
}

function finSent(tcb: Tcb): void {
  if (tcb.state === ESTABLISHED) tcb.state = FIN_WAIT_1;
  else if (tcb.state === CLOSE_WAIT) tcb.state = LAST_ACK;
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

/** Sends again what is lost, as far as the congestion window allows (RFC 6675, 5 (4.3) and (C)). */
function retransmitLost(tcb: Tcb, scoreboard: Scoreboard, most: number): number {
  const { mss } = tcb;
  const end = lostBelow(tcb, mss);
  for (let sent = 0;; sent++) {
    const seq = scoreboard.hole(later(scoreboard.retransmitted, tcb.sndUna));
    if (!before(seq, end) || sent === most || tcb.congestion.cwnd - pipe(tcb, mss) < mss) return sent;
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
  const { sendBuffer, scoreboard } = tcb;
  const offset = distance(seq, tcb.sndUna);
  if (scoreboard && offset === 0) scoreboard.mark = tcb.sndMax;
  const length = Math.min(sendBuffer.size - offset, tcb.mss, most);
  const end = seq + length | 0;
  const last = offset + length === sendBuffer.size;
  // The FIN goes again with the last of the data, if it was sent.
  const fin = last && tcb.finQueued && before(end, tcb.sndMax);
  tcb.shared.counters.retransmitted++;
  // Karn's algorithm: what is sent twice is not timed.
  tcb.timedAt = -1;
  emit(tcb, ACK | (length > 0 && last ? PSH : 0) | (fin ? FIN : 0), seq, offset, length);
  return fin ? end + 1 | 0 : end;
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
  tcb.timedAt = -1;
  if (length === 0) return before(sndUna, tcb.sndMax) ? emit(tcb, ACK | FIN, sndUna, 0, 0) : sendProbe(tcb);
  const end = sndUna + length | 0;
  // The peer may take the byte: its acknowledgement must not look as if it were of something never sent.
  tcb.sndMax = later(tcb.sndMax, end);
  if (sndWnd > 0) tcb.sndNxt = end;
  emit(tcb, ACK | PSH, sndUna, 0, length);
}

/**
 * Starts the retransmission timer (RFC 6298, 5.1 and 5.3).
 *
 * @param tcb The connection.
 */
export function armRetransmission(tcb: Tcb): void {
  if (tcb.unansweredSince < 0) tcb.unansweredSince = tcb.shared.core.now();
  tcb.persisting = false;
  tcb.arm(tcb.rtt.rto);
}

/** Starts the persist timer, unless it runs. */
function armPersist(tcb: Tcb): void {
  if (tcb.persisting && tcb.timer.armed) return;
  tcb.persisting = true;
  tcb.arm(tcb.rtt.rto);
}
