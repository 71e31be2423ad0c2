/**
 * Resets for segments that belong to no connection.
 *
 * @module
 */

import type { Packet } from "../../core/packet.ts";
import { sendBare } from "./emit.ts";
import { ACK, RST, type Segment } from "./segment.ts";
import type { TcpShared } from "./shared.ts";

/**
 * Refuses a segment with a reset that its sender must believe (RFC 9293, 3.5.2, group 1).
 *
 * @param shared What all connections share.
 * @param packet The packet.
 * @param segment The segment in it: no reset.
 */
export function refuse(shared: TcpShared, packet: Packet, segment: Segment): void {
  const { sourcePort, destinationPort, seq, ack, flags } = segment;
  const path = packet.ip!.pathBack(packet);
  if (!path) return;
  path.dontFragment = true;
  shared.counters.resetsSent++;
  const ends = { path, localPort: destinationPort, remotePort: sourcePort };
  if (flags & ACK) sendBare(shared, ends, ack, 0, RST, 0, null);
  else sendBare(shared, ends, 0, seq + segment.length | 0, RST | ACK, 0, null);
}
