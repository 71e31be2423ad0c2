/**
 * Acknowledgements that tell a peer where we are: for segments that were dropped, and for those that may be forged
 * (RFC 5961).
 *
 * @module
 */

import { sendAck } from "./emit.ts";
import { type Segment, SYN } from "./segment.ts";
import { SYN_RECEIVED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Challenge acknowledgements that one connection sends in a second (RFC 5961, 7; CVE-2016-5696: not shared). */
const CHALLENGES = 10;

/** Answers a segment that was dropped, so that the peer learns where we are; freely only where that carries data. */
export function answerStray(tcb: Tcb, segment: Segment): void {
  if (segment.dataLength > 0 && !(segment.flags & SYN) && tcb.state > SYN_RECEIVED) tcb.acknowledge();
  else challenge(tcb);
}

/** Sends an acknowledgement that asks the peer whether it meant that (RFC 5961), not too often. */
export function challenge(tcb: Tcb): void {
  const now = tcb.shared.core.now();
  if (now - tcb.challengesSince >= 1000) {
    tcb.challengesSince = now;
    tcb.challenges = CHALLENGES;
  }
  if (tcb.challenges-- <= 0) return;
  tcb.shared.counters.challengeAcks++;
  // At once: each is an answer of its own.
  sendAck(tcb);
}
