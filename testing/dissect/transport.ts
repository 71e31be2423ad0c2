/**
 * What IP carries: TCP, UDP, ICMP and ICMPv6, and ARP beside it.
 *
 * @module
 */

import { datagramLength, isUnchecked, UDP_HEADER } from "../../protocols/udp/header.ts";
import { HEADER_LENGTH } from "../../protocols/tcp/segment.ts";
import { ILLEGAL, NOT_PRESENT, UNVERIFIED } from "./frame.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, IP, IP_PROTOCOL, NOTHING, PPP } from "./next.ts";

/** Bytes of the ports of TCP and UDP. */
const PORTS = 4;
/** Bytes of a TCP header up to the window. */
const FLAGS_AND_WINDOW = 16;
/** What is read of a TCP header that says that it is shorter than one can be: its ports, sequence number and length. */
export const BOGUS = 14;

/** Bytes of an ICMP message without which none of it is read. */
const ICMP_FIRST = 6;

/** UDP ports of tunnels: RFC 2661, RFC 7348, RFC 8926, 3GPP TS 29.281, RFC 4380, RFC 7510, RFC 8086. */
const L2TP = 1701;
const VXLAN = 4789;
const GENEVE = 6081;
const GTP_USER = 2152;
const TEREDO = 3544;
const MPLS_OVER_UDP = 6635;
const GRE_OVER_UDP = 4754;
/** The extension of VXLAN that tells what it carries (draft-ietf-nvo3-vxlan-gpe). */
const VXLAN_GPE = 4790;
const TUNNELS = [L2TP, VXLAN, VXLAN_GPE, GENEVE, GTP_USER, TEREDO, MPLS_OVER_UDP, GRE_OVER_UDP];

/**
 * Reads a TCP header.
 *
 * @param d The frame.
 */
export function readTcp({ frame, window, network }: Dissection): void {
  if (frame.tcp.at >= 0) return;
  const { tcp, segment } = frame;
  const { bytes, start: at, length } = window;
  tcp.set(bytes, at, length < PORTS ? 0 : Math.min(length, HEADER_LENGTH));
  tcp.end = window.end;
  tcp.real = window.real;
  frame.tcpNetwork.copy(network);
  if (length < FLAGS_AND_WINDOW) {
    tcp.have = Math.min(tcp.have, PORTS);
    return;
  }
  const header = bytes[at + 12]! >> 4 << 2;
  // How long the rest of a fragmented segment is nobody knows.
  frame.tcpLength = window.fragmented ? -1 : window.reported - header;
  if (header < HEADER_LENGTH) {
    tcp.have = BOGUS;
    return;
  }
  // Of a header that was cut, what is there is read: its fields are checked against `have`.
  if (!segment.read(window)) segment.read({ bytes: padded(bytes, at, window.end), start: 0, end: header });
  tcp.have = Math.min(length, header);
  if (window.fragmented || !window.whole) tcp.status = UNVERIFIED;
}

/** A header that was cut, followed by zeros. */
function padded(bytes: Uint8Array, at: number, end: number): Uint8Array {
  const header = new Uint8Array(60);
  header.set(bytes.subarray(at, Math.min(end, at + 60)));
  return header;
}

/**
 * Reads a UDP header.
 *
 * @param d The frame.
 * @returns What follows: a tunnel.
 */
export function readUdp({ frame, window, network }: Dissection): number {
  const { bytes, start: at, length } = window;
  const { udp } = frame;
  const outer = udp.at < 0;
  if (outer) {
    udp.set(bytes, at, length < PORTS ? 0 : Math.min(length, UDP_HEADER));
    frame.udpNetwork.copy(network);
  }
  if (length < UDP_HEADER) {
    if (outer && length >= 6) frame.udpLength = datagramLength(bytes, at);
    return NOTHING;
  }
  let size = datagramLength(bytes, at);
  if (outer) frame.udpLength = size;
  // What is too long for the field says 0 (RFC 2675, 4).
  if (size === 0 && network.version === 6) size = window.reported;
  if (outer) {
    udp.real = at + size;
    udp.end = Math.min(window.end, at + size);
    if (size < UDP_HEADER) udp.have = 6;
    else if (isUnchecked(bytes, at)) udp.status = network.version === 4 ? NOT_PRESENT : ILLEGAL;
    else if (size > length || window.fragmented || !window.whole) udp.status = UNVERIFIED;
  }
  if (size < UDP_HEADER) return NOTHING;
  window.limit(size);
  const source = window.u16(0);
  const destination = window.u16(2);
  window.start += UDP_HEADER;
  // The lower port is the service's more often.
  const [low, high] = source < destination ? [source, destination] : [destination, source];
  return tunnel(window, TUNNELS.includes(low) ? low : high);
}

