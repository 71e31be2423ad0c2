/**
 * Takes the text of a segment: urgent pointer, data and FIN (RFC 9293, 3.10.7.4, sixth to eighth).
 *
 * @module
 */

import type { Packet } from "../../core/packet.ts";
import { sendAck, sendReset } from "./emit.ts";
import { end as endConnection, enterTimeWait } from "./end.ts";
import { FIN, type Segment, URG } from "./segment.ts";
import { before, distance, later } from "./sequence.ts";
import { CLOSE_WAIT, CLOSING, ESTABLISHED, FIN_WAIT_1 } from "./state.ts";
import { EVENT_READABLE, EVENT_URGENT, type Tcb } from "./tcb.ts";

/** Bytes beyond which an urgent pointer behind RCV.NXT is of no more use. */
const FAR = 0x4000_0000;

/** Takes the text of a segment in a synchronized state. */
export function takeText(tcb: Tcb, segment: Segment, packet: Packet): void {
  // After the peer's FIN there is nothing more to take (3.10.7.4).
  if (tcb.state >= CLOSE_WAIT) return;
  if (segment.flags & URG) takeUrgent(tcb, segment);
  if (segment.dataLength > 0 || segment.flags & FIN) takeData(tcb, segment, packet);
}

/** Takes the urgent pointer: it points one past the last urgent byte (MUST-62). */
function takeUrgent(tcb: Tcb, segment: Segment): void {
  const up = segment.seq + segment.urgent | 0;
  if (!before(later(tcb.rcvUp, tcb.rcvNxt), up)) return;
  tcb.rcvUp = up;
  tcb.raise(EVENT_URGENT);
}

function takeData(tcb: Tcb, segment: Segment, packet: Packet): void {
  const { counters } = tcb.shared;
  const { receiveBuffer, sack } = tcb;
  let { seq, dataStart: start, dataEnd: stop } = segment;
  let fin = (segment.flags & FIN) !== 0;
  const old = distance(tcb.rcvNxt, seq);
  if (old > 0) {
    // The front was there before.
    if (sack) receiveBuffer.outOfOrder.noteDuplicate(seq, tcb.rcvNxt);
    start = Math.min(start + old, stop);
    seq = tcb.rcvNxt;
    tcb.acknowledge();
  }
  const offset = distance(seq, tcb.rcvNxt);
  const room = Math.max(tcb.rcvWnd - offset, 0);
  if (stop - start > room) {
    stop = start + room;
    fin = false;
    tcb.acknowledge();
  }
  const length = stop - start;
  const end = seq + length | 0;
  if (length > 0 && tcb.readClosed) {
    // RFC 1122, 4.2.2.13: nobody will read it, and the peer should know.
    counters.dataAfterClose++;
    sendReset(tcb);
    return endConnection(tcb, tcb.failure("ECONNABORTED", "was reset: data came after it was closed"));
  }
  if (fin) {
    tcb.finSeen = true;
    tcb.rcvFin = end;
  }
  if (length > 0) {
    if (offset > 0) {
      counters.outOfOrder++;
      if (sack) receiveBuffer.outOfOrder.note(seq, end);
    }
    const grown = receiveBuffer.take(tcb.rcvNxt, seq, packet.bytes, start, stop);
    if (grown > 0) {
      tcb.rcvNxt = tcb.rcvNxt + grown | 0;
      tcb.unacked += grown;
      // At least every second full-sized segment is acknowledged (RFC 9293, SHLD-19), and at once where a hole was filled.
      if (length > tcb.rcvMss) tcb.rcvMss = Math.min(length, tcb.mss);
      if (tcb.unacked >= 2 * tcb.rcvMss || receiveBuffer.holds || grown > length) tcb.ackNow = true;
      // What lies far behind moves along, or 2^31 bytes later it would seem to lie ahead.
      if (distance(tcb.rcvNxt, tcb.rcvUp) > FAR) tcb.rcvUp = tcb.rcvNxt;
      tcb.raise(EVENT_READABLE);
    }
  }
  // RFC 5681, 4.2: the peer learns of the hole from an acknowledgement for each segment, not for each batch.
  if (offset > 0) return sendAck(tcb);
  if (tcb.finSeen && tcb.rcvNxt === tcb.rcvFin) takeFin(tcb);
}

/** The peer closes. */
function takeFin(tcb: Tcb): void {
  tcb.rcvNxt = tcb.rcvNxt + 1 | 0;
  tcb.events |= EVENT_READABLE;
  tcb.acknowledge();
  if (tcb.state === ESTABLISHED) tcb.state = CLOSE_WAIT;
  // The segment's acknowledgement of our FIN was taken before.
  else if (tcb.state === FIN_WAIT_1) tcb.state = CLOSING;
  else enterTimeWait(tcb);
}
