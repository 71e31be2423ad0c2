/**
 * How connections end.
 *
 * @module
 */

import type { NetError } from "../../core/net_error.ts";
import { sendAck } from "./emit.ts";
import { CLOSED, SYN_RECEIVED } from "./state.ts";
import { EVENT_CLOSED, type Tcb } from "./tcb.ts";
import { TimeWait } from "./time_wait.ts";

/**
 * Ends a connection: to CLOSED, with everything let go of.
 *
 * @param tcb The connection.
 * @param error Why, unless it was an orderly close.
 */
export function end(tcb: Tcb, error: NetError | null): void {
  const { state, shared } = tcb;
  if (state === CLOSED) return;
  if (state <= SYN_RECEIVED) shared.counters.failedOpens++;
  tcb.state = CLOSED;
  shared.core.timers.disarm(tcb.timer);
  tcb.listener?.halfOpenEnded(tcb);
  tcb.listener = null;
  shared.demux.remove(tcb);
  tcb.sendBuffer.clear();
  // After a reset the user gets nothing more; after an orderly close it may still read what came.
  if (error || tcb.readClosed) tcb.receiveBuffer.clear();
  tcb.fault = error;
  tcb.raise(EVENT_CLOSED);
}

/**
 * Enters TIME-WAIT; for the user the connection is over.
 *
 * @param tcb The connection.
 */
export function enterTimeWait(tcb: Tcb): void {
  if (tcb.ackNow) sendAck(tcb);
  const rest = new TimeWait(tcb);
  end(tcb, null);
  tcb.shared.timeWaits.add(rest);
}
