/**
 * Sending: what may leave, when, and in which segment (RFC 9293, 3.8.6.2.1 and 3.7.4).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import { PROTOCOL_TCP } from "../../core/ip.ts";
import { type Packet, setI32 } from "../../core/packet.ts";
import { synOptionsLength, TIMESTAMPS_LENGTH, writeSack, writeSynOptions, writeTimestamps } from "./options.ts";
import { allowance, lostBelow, pipe } from "./recovery.ts";
import type { Scoreboard } from "./scoreboard.ts";
import { ACK, FIN, HEADER_LENGTH, PSH, RST, SYN, URG } from "./segment.ts";
import { before, distance, later } from "./sequence.ts";
import {
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  FIN_WAIT_1,
  LAST_ACK,
  SYN_RECEIVED,
  SYN_SENT,
  TIME_WAIT,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Segments that one connection sends before the next one gets its turn. */
const BURST = 16;

/**
 * Does the work of a connection in a turn: tells its user what happened, then sends what may leave.
 *
 * @param tcb The connection.
 * @param room Packets that the driver takes now.
 * @returns Whether there is more to send.
 */
export function serveConnection(tcb: Tcb, room: number): boolean {
  if (tcb.events !== 0) tcb.connection?.deliver();
  if (tcb.state === CLOSED || tcb.state === TIME_WAIT) return false;
  if (room <= 0) return true;
  if (tcb.state === SYN_SENT || tcb.state === SYN_RECEIVED) {
    if (tcb.synQueued) sendSyn(tcb);
    return false;
  }
  const more = sendData(tcb, Math.min(room, BURST));
  if (tcb.ackNow) sendAck(tcb);
  else if (tcb.unacked > 0 && !tcb.ackTimer.armed) {
    const { core, ackDelay } = tcb.shared;
    core.timers.arm(tcb.ackTimer, core.now() + ackDelay);
  }
  return more;
}

/** Sends our SYN, or SYN and ACK. */
function sendSyn(tcb: Tcb): void {
  tcb.synQueued = false;
  if (tcb.sndMax === tcb.iss) {
    tcb.sndNxt = tcb.sndMax = tcb.iss + 1 | 0;
    tcb.timedSeq = tcb.iss;
    tcb.timedAt = tcb.shared.core.now();
  }
  emit(tcb, tcb.state === SYN_SENT ? SYN : SYN | ACK, tcb.iss, 0, 0);
  armRetransmission(tcb);
}

/** Sends data and FIN as far as the windows, Nagle's algorithm and the sender's silly window avoidance allow. */
function sendData(tcb: Tcb, most: number): boolean {
  const buffer = tcb.sendBuffer;
  const mss = tcb.mss;
  if (tcb.sndNxt === tcb.sndUna && tcb.lastSentAt + tcb.rtt.rto < tcb.shared.core.now()) tcb.congestion.idled(mss);
  const { scoreboard } = tcb;
  let sent = scoreboard && tcb.recovering ? retransmitLost(tcb, scoreboard, most) : 0;
  for (;; sent++) {
    const again = before(tcb.sndNxt, tcb.sndMax);
    // After a timeout everything is sent again but what has arrived.
    if (again && scoreboard) tcb.sndNxt = scoreboard.hole(tcb.sndNxt);
    const flight = tcb.sndNxt - tcb.sndUna | 0;
    const pending = buffer.size - flight;
    // Below zero: our FIN is in flight, or acknowledged.
    if (pending < 0 || pending === 0 && !(tcb.finQueued && finPending(tcb))) return false;
    const window = tcb.sndWnd - flight;
    const usable = Math.min(window, Math.floor(tcb.congestion.cwnd) + allowance(tcb, mss) - pipe(tcb, mss));
    let length = Math.min(pending, mss, usable);
    if (again && scoreboard && length > 0) {
      length = distance(scoreboard.holeEnd(tcb.sndNxt, tcb.sndNxt + length | 0), tcb.sndNxt);
    }
    const last = length === pending;
    if (
      length < 0 || length === 0 && !(last && window > 0) || length < mss && !maySendSmall(tcb, length, last)
    ) {
      // Nothing is in flight whose acknowledgement would open the way: time has to (3.8.6.1).
      if (flight === 0) armPersist(tcb);
      return false;
    }
    if (sent === most) return true;
    const fin = last && tcb.finQueued && length < window;
    let flags = ACK;
    if (last && pending > 0) flags |= PSH;
    if (fin) flags |= FIN;
    const seq = tcb.sndNxt;
    tcb.sndNxt = seq + length + (fin ? 1 : 0) | 0;
    if (again) tcb.shared.counters.retransmitted++;
    else if (tcb.timedAt < 0) {
      tcb.timedSeq = seq;
      tcb.timedAt = tcb.shared.core.now();
    }
    tcb.sndMax = later(tcb.sndMax, tcb.sndNxt);
    if (length < mss) tcb.sndSmall = tcb.sndNxt;
    emit(tcb, flags, seq, flight, length);
    if (fin) finSent(tcb);
    if (!tcb.timer.armed || tcb.persisting) armRetransmission(tcb);
  }
}

