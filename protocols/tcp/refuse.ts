/**
 * Resets for segments that belong to no connection.
 *
 * @module
 */

import { PROTOCOL_TCP } from "../../core/ip.ts";
import type { Packet } from "../../core/packet.ts";
import { finishChecksum, writeHeader } from "./emit.ts";
import { ACK, HEADER_LENGTH, RST, type Segment } from "./segment.ts";
import type { TcpShared } from "./tcb.ts";

/**
 * Refuses a segment with a reset that its sender must believe (RFC 9293, 3.5.2, group 1); a reset is never refused.
 *
 * @param shared What all connections share.
 * @param packet The packet.
 * @param segment The segment in it.
 */
export function refuse(shared: TcpShared, packet: Packet, segment: Segment): void {
  const { sourcePort, destinationPort, seq, ack, flags } = segment;
  const path = flags & RST ? null : packet.ip!.pathBack(packet);
  if (!path) return;
  const { core: { pool }, counters } = shared;
  const answer = pool.take();
  const at = answer.push(HEADER_LENGTH);
  if (flags & ACK) writeHeader(answer, at, destinationPort, sourcePort, ack, 0, 0, RST, 0, 0);
  else writeHeader(answer, at, destinationPort, sourcePort, 0, seq + segment.length | 0, 0, RST | ACK, 0, 0);
  finishChecksum(answer, at, path.addressSum);
  counters.resetsSent++;
  counters.segmentsSent++;
  path.dontFragment = true;
  path.transmit(answer, PROTOCOL_TCP);
  pool.give(answer);
}
