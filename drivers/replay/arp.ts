/**
 * Answers ARP for hosts that are only recorded.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { getI32 } from "../../core/packet.ts";
import { ETHERNET } from "./headers.ts";

/** An Ethernet header and an ARP packet. */
const SIZE = 42;

/**
 * Answers an ARP request.
 *
 * @param frame What the stack sent.
 * @param macs The MAC addresses of the recorded hosts, by IPv4 address.
 * @returns The reply; null when the frame is no request for one of them.
 */
export function answerArp(frame: Uint8Array, macs: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  if (frame.length < SIZE || frame[12] !== 0x08 || frame[13] !== 0x06 || frame[ETHERNET + 7] !== 1) return null;
  const mac = macs.get(formatIpv4(getI32(frame, ETHERNET + 24) as Ipv4Address));
  // A host that asks for its own address announces it, or looks for a double.
  if (!mac || getI32(frame, ETHERNET + 14) === getI32(frame, ETHERNET + 24)) return null;
  const reply = frame.slice(0, SIZE);
  reply.set(frame.subarray(6, 12), 0);
  reply.set(mac, 6);
  reply[ETHERNET + 7] = 2;
  reply.set(mac, ETHERNET + 8);
  reply.set(frame.subarray(ETHERNET + 24, ETHERNET + 28), ETHERNET + 14);
  reply.set(frame.subarray(ETHERNET + 8, ETHERNET + 18), ETHERNET + 18);
  return reply;
}