/** Whether our FIN waits to be sent for the first time or again. */
function finPending(tcb: Tcb): boolean {
  const { state } = tcb;
  return state === ESTABLISHED || state === CLOSE_WAIT || state === FIN_WAIT_1 || state === CLOSING ||
    state === LAST_ACK;
}

function finSent(tcb: Tcb): void {
  if (tcb.state === ESTABLISHED) tcb.state = FIN_WAIT_1;
  else if (tcb.state === CLOSE_WAIT) tcb.state = LAST_ACK;
}

/**
 * Whether a segment smaller than the largest may leave: the last data when no other small segment is in flight or Nagle's
 * algorithm is off, half of the largest window that the peer ever had, or data that was sent before.
 *
 * Nagle's algorithm in Minshall's form: a small segment behind large ones need not wait, so that no answer ends with a
 * round trip's delay.
 */
function maySendSmall(tcb: Tcb, length: number, last: boolean): boolean {
  return last && (!before(tcb.sndUna, tcb.sndSmall) || tcb.noDelay || tcb.finQueued) ||
    length > 0 && length >= tcb.sndWndMax / 2 ||
    before(tcb.sndNxt, tcb.sndMax);
}

/** Sends again what is lost, as far as the congestion window allows (RFC 6675, 5 (4.3) and (C)). */
function retransmitLost(tcb: Tcb, scoreboard: Scoreboard, most: number): number {
  const { mss } = tcb;
  const end = lostBelow(tcb, mss);
  for (let sent = 0;; sent++) {
    const seq = scoreboard.hole(later(scoreboard.retransmitted, tcb.sndUna));
    if (!before(seq, end) || sent === most || tcb.congestion.cwnd - pipe(tcb, mss) < mss) return sent;
    scoreboard.retransmitted = retransmit(tcb, seq, distance(scoreboard.holeEnd(seq, end), seq));
  }
}

/**
 * Sends a segment again, whatever the congestion window says.
 *
 * @param tcb The connection.
 * @param seq Where it begins, from SND.UNA on.
 * @param most Bytes that it may hold.
 * @returns One past its last sequence number.
 */
export function retransmit(tcb: Tcb, seq: number, most: number): number {
  const { sendBuffer } = tcb;
  const offset = distance(seq, tcb.sndUna);
  const length = Math.min(sendBuffer.size - offset, tcb.mss, most);
  const end = seq + length | 0;
  const last = offset + length === sendBuffer.size;
  // The FIN goes again with the last of the data, if it was sent.
  const fin = last && tcb.finQueued && before(end, tcb.sndMax);
  tcb.shared.counters.retransmitted++;
  // Karn's algorithm: what is sent twice is not timed.
  tcb.timedAt = -1;
  emit(tcb, ACK | (length > 0 && last ? PSH : 0) | (fin ? FIN : 0), seq, offset, length);
  return fin ? end + 1 | 0 : end;
}

