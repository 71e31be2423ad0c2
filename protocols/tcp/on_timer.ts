/**
 * What the timers of a connection do (RFC 9293, 3.10.8).
 *
 * @module
 */

import { endRecovery, timedOut } from "./recovery.ts";
import { sendProbe, sendReset } from "./emit.ts";
import { armRetransmission, probeWindow } from "./send.ts";
import { CLOSED, ESTABLISHED, FIN_WAIT_2 } from "./state.ts";
import { end } from "./end.ts";
import type { Tcb } from "./tcb.ts";

/** Milliseconds between keepalive probes that are not answered. */
const KEEP_ALIVE_INTERVAL = 75_000;
/** Keepalive probes that may stay unanswered (MUST-29: never just one). */
const KEEP_ALIVE_PROBES = 9;

/**
 * The timer of a connection fired.
 *
 * @param tcb The connection.
 * @param now The time, in milliseconds.
 */
export function onTimer(tcb: Tcb, now: number): void {
  if (tcb.ackAt <= now) {
    tcb.ackAt = Infinity;
    tcb.acknowledge();
  }
  if (tcb.keepAliveAt <= now) keepAlive(tcb, now);
  if (tcb.dueAt <= now && tcb.state !== CLOSED) {
    tcb.dueAt = Infinity;
    retransmission(tcb, now);
  }
  if (tcb.state !== CLOSED) tcb.arm();
}

/** What retransmission, persist and FIN-WAIT-2 do. */
function retransmission(tcb: Tcb, now: number): void {
  const { opening, state, shared, rtt } = tcb;
  if (state === FIN_WAIT_2 && tcb.sndUna === tcb.sndMax) return end(tcb, null);
  // A closed window is probed for ever as long as the peer answers (MUST-37).
  const probing = !opening && (tcb.persisting || tcb.sndWnd === 0);
  if (probing && tcb.sendBuffer.size === 0 && !tcb.finQueued) return;
  if (now >= tcb.givesUpAt) return giveUp(tcb);
  // R1 of RFC 9293, MUST-20: IP may find a better way.
  if (rtt.backedOff && !probing) tcb.path.advise(false);
  if (probing) {
    // What was in flight when the window closed will be sent again when it opens.
    tcb.sndNxt = tcb.sndUna;
    endRecovery(tcb);
    probeWindow(tcb);
  } else if (opening) {
    shared.counters.retransmitted++;
    tcb.acknowledge();
  } else timedOut(tcb);
  rtt.backOff();
  armRetransmission(tcb);
  tcb.persisting = probing;
  tcb.wake();
}

/** Ends a connection whose peer does not answer (R2). */
function giveUp(tcb: Tcb): void {
  sendReset(tcb);
  end(tcb, tcb.fault ?? tcb.failure("ETIMEDOUT", "timed out: the peer does not answer"));
}

/** What keepalive does. */
function keepAlive(tcb: Tcb, now: number): void {
  const { keepAlive } = tcb;
  tcb.keepAliveAt = tcb.lastHeardAt + keepAlive;
  // Only an idle connection is probed (MUST-26): with data in flight the retransmission timer keeps watch.
  if (tcb.keepAliveAt > now) return;
  tcb.keepAliveAt = now + Math.min(KEEP_ALIVE_INTERVAL, keepAlive);
  if (tcb.state < ESTABLISHED || tcb.sndUna !== tcb.sndMax) return;
  if (tcb.keepAliveProbes++ >= KEEP_ALIVE_PROBES) return giveUp(tcb);
  tcb.shared.counters.keepAliveProbes++;
  sendProbe(tcb);
}
