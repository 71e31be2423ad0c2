/**
 * Takes the text of a segment: urgent pointer, data and FIN (RFC 9293, 3.10.7.4, sixth to eighth).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import { acknowledgeNow } from "./challenge.ts";
import { sendAck, sendReset } from "./emit.ts";
import { end, enterTimeWait } from "./end.ts";
import { FIN, type Segment } from "./segment.ts";
import { before, distance } from "./sequence.ts";
import { CLOSE_WAIT, CLOSING, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, mayReceive, TIME_WAIT } from "./state.ts";
import { EVENT_READABLE, EVENT_URGENT, type Tcb } from "./tcb.ts";

/** Bytes beyond which an urgent pointer behind RCV.NXT is of no more use. */
const FAR = 0x4000_0000;

/** Takes the urgent pointer: it points one past the last urgent byte (MUST-62). */
export function takeUrgent(tcb: Tcb, segment: Segment): void {
  if (!mayReceive(tcb.state)) return;
  const up = segment.seq + segment.urgent | 0;
  if (!before(tcb.rcvUp, up) || !before(tcb.rcvNxt, up)) return;
  tcb.rcvUp = up;
  tcb.raise(EVENT_URGENT);
}

/** Takes data and FIN. */
export function takeData(tcb: Tcb, segment: Segment, packet: Packet): void {
  const { counters } = tcb.shared;
  // After the peer's FIN there is nothing more to take (3.10.7.4).
  if (!mayReceive(tcb.state)) {
    // In TIME-WAIT whatever is more than an acknowledgement is answered.
    if (tcb.state === TIME_WAIT) acknowledgeNow(tcb);
    return;
  }
  let start = segment.dataStart;
  let stop = segment.dataEnd;
  let fin = (segment.flags & FIN) !== 0;
  let offset = distance(segment.seq, tcb.rcvNxt);
  if (offset < 0) {
    // The front was there before.
    if (tcb.sack) tcb.report().noteDuplicate(segment.seq, tcb.rcvNxt);
    start = Math.min(start - offset, stop);
    offset = 0;
    acknowledgeNow(tcb);
  }
  const room = Math.max(tcb.rcvAdv - tcb.rcvNxt | 0, 0) - offset;
  if (stop - start > room) {
    stop = start + Math.max(room, 0);
    fin = false;
    acknowledgeNow(tcb);
  }
  const length = stop - start;
  if (length > 0 && tcb.readClosed) {
    // RFC 1122, 4.2.2.13: nobody will read it, and the peer should know.
    counters.dataAfterClose++;
    sendReset(tcb);
    return end(
      tcb,
      new NetError("ECONNABORTED", `Connection with ${tcb.peer} was reset: data came after it was closed`),
    );
  }
  if (fin) {
    tcb.finSeen = true;
    tcb.rcvFin = tcb.rcvNxt + offset + length | 0;
  }
  if (length > 0) {
    if (offset > 0 && tcb.sack) noteSecond(tcb, offset, length);
    const grown = tcb.receiveBuffer.put(offset, packet.bytes, start, stop);
    if (grown > 0) {
      tcb.rcvNxt = tcb.rcvNxt + grown | 0;
      tcb.unacked += grown;
      // At least every second full-sized segment is acknowledged (RFC 9293, SHLD-19), and at once where a hole was filled.
      if (length > tcb.rcvMss) tcb.rcvMss = Math.min(length, tcb.mss);
      if (tcb.unacked >= 2 * tcb.rcvMss || tcb.receiveBuffer.hasHoles || grown > length) {
        tcb.ackNow = true;
      }
      // What lies far behind moves along, or 2^31 bytes later it would seem to lie ahead.
      if (distance(tcb.rcvNxt, tcb.rcvUp) > FAR) tcb.rcvUp = tcb.rcvNxt;
      tcb.raise(EVENT_READABLE);
    }
    if (offset > 0) {
      counters.outOfOrder++;
      if (tcb.sack) tcb.report().note(tcb.rcvNxt + offset | 0);
    }
  }
  if (offset > 0) {
    // RFC 5681, 4.2: the peer learns of the hole from an acknowledgement for each segment, not for each batch.
    sendAck(tcb);
    return;
  }
  if (tcb.finSeen && tcb.rcvNxt === tcb.rcvFin) takeFin(tcb);
}

/** Reports out-of-order data that was there before (RFC 2883, 4). */
function noteSecond(tcb: Tcb, offset: number, length: number): void {
  const { receiveBuffer, rcvNxt } = tcb;
  const run = receiveBuffer.runOf(offset);
  if (run < 0) return;
  const end = Math.min(offset + length, receiveBuffer.runs[run + 1]!);
  tcb.report().noteDuplicate(rcvNxt + offset | 0, rcvNxt + end | 0);
}

/** The peer closes. */
function takeFin(tcb: Tcb): void {
  tcb.rcvNxt = tcb.rcvNxt + 1 | 0;
  tcb.events |= EVENT_READABLE;
  acknowledgeNow(tcb);
  switch (tcb.state) {
    case ESTABLISHED:
      tcb.state = CLOSE_WAIT;
      break;
    case FIN_WAIT_1:
      // Its acknowledgement of our FIN was taken before.
      tcb.state = CLOSING;
      break;
    case FIN_WAIT_2:
      enterTimeWait(tcb);
  }
}
