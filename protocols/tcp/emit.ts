/**
 * Puts one segment together and hands it to IP (RFC 9293, 3.1).
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import { PROTOCOL_TCP } from "../../core/ip.ts";
import { type Packet, setI32 } from "../../core/packet.ts";
import { synOptionsLength, TIMESTAMPS_LENGTH, writeSack, writeSynOptions, writeTimestamps } from "./options.ts";
import { ACK, HEADER_LENGTH, RST, SYN, URG } from "./segment.ts";
import { before } from "./sequence.ts";
import { SYN_SENT } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { windowToTell } from "./window.ts";

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
function acceptableSeq(tcb: Tcb): number {
  const edge = tcb.sndUna + tcb.sndWnd | 0;
  // Our SYN is beyond no window.
  return before(edge, tcb.sndMax) && tcb.sndUna !== tcb.iss ? edge : tcb.sndMax;
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
  emit(tcb, RST | ACK, acceptableSeq(tcb), 0, 0);
}

/** Sends one segment of a connection, with the acknowledgement and the window of this moment. */
export function emit(tcb: Tcb, flags: number, seq: number, offset: number, length: number): void {
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
    ? tcb.sackReport.fill(tcb.receiveBuffer, tcb.rcvNxt, tcb.timestamps ? 6 : 8)
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
