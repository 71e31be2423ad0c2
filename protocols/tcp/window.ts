/**
 * The receive window: what the peer is told of it, and when (RFC 9293, 3.8.6.2.2).
 *
 * @module
 */

import { later } from "./sequence.ts";
import { ESTABLISHED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** The part of the receive buffer that is kept for rounding scaled windows up, as a shift: 1/64. */
const RESERVE = 6;

/**
 * The window field: what fits, unless it would move the right edge by too little (MUST-39), and never back (SHLD-14). A field
 * that counts in larger units than bytes is rounded up for that, as far as there is room (RFC 7323, 2.4).
 */
export function windowToTell(tcb: Tcb): number {
  const { rcvShift, rcvWnd, rcvNxt } = tcb;
  const more = growth(tcb);
  const up = -rcvWnd & (1 << rcvShift) - 1;
  let window = rcvWnd;
  if (more >= leastGrowth(tcb)) window += more;
  else if (rcvWnd + up <= tcb.receiveBuffer.space) window += up;
  const field = Math.min(window >> rcvShift, 65_535);
  tcb.rcvAdv = later(tcb.rcvAdv, rcvNxt + (field << rcvShift) | 0);
  return field;
}

/** Bytes by which the window may grow: what fits, less what rounding up will take, beyond what the peer was told of. */
function growth(tcb: Tcb): number {
  const reserve = tcb.rcvShift > 0 ? tcb.shared.receiveBuffer >> RESERVE : 0;
  return Math.max(tcb.receiveBuffer.space - reserve, 0) - tcb.rcvWnd;
}

/** Bytes of growth that are worth telling. */
function leastGrowth(tcb: Tcb): number {
  return Math.min(tcb.shared.receiveBuffer / 2, tcb.path.mms - 20);
}

/**
 * Sends a window update when the user has read so much that the peer should know (3.8.6.2.2).
 *
 * @param tcb The connection.
 */
export function afterRead(tcb: Tcb): void {
  if (tcb.state < ESTABLISHED || tcb.finSeen) return;
  // While the peer's window is wide open it need not hear of every read: half of the buffer is soon enough.
  const enough = tcb.rcvWnd < 2 * tcb.path.mms ? leastGrowth(tcb) : tcb.shared.receiveBuffer / 2;
  if (growth(tcb) >= enough) tcb.acknowledge();
}
