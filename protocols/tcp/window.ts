/**
 * The receive window: what the peer is told of it, and when (RFC 9293, 3.8.6.2.2).
 *
 * @module
 */

import { before } from "./sequence.ts";
import { ESTABLISHED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** The window field: what fits, unless it would move the right edge by too little (MUST-39), and never back (SHLD-14). */
export function windowToTell(tcb: Tcb): number {
  const told = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0);
  let window = tcb.receiveBuffer.space;
  if (window < told || !worthTelling(tcb, window - told)) window = told;
  const field = Math.min(window >> tcb.rcvShift, 65_535);
  const edge = tcb.rcvNxt + (field << tcb.rcvShift) | 0;
  if (before(tcb.rcvAdv, edge)) tcb.rcvAdv = edge;
  return field;
}

function worthTelling(tcb: Tcb, growth: number): boolean {
  return growth >= Math.min(tcb.shared.receiveBuffer / 2, tcb.path.mms - 20);
}

/**
 * Sends a window update when the user has read so much that the peer should know (3.8.6.2.2).
 *
 * @param tcb The connection.
 */
export function afterRead(tcb: Tcb): void {
  if (tcb.state < ESTABLISHED || tcb.finSeen) return;
  const told = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0);
  const growth = tcb.receiveBuffer.space - told;
  // While the peer's window is wide open it need not hear of every read: half of the buffer is soon enough.
  const enough = told < 2 * tcb.path.mms ? worthTelling(tcb, growth) : growth >= tcb.shared.receiveBuffer / 2;
  if (!enough) return;
  tcb.ackNow = true;
  tcb.shared.core.ready(tcb);
}
