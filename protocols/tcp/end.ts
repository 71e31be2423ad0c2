/**
 * How connections end.
 *
 * @module
 */

import type { NetError } from "../../core/net_error.ts";
import { CLOSED, SYN_RECEIVED, TIME_WAIT } from "./state.ts";
import { EVENT_CLOSED, type Tcb } from "./tcb.ts";

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
  if (state === TIME_WAIT) {
    shared.counters.timeWait--;
    shared.timeWaiting.delete(tcb);
  }
  tcb.state = CLOSED;
  tcb.stopTimers();
  tcb.listener?.halfOpenEnded(tcb);
  tcb.listener = null;
  shared.forget(tcb);
  tcb.sendBuffer.clear();
  // After a reset the user gets nothing more; after an orderly close it may still read what came.
  if (error || tcb.readClosed) tcb.receiveBuffer.clear();
  if (state === TIME_WAIT) return;
  tcb.error = error;
  tcb.raise(EVENT_CLOSED);
}

/**
 * Enters TIME-WAIT, or starts its time anew; for the user the connection is over.
 *
 * @param tcb The connection.
 */
export function enterTimeWait(tcb: Tcb): void {
  const { core, counters, timeWait, timeWaiting, maxTimeWait } = tcb.shared;
  if (tcb.state !== TIME_WAIT) {
    // The oldest makes room, so that a server of many short connections does not lock itself out.
    if (timeWaiting.size >= maxTimeWait) { for (const oldest of timeWaiting) return endOldest(oldest, tcb); }
    timeWaiting.add(tcb);
    tcb.state = TIME_WAIT;
    tcb.stopTimers();
    counters.timeWait++;
    tcb.sendBuffer.clear();
    if (tcb.readClosed) tcb.receiveBuffer.clear();
    tcb.raise(EVENT_CLOSED);
  }
  core.timers.arm(tcb.timer, core.now() + timeWait);
}

function endOldest(oldest: Tcb, tcb: Tcb): void {
  end(oldest, null);
  enterTimeWait(tcb);
}