/** What a tunnel over UDP carries. */
function tunnel(window: Dissection["window"], port: number): number {
  const { bytes, start: at, length } = window;
  switch (port) {
    case L2TP:
      return readL2tp(window);
    case VXLAN:
      if (length < 8) return NOTHING;
      window.start += 8;
      return ETHERNET;
    case VXLAN_GPE: {
      if (length < 8) return NOTHING;
      const next = bytes[at + 3]!;
      window.start += 8;
      return next === 1 || next === 2 ? IP : next === 3 ? ETHERNET : NOTHING;
    }
    case GENEVE: {
      const size = length < 8 ? 8 : 8 + ((bytes[at]! & 63) << 2);
      if (length < size) return NOTHING;
      const type = window.u16(2);
      window.start += size;
      return ETHER_TYPE | type;
    }
    case GTP_USER: {
      if (length < 8 || bytes[at]! >> 5 !== 1 || bytes[at + 1] !== 255) return NOTHING;
      const size = (bytes[at]! & 7) === 0 ? 8 : 12;
      if (length < size || size === 12 && bytes[at + 11] !== 0) return NOTHING;
      window.start += size;
      return IP;
    }
    case TEREDO:
      return length > 0 && window.reported >= 40 && bytes[at]! >> 4 === 6 ? IP : NOTHING;
    case MPLS_OVER_UDP:
      return ETHER_TYPE | 0x8847;
    case GRE_OVER_UDP:
      return IP_PROTOCOL | 47;
    default:
      return NOTHING;
  }
}

/** Reads the header of a data message of L2TP (RFC 2661, 3.1), which carries a frame of PPP. */
function readL2tp(window: Dissection["window"]): number {
  if (window.length < 6) return NOTHING;
  const flags = window.u16(0);
  // Control messages, and other versions.
  if ((flags & 0x8000) !== 0 || (flags & 15) !== 2) return NOTHING;
  const length = flags & 0x4000 ? 2 : 0;
  if (length > 0) window.limit(window.u16(2));
  let size = 6 + length + (flags & 0x0800 ? 4 : 0);
  if ((flags & 0x0200) !== 0) {
    if (window.length < size + 2) return NOTHING;
    size += 2 + window.u16(size);
  }
  if (window.length < size) return NOTHING;
  window.start += size;
  return PPP;
}

/**
 * Reads a header of UDP-Lite (RFC 3828), whose fields are those of UDP, and whose length is that of IP's payload.
 *
 * @param d The frame.
 */
export function readUdpLite({ frame, window, network }: Dissection): void {
  const { udp } = frame;
  const { bytes, start: at, length } = window;
  if (udp.at >= 0) return;
  udp.set(bytes, at, length < PORTS ? 0 : Math.min(length, UDP_HEADER));
  udp.end = window.end;
  udp.real = window.real;
  udp.status = length >= UDP_HEADER && isUnchecked(bytes, at) ? ILLEGAL : UNVERIFIED;
  if (length >= 6) frame.udpLength = window.reported;
  frame.udpNetwork.copy(network);
}

/**
 * Reads an ICMP message.
 *
 * @param d The frame.
 */
export function readIcmp({ frame, window }: Dissection): void {
  const { icmp } = frame;
  if (icmp.at >= 0) return;
  icmp.set(window.bytes, window.start, window.length < ICMP_FIRST ? 0 : Math.min(window.length, 8));
  icmp.end = window.end;
  icmp.real = window.real;
  if (window.fragmented || !window.whole) icmp.status = UNVERIFIED;
}

/**
 * Reads an ICMPv6 message.
 *
 * @param d The frame.
 */
export function readIcmpv6({ frame, window, network }: Dissection): void {
  const { icmpv6 } = frame;
  if (icmpv6.at >= 0) return;
  icmpv6.set(window.bytes, window.start, window.length);
  icmpv6.end = window.end;
  icmpv6.real = window.real;
  frame.icmpv6Network.copy(network);
  if (window.fragmented || !window.whole) icmpv6.status = UNVERIFIED;
}

/**
 * Reads an ARP message.
 *
 * @param d The frame.
 */
export function readArp({ frame, window }: Dissection): void {
  const { arp } = frame;
  if (arp.at >= 0) return;
  // The messages of ATM have another shape (RFC 2225).
  const atm = window.length >= 2 && window.u16(0) === 19;
  arp.set(window.bytes, window.start, atm ? 0 : window.length);
  arp.real = window.real;
}
