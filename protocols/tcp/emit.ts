/**
 * Puts one segment together and hands it to IP (RFC 9293, 3.1).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import { PROTOCOL_TCP } from "../../core/ip.ts";
import { type Packet, setI32 } from "../../core/packet.ts";
import type { Endpoint } from "./demux.ts";
import { pushSack, pushSynOptions, pushTimestamps } from "./options.ts";
import { ACK, HEADER_LENGTH, MOST_HEADERS, RST, SYN, URG } from "./segment.ts";
import { before, earlier } from "./sequence.ts";
import { type TcpShared, tsNow } from "./shared.ts";
import { SYN_RECEIVED, SYN_SENT } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { windowToTell } from "./window.ts";

/** Between whom a segment goes. */
type Ends = Pick<Endpoint, "path" | "localPort" | "remotePort">;

/**
 * Sends an acknowledgement without data.
 *
 * @param tcb The connection.
 */
export function sendAck(tcb: Tcb): void {
  emit(tcb, ACK, acceptableSeq(tcb), 0, 0);
}

/**
 * The sequence number of a segment without data, which must lie in the peer's window or is ignored, acknowledgement and all:
 * not SND.NXT where that fell back to send again, and not beyond a window that shrank.
 */
function acceptableSeq({ opening, sndUna, sndWnd, sndMax }: Tcb): number {
  // Our SYN is beyond no window.
  return opening ? sndMax : earlier(sndUna + sndWnd | 0, sndMax);
}

/**
 * Sends a segment that the peer must answer although it holds nothing new (3.8.4).
 *
 * @param tcb The connection.
 */
export function sendProbe(tcb: Tcb): void {
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
  emit(tcb, RST | ACK, acceptableSeq(tcb), 0, 0);
}

/**
 * Sends one segment of a connection, with the acknowledgement and the window of this moment.
 *
 * @param tcb The connection.
 * @param flags Control bits.
 * @param seq SEG.SEQ.
 * @param offset Where its data begins in the send buffer.
 * @param length Bytes of data.
 */
export function emit(tcb: Tcb, flags: number, seq: number, offset: number, length: number): void {
  const { shared, timestamps, sack, path, tsRecent } = tcb;
  const { core } = shared;
  const mss = length > 0 ? tcb.mss : 0;
  // What the driver cuts up needs a large packet.
  const packet = core.pool.take(length > mss ? length + MOST_HEADERS : 0);
  if (length > mss) packet.segment = mss;
  const dataStart = packet.start;
  if (length > 0) {
    tcb.sendBuffer.get(offset, packet.bytes, dataStart, length);
    packet.end += length;
    tcb.lastSentAt = core.now();
  }
  let window: number;
  if (flags & SYN) {
    // The window of a SYN is never scaled (RFC 7323, 2.2).
    window = Math.min(shared.receiveBuffer, 65_535);
    tcb.rcvAdv = tcb.rcvNxt + window | 0;
    const mss = Math.min(path.mms - HEADER_LENGTH, 65_535);
    pushSynOptions(packet, mss, tcb.scaling ? shared.windowShift : -1, sack, timestamps, tsNow(shared), tsRecent);
  } else {
    window = windowToTell(tcb);
    // As many blocks as there is room for, which in a full segment is none.
    if (sack && !(flags & RST)) {
      const room = Math.min(tcb.mss - length - 4 >> 3 << 1, timestamps ? 6 : 8);
      const count = tcb.receiveBuffer.sacked(room);
      if (count > 0) pushSack(packet, tcb.receiveBuffer.outOfOrder.blocks, count);
    }
    if (timestamps) pushTimestamps(packet, tsNow(shared), tsRecent);
  }
  let urgent = 0;
  if (before(tcb.sndUna, tcb.sndUp) && before(seq, tcb.sndUp) && !(flags & (SYN | RST))) {
    flags |= URG;
    urgent = Math.min(tcb.sndUp - seq | 0, 65_535);
  }
  if (flags & ACK) {
    // In the first two states it asks for our SYN.
    if (tcb.state > SYN_RECEIVED) tcb.ackNow = false;
    tcb.unacked = 0;
    tcb.lastAckSent = tcb.rcvNxt;
    tcb.ackAt = Infinity;
  }
  dispatch(shared, tcb, packet, dataStart, seq, flags & ACK ? tcb.rcvNxt : 0, flags, window, urgent);
}

/**
 * Sends a segment without data that belongs to no connection, or to one in TIME-WAIT.
 *
 * @param shared What all connections share.
 * @param ends Between whom.
 * @param seq SEG.SEQ.
 * @param ack SEG.ACK.
 * @param flags Control bits.
 * @param window SEG.WND.
 * @param tsEcr The peer's clock, as it was heard; null without timestamps.
 */
export function sendBare(
  shared: TcpShared,
  ends: Ends,
  seq: number,
  ack: number,
  flags: number,
  window: number,
  tsEcr: number | null,
): void {
  const packet = shared.core.pool.take();
  const dataStart = packet.start;
  if (tsEcr !== null) pushTimestamps(packet, tsNow(shared), tsEcr);
  dispatch(shared, ends, packet, dataStart, seq, ack, flags, window, 0);
}

/** Writes the header before the options, sends the segment, and gives the packet back. */
function dispatch(
  shared: TcpShared,
  { path, localPort, remotePort }: Ends,
  packet: Packet,
  dataStart: number,
  seq: number,
  ack: number,
  flags: number,
  window: number,
  urgent: number,
): void {
  const { bytes } = packet;
  const at = packet.transport = packet.push(HEADER_LENGTH);
  setI32(bytes, at, localPort << 16 | remotePort);
  setI32(bytes, at + 4, seq);
  setI32(bytes, at + 8, ack);
  setI32(bytes, at + 12, dataStart - at << 26 | flags << 16 | window);
  setI32(bytes, at + 16, urgent);
  const pseudo = path.addressSum + PROTOCOL_TCP + packet.length;
  // The driver finishes it where it can.
  packet.verified = shared.core.offload.transmitChecksum;
  const checksum = packet.verified ? ~foldChecksum(pseudo) : foldChecksum(sumPacket(packet, at, packet.end, pseudo));
  bytes[at + 16] = checksum >> 8;
  bytes[at + 17] = checksum;
  shared.counters.segmentsSent++;
  path.transmit(packet, PROTOCOL_TCP);
  shared.core.pool.give(packet);
}