/**
 * Sends what a window that is closed, or small, has no room for by the rules: one byte, to learn when it opens (MUST-35,
 * MUST-36), or what fits (3.8.6.2.1, the override timeout).
 *
 * @param tcb The connection; nothing of it is in flight.
 */
export function probeWindow(tcb: Tcb): void {
  if (tcb.sndWnd === 0) tcb.shared.counters.windowProbes++;
  const length = Math.min(tcb.sendBuffer.size, Math.max(tcb.sndWnd, 1), tcb.mss);
  const fin = length === 0 && tcb.finQueued;
  const end = tcb.sndUna + length + (fin ? 1 : 0) | 0;
  // The peer may take the byte: its acknowledgement must not look as if it were of something never sent.
  tcb.sndMax = later(tcb.sndMax, end);
  tcb.timedAt = -1;
  emit(tcb, fin ? ACK | FIN : ACK | PSH, tcb.sndUna, 0, length);
  if (fin) finSent(tcb);
  if (tcb.sndWnd > 0 || fin) tcb.sndNxt = end;
}

/**
 * Sends an acknowledgement without data.
 *
 * @param tcb The connection.
 */
export function sendAck(tcb: Tcb): void {
  // Not SND.NXT where that fell back to send again: the peer would take the segment for an old one and ignore it.
  emit(tcb, ACK, tcb.sndMax, 0, 0);
}

/**
 * Sends a segment that the peer must answer although it holds nothing new (3.8.4).
 *
 * @param tcb The connection.
 */
export function sendKeepAlive(tcb: Tcb): void {
  tcb.shared.counters.keepAliveProbes++;
  emit(tcb, ACK, tcb.sndUna - 1 | 0, 0, 0);
}

/**
 * Resets a connection from our side.
 *
 * @param tcb The connection; its state is left to the caller.
 */
export function sendReset(tcb: Tcb): void {
  if (tcb.state === SYN_SENT) return;
  tcb.shared.counters.resetsSent++;
  emit(tcb, RST | ACK, tcb.sndMax, 0, 0);
}

/** Sends one segment of a connection, with the acknowledgement and the window of this moment. */
function emit(tcb: Tcb, flags: number, seq: number, offset: number, length: number): void {
  const { core, counters, windowShift, receiveBuffer } = tcb.shared;
  const packet = core.pool.take();
  const { bytes } = packet;
  if (length > 0) {
    tcb.sendBuffer.get(offset, bytes, packet.start, length);
    packet.end += length;
  }
  const now = core.now();
  // An acknowledgement alone tells what came out of order; a segment with data has its room for data.
  const sacked = length === 0 && tcb.sackReport && !(flags & (SYN | RST))
    ? tcb.sackReport.fill(tcb.receiveBuffer, tcb.rcvNxt)
    : 0;
  const optionsLength = (flags & SYN ? synOptionsLength(tcb.scaling, tcb.sack) : 0) +
    (tcb.timestamps ? TIMESTAMPS_LENGTH : 0) + (sacked > 0 ? 4 + 4 * sacked : 0);
  const at = packet.push(HEADER_LENGTH + optionsLength);
  let window: number;
  if (flags & SYN) {
    const mss = Math.min(tcb.path.mms - 20, 65_535);
    writeSynOptions(bytes, at + HEADER_LENGTH, mss, tcb.scaling ? windowShift : -1, tcb.sack);
    // The window of a SYN is never scaled (RFC 7323, 2.2).
    window = Math.min(receiveBuffer, 65_535);
    tcb.rcvAdv = tcb.rcvNxt + window | 0;
  } else window = windowToTell(tcb);
  if (tcb.timestamps) {
    writeTimestamps(bytes, packet.start + HEADER_LENGTH + optionsLength - 10, tcb.tsNow(), tcb.tsRecent);
  }
  if (sacked > 0) writeSack(bytes, at + HEADER_LENGTH, tcb.sackReport!.blocks, sacked);
  let urgent = 0;
  if (before(tcb.sndUna, tcb.sndUp) && before(seq, tcb.sndUp) && !(flags & (SYN | RST))) {
    flags |= URG;
    urgent = Math.min(tcb.sndUp - seq | 0, 65_535);
  }
  writeHeader(
    packet,
    at,
    tcb.localPort,
    tcb.remotePort,
    seq,
    flags & ACK ? tcb.rcvNxt : 0,
    optionsLength,
    flags,
    window,
    urgent,
  );
  finishChecksum(packet, at, tcb.path.addressSum);
  if (flags & ACK) {
    tcb.ackNow = false;
    tcb.unacked = 0;
    tcb.lastAckSent = tcb.rcvNxt;
    if (tcb.ackTimer.armed) core.timers.disarm(tcb.ackTimer);
  }
  tcb.lastSentAt = now;
  counters.segmentsSent++;
  tcb.path.transmit(packet, PROTOCOL_TCP);
  core.pool.give(packet);
}

