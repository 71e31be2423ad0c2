/**
 * Loss recovery: fast retransmit and fast recovery (RFC 5681, 3.2), with NewReno's partial acknowledgements (RFC 6582)
 * and limited transmit (RFC 3042).
 *
 * @module
 */

import { armRetransmission, retransmitFirst } from "./send.ts";
import { before, distance } from "./sequence.ts";
import type { Tcb } from "./tcb.ts";

/** Duplicate acknowledgements that mean a loss. */
const THRESHOLD = 3;

/**
 * Takes a duplicate acknowledgement.
 *
 * @param tcb The connection.
 */
export function duplicateAck(tcb: Tcb): void {
  const mss = tcb.mss;
  tcb.dupAcks++;
  if (tcb.recovering) {
    // Each one means that a segment has left the network.
    tcb.inflation += mss;
  } else if (tcb.dupAcks === THRESHOLD && mayRecover(tcb)) {
    tcb.recovering = true;
    tcb.recover = tcb.sndMax;
    tcb.shared.counters.fastRetransmits++;
    tcb.congestion.lost(distance(tcb.sndMax, tcb.sndUna), mss);
    tcb.inflation = THRESHOLD * mss;
    retransmitFirst(tcb);
    armRetransmission(tcb);
  }
}

/** Whether the acknowledgements can tell of a new loss: not of segments that a timeout sent twice (RFC 6582, 3.2 (1)). */
function mayRecover(tcb: Tcb): boolean {
  return before(tcb.recover, tcb.sndUna) || tcb.recover === tcb.iss;
}

/**
 * Takes an acknowledgement of new data; SND.UNA has moved.
 *
 * @param tcb The connection.
 * @param acked Bytes that it acknowledged.
 * @param flight Bytes that were in flight before it.
 */
export function newAck(tcb: Tcb, acked: number, flight: number): void {
  const mss = tcb.mss;
  tcb.dupAcks = 0;
  if (!tcb.recovering) {
    tcb.congestion.acknowledged(acked, flight, mss);
  } else if (before(tcb.sndUna, tcb.recover)) {
    // A partial acknowledgement: the next segment is lost too.
    retransmitFirst(tcb);
    tcb.inflation = Math.max(tcb.inflation - acked, 0) + (acked >= mss ? mss : 0);
  } else {
    tcb.recovering = false;
    tcb.inflation = 0;
  }
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
  tcb.recovering = false;
  tcb.inflation = 0;
  tcb.dupAcks = 0;
  tcb.recover = tcb.sndMax;
  tcb.timedAt = -1;
  tcb.sndNxt = tcb.sndUna;
  tcb.rtt.backOff();
}

/**
 * Bytes of new data that the first two duplicate acknowledgements let out.
 *
 * @param tcb The connection.
 * @param mss Its maximum segment size.
 * @returns Bytes.
 */
export function limitedTransmit(tcb: Tcb, mss: number): number {
  return tcb.recovering ? 0 : Math.min(tcb.dupAcks, 2) * mss;
}
