/**
 * What the timers of a connection do (RFC 9293, 3.10.8).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import { timedOut } from "./recovery.ts";
import { sendKeepAlive, sendReset } from "./emit.ts";
import { armRetransmission, probeWindow } from "./send.ts";
import { ESTABLISHED, FIN_WAIT_2, SYN_RECEIVED, TIME_WAIT } from "./state.ts";
import { end } from "./end.ts";
import type { Tcb } from "./tcb.ts";

/** Milliseconds between keepalive probes that are not answered. */
const KEEP_ALIVE_INTERVAL = 75_000;
/** Keepalive probes that may stay unanswered (MUST-29: never just one). */
const KEEP_ALIVE_PROBES = 9;
/** How long a peer that began a handshake may take to finish it, in milliseconds. */
const HALF_OPEN_TIMEOUT = 60_000;
/** Milliseconds between probes of a closed window, at the most. */
const MAX_PROBE_INTERVAL = 60_000;

/**
 * The retransmission, persist, FIN-WAIT-2 or TIME-WAIT timer fired.
 *
 * @param tcb The connection.
 * @param now The time, in milliseconds.
 */
export function onTimer(tcb: Tcb, now: number): void {
  const { state, shared } = tcb;
  if (state === TIME_WAIT || state === FIN_WAIT_2 && tcb.sndUna === tcb.sndMax) return end(tcb, null);
  if (state <= SYN_RECEIVED) return synTimedOut(tcb, now);
  if (tcb.persisting || tcb.sndWnd === 0) return persist(tcb, now);
  if (now - tcb.unansweredSince >= tcb.timeout) return giveUp(tcb);
  // R1 of RFC 9293, MUST-20: IP may find a better way.
  if (tcb.rtt.backedOff) tcb.path.advise(false);
  timedOut(tcb);
  armRetransmission(tcb);
  shared.core.ready(tcb);
}

function synTimedOut(tcb: Tcb, now: number): void {
  const { shared } = tcb;
  if (now - tcb.unansweredSince >= (tcb.listener ? HALF_OPEN_TIMEOUT : shared.openTimeout)) return giveUp(tcb);
  tcb.synTimedOut = tcb.synQueued = true;
  tcb.timedAt = -1;
  tcb.rtt.backOff();
  shared.counters.retransmitted++;
  if (tcb.rtt.backedOff) tcb.path.advise(false);
  armRetransmission(tcb);
  shared.core.ready(tcb);
}

/** Probes a closed window, for ever as long as the peer answers (MUST-37). */
function persist(tcb: Tcb, now: number): void {
  const { shared } = tcb;
  if (tcb.sendBuffer.size === 0 && !tcb.finQueued) return;
  if (tcb.unansweredSince >= 0 && now - tcb.unansweredSince >= tcb.timeout) return giveUp(tcb);
  if (tcb.unansweredSince < 0) tcb.unansweredSince = now;
  // What was in flight when the window closed will be sent again when it opens.
  tcb.sndNxt = tcb.sndUna;
  tcb.recovering = false;
  tcb.inflation = tcb.dupAcks = 0;
  probeWindow(tcb);
  tcb.rtt.backOff();
  tcb.persisting = true;
  shared.core.timers.arm(tcb.timer, now + Math.min(tcb.rtt.rto, MAX_PROBE_INTERVAL));
}

/** Ends a connection whose peer does not answer (R2). */
function giveUp(tcb: Tcb): void {
  const { error } = tcb;
  sendReset(tcb);
  end(
    tcb,
    error ??
      new NetError(
        "ETIMEDOUT",
        `Connection to ${tcb.peer} timed out: the peer does not answer`,
      ),
  );
}

/**
 * The acknowledgement has waited long enough for data to carry it.
 *
 * @param tcb The connection.
 */
export function onDelayedAck(tcb: Tcb): void {
  tcb.ackNow = true;
  tcb.shared.core.ready(tcb);
}

/**
 * The keepalive timer fired.
 *
 * @param tcb The connection.
 * @param now The time, in milliseconds.
 */
export function onKeepAlive(tcb: Tcb, now: number): void {
  if (tcb.keepAlive === 0 || tcb.state < ESTABLISHED || tcb.state === TIME_WAIT) return;
  const { timers } = tcb.shared.core;
  const timer = tcb.keepAliveTimer();
  const due = tcb.lastHeardAt + tcb.keepAlive;
  // Only an idle connection is probed (MUST-26): with data in flight the retransmission timer keeps watch.
  if (now < due) return timers.arm(timer, due);
  if (tcb.sndUna === tcb.sndMax) {
    if (tcb.keepAliveProbes >= KEEP_ALIVE_PROBES) return giveUp(tcb);
    tcb.keepAliveProbes++;
    sendKeepAlive(tcb);
  }
  timers.arm(timer, now + Math.min(KEEP_ALIVE_INTERVAL, tcb.keepAlive));
}