/** The window field: what fits, unless it would move the right edge by too little (MUST-39), and never back (SHLD-14). */
function windowToTell(tcb: Tcb): number {
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

/**
 * Writes a header without its options, and leaves its checksum 0.
 *
 * @param packet The packet, its window at the header.
 * @param at Where the header starts in its bytes.
 * @param sourcePort Our port.
 * @param destinationPort The peer's port.
 * @param seq SEG.SEQ.
 * @param ack SEG.ACK.
 * @param optionsLength Bytes of options.
 * @param flags Control bits.
 * @param window SEG.WND.
 * @param urgent SEG.UP.
 */
export function writeHeader(
  packet: Packet,
  at: number,
  sourcePort: number,
  destinationPort: number,
  seq: number,
  ack: number,
  optionsLength: number,
  flags: number,
  window: number,
  urgent: number,
): void {
  const { bytes } = packet;
  setI32(bytes, at, sourcePort << 16 | destinationPort);
  setI32(bytes, at + 4, seq);
  setI32(bytes, at + 8, ack);
  setI32(bytes, at + 12, HEADER_LENGTH + optionsLength << 26 | flags << 16 | window);
  setI32(bytes, at + 16, urgent);
  packet.transport = at;
}

/**
 * Writes the checksum of a segment.
 *
 * @param packet The packet, its window at the header, whose checksum is 0.
 * @param at Where the header starts in its bytes.
 * @param addressSum The sum of the pseudo-header's addresses.
 */
export function finishChecksum(packet: Packet, at: number, addressSum: number): void {
  const checksum = foldChecksum(sumPacket(packet, at, packet.end, addressSum + PROTOCOL_TCP + packet.length));
  packet.bytes[at + 16] = checksum >> 8;
  packet.bytes[at + 17] = checksum;
}

/**
 * Starts the retransmission timer (RFC 6298, 5.1 and 5.3).
 *
 * @param tcb The connection.
 */
export function armRetransmission(tcb: Tcb): void {
  const { core } = tcb.shared;
  const now = core.now();
  if (tcb.unansweredSince < 0) tcb.unansweredSince = now;
  tcb.persisting = false;
  core.timers.arm(tcb.timer, now + tcb.rtt.rto);
}

/** Starts the persist timer, unless it runs. */
function armPersist(tcb: Tcb): void {
  if (tcb.persisting && tcb.timer.armed) return;
  const { core } = tcb.shared;
  tcb.persisting = true;
  core.timers.arm(tcb.timer, core.now() + tcb.rtt.rto);
}
