/**
 * Loss recovery: fast retransmit and fast recovery (RFC 5681, 3.2), by selective acknowledgements where the peer gives them
 * (RFC 6675, RFC 9937), otherwise by NewReno's partial ones (RFC 6582) with limited transmit (RFC 3042).
 *
 * @module
 */

import { armRetransmission, retransmit } from "./send.ts";
import { before, distance, earlier, later } from "./sequence.ts";
import type { Tcb } from "./tcb.ts";

/** Duplicate acknowledgements that mean a loss. */
const THRESHOLD = 3;

/**
 * Takes a duplicate acknowledgement.
 *
 * @param tcb The connection.
 */
export function duplicateAck(tcb: Tcb): void {
  const { mss, scoreboard } = tcb;
  if (tcb.dupAcks++ === 0) tcb.flightEnd = tcb.sndMax;
  const again = scoreboard !== null && tcb.retransmitting && scoreboard.lostAgain(mss);
  if (tcb.recovering && !again) {
    // Each one means that a segment has left the network; a scoreboard knows that better.
    if (!scoreboard) tcb.inflation += mss;
  } else if (
    again ||
    mayRecover(tcb) && (tcb.dupAcks >= THRESHOLD || scoreboard && scoreboard.lostBelow(tcb.sndUna, mss) !== tcb.sndUna)
  ) {
    tcb.recovering = true;
    tcb.recover = tcb.sndMax;
    tcb.shared.counters.fastRetransmits++;
    const flight = distance(tcb.flightEnd, tcb.sndUna);
    tcb.congestion.lost(flight, mss);
    tcb.inflation = scoreboard ? 0 : THRESHOLD * mss;
    scoreboard?.begin(tcb.sndUna, flight, mss);
    retransmitFirst(tcb);
    armRetransmission(tcb);
  }
}

/** Whether the acknowledgements can tell of a new loss: not of segments that a timeout sent twice (RFC 6582, 3.2 (1)). */
function mayRecover(tcb: Tcb): boolean {
  return before(tcb.recover, tcb.sndUna);
}

function retransmitFirst(tcb: Tcb): void {
  const { mss, scoreboard, sndUna } = tcb;
  const end = retransmit(
    tcb,
    sndUna,
    scoreboard ? distance(scoreboard.holeEnd(sndUna, sndUna + mss | 0), sndUna) : mss,
  );
  if (scoreboard) scoreboard.retransmitted = end;
}

/**
 * Takes an acknowledgement of new data; SND.UNA has moved.
 *
 * @param tcb The connection.
 * @param acked Bytes that it acknowledged.
 * @param flight Bytes that were in flight before it.
 */
export function newAck(tcb: Tcb, acked: number, flight: number): void {
  const { mss, scoreboard } = tcb;
  tcb.dupAcks = 0;
  if (!before(tcb.sndUna, tcb.recover)) tcb.retransmitting = false;
  if (!tcb.recovering) {
    tcb.congestion.acknowledged(acked, flight, mss);
  } else if (!before(tcb.sndUna, tcb.recover)) {
    endRecovery(tcb);
  } else if (!scoreboard) {
    // A partial acknowledgement: the next segment is lost too.
    retransmitFirst(tcb);
    tcb.inflation = Math.max(tcb.inflation - acked, 0) + (acked >= mss ? mss : 0);
  }
}

/**
 * The end of what is taken for lost in a recovery: what the scoreboard says, and the first hole in any case, as NewReno has
 * it.
 *
 * @param tcb The connection.
 * @param mss Its maximum segment size.
 * @returns A sequence number.
 */
export function lostBelow(tcb: Tcb, mss: number): number {
  const { sndUna, recover } = tcb;
  const scoreboard = tcb.board();
  const first = sndUna + mss | 0;
  return later(scoreboard.lostBelow(sndUna, mss), scoreboard.holeEnd(sndUna, earlier(recover, first)));
}

/**
 * Bytes taken to be in the network (RFC 6675's pipe): in flight, less what has arrived and what is lost and not sent again.
 *
 * @param tcb The connection.
 * @param mss Its maximum segment size.
 * @returns Bytes.
 */
export function pipe(tcb: Tcb, mss: number): number {
  const { scoreboard, sndUna, sndNxt } = tcb;
  if (!scoreboard) return sndNxt - sndUna | 0;
  const pipe = scoreboard.missing(sndUna, sndNxt);
  if (!tcb.recovering) return pipe;
  return pipe - scoreboard.missing(later(scoreboard.retransmitted, sndUna), lostBelow(tcb, mss));
}

/**
 * Takes a retransmission timeout: everything is sent again from SND.UNA on, as far as the window allows.
 *
 * @param tcb The connection.
 */
export function timedOut(tcb: Tcb): void {
  tcb.shared.counters.timeouts++;
  // A second timeout of the same segment says nothing new about the window (RFC 5681, 3.1).
  if (tcb.rtt.backedOff) tcb.congestion.cwnd = tcb.mss;
  else tcb.congestion.timedOut(distance(tcb.sndMax, tcb.sndUna), tcb.mss);
  endRecovery(tcb);
  tcb.recover = tcb.sndMax;
  tcb.timedAt = -1;
  tcb.sndNxt = tcb.sndUna;
  tcb.retransmitting = true;
  // A peer that has SND.UNA and does not acknowledge it has let go of what it had (RFC 2018, 8).
  if (tcb.scoreboard && tcb.scoreboard.find(tcb.sndUna) >= 0) tcb.scoreboard = null;
}

/**
 * Bytes beyond the congestion window that duplicate acknowledgements let out: a scoreboard needs no such help.
 *
 * @param tcb The connection.
 * @param mss Its maximum segment size.
 * @returns Bytes.
 */
export function allowance(tcb: Tcb, mss: number): number {
  if (tcb.scoreboard) return 0;
  return tcb.recovering ? tcb.inflation : Math.min(tcb.dupAcks, 2) * mss;
}

/**
 * Forgets what duplicate acknowledgements began.
 *
 * @param tcb The connection.
 */
export function endRecovery(tcb: Tcb): void {
  tcb.recovering = false;
  tcb.inflation = tcb.dupAcks = 0;
}
