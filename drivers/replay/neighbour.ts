/**
 * Answers ARP and neighbour discovery for hosts that are only recorded.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { getI32 } from "../../core/packet.ts";
import { ETHERNET, type Headers } from "./headers.ts";

/** An Ethernet header and an ARP packet. */
const ARP_SIZE = 42;
/** An IPv6 header. */
const IPV6 = 40;
/** A neighbour advertisement with one option. */
const ADVERTISEMENT = 32;
const SOLICITATION_TYPE = 135;
const ADVERTISEMENT_TYPE = 136;

/**
 * Answers an ARP request.
 *
 * @param frame What the stack sent.
 * @param macs The MAC addresses of the recorded hosts, by IP address.
 * @returns The reply; null when the frame is no request for one of them.
 */
export function answerArp(frame: Uint8Array, macs: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  if (frame.length < ARP_SIZE || frame[12] !== 0x08 || frame[13] !== 0x06 || frame[ETHERNET + 7] !== 1) return null;
  const mac = macs.get(formatIpv4(getI32(frame, ETHERNET + 24) as Ipv4Address));
  // A host that asks for its own address announces it, or looks for a double.
  if (!mac || getI32(frame, ETHERNET + 14) === getI32(frame, ETHERNET + 24)) return null;
  const reply = frame.slice(0, ARP_SIZE);
  reply.set(frame.subarray(6, 12), 0);
  reply.set(mac, 6);
  reply[ETHERNET + 7] = 2;
  reply.set(mac, ETHERNET + 8);
  reply.set(frame.subarray(ETHERNET + 24, ETHERNET + 28), ETHERNET + 14);
  reply.set(frame.subarray(ETHERNET + 8, ETHERNET + 18), ETHERNET + 18);
  return reply;
}

/**
 * Answers a neighbour solicitation (RFC 4861).
 *
 * @param headers What the stack sent, an Ethernet frame.
 * @param macs The MAC addresses of the recorded hosts, by IP address.
 * @returns The advertisement; null when the frame is no solicitation for one of them.
 */
export function answerNeighbour(headers: Headers, macs: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  const { bytes, network, transport, end } = headers;
  if (!headers.isNeighbourMessage || bytes[transport] !== SOLICITATION_TYPE || transport + 24 > end) return null;
  const target = bytes.subarray(transport + 8, transport + 24);
  const source = bytes.subarray(network + 8, network + 24);
  const mac = macs.get(formatIpv6(readIpv6(target, 0)));
  if (!mac || network + IPV6 !== transport || source.every((byte) => byte === 0)) return null;
  const link = network - ETHERNET;
  const reply = new Uint8Array(ETHERNET + IPV6 + ADVERTISEMENT);
  reply.set(bytes.subarray(link + 6, link + 12), 0);
  reply.set(mac, 6);
  reply.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, ADVERTISEMENT, 58, 255], 12);
  reply.set(target, ETHERNET + 8);
  reply.set(source, ETHERNET + 24);
  // Solicited, and it overrides what was known.
  reply.set([ADVERTISEMENT_TYPE, 0, 0, 0, 0x60], ETHERNET + IPV6);
  reply.set(target, ETHERNET + IPV6 + 8);
  reply.set([2, 1, ...mac], ETHERNET + IPV6 + 24);
  headers.read(reply, 0, reply.length, "ethernet").finish();
  return reply;
}
