/**
 * The receive window: what the peer is told of it, and when (RFC 9293, 3.8.6.2.2).
 *
 * @module
 */

import { before } from "./sequence.ts";
import { ESTABLISHED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** The part of the receive buffer that is kept for rounding scaled windows up, as a shift: 1/64. */
const RESERVE = 6;

/**
 * The window field: what fits, unless it would move the right edge by too little (MUST-39), and never back (SHLD-14). A field
 * that counts in larger units than bytes is rounded up for that, as far as there is room (RFC 7323, 2.4).
 */
export function windowToTell(tcb: Tcb): number {
  const { rcvShift } = tcb;
  const told = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0);
  let field: number;
  if (worthTelling(tcb, offer(tcb) - told)) field = offer(tcb) >> rcvShift;
  else {
    field = told >> rcvShift;
    const up = field + 1 << rcvShift;
    if (field << rcvShift < told && up <= tcb.receiveBuffer.space) field++;
  }
  field = Math.min(field, 65_535);
  const edge = tcb.rcvNxt + (field << rcvShift) | 0;
  if (before(tcb.rcvAdv, edge)) tcb.rcvAdv = edge;
  return field;
}

/** Bytes that the peer may be told of: what fits, less what rounding up will take. */
function offer(tcb: Tcb): number {
  const reserve = tcb.rcvShift > 0 ? tcb.shared.receiveBuffer >> RESERVE : 0;
  return Math.max(tcb.receiveBuffer.space - reserve, 0);
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
  const growth = offer(tcb) - told;
  // While the peer's window is wide open it need not hear of every read: half of the buffer is soon enough.
  const enough = told < 2 * tcb.path.mms ? worthTelling(tcb, growth) : growth >= tcb.shared.receiveBuffer / 2;
  if (!enough) return;
  tcb.ackNow = true;
  tcb.shared.core.ready(tcb);
}
