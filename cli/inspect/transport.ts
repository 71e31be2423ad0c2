/**
 * What IP carries: TCP, UDP, ICMP and ICMPv6, and ARP beside it.
 *
 * @module
 */

import { datagramLength, isUnchecked, UDP_HEADER } from "../../protocols/udp/header.ts";
import { HEADER_LENGTH } from "../../protocols/tcp/segment.ts";
import { BAD, NOT_PRESENT, UNVERIFIED } from "./frame.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, NOTHING } from "./next.ts";

/** UDP ports of VXLAN (RFC 7348) and Geneve (RFC 8926). */
const VXLAN = 4789;
const GENEVE = 6081;

/**
 * Reads a TCP header.
 *
 * @param d The frame.
 */
export function readTcp({ frame, window, network }: Dissection): void {
  if (frame.tcp.at >= 0) return;
  const { tcp, segment } = frame;
  const { bytes, start: at, length } = window;
  frame.tcpNetwork.copy(network);
  if (length < HEADER_LENGTH) return tcp.set(bytes, at, Math.min(length, 4));
  const header = bytes[at + 12]! >> 4 << 2;
  tcp.set(bytes, at, header);
  tcp.end = window.end;
  tcp.real = window.real;
  if (!segment.read(window)) {
    // The header says that it is longer than the captured part, or shorter than it can be.
    const { end } = window;
    window.start = at;
    bytes.length;
    segment.read({ bytes, start: at, end: Math.max(end, at + header) });
  }
  frame.tcpLength = window.reported - header;
  if (window.fragmented || !window.whole || frame.tcpLength < 0) tcp.status = UNVERIFIED;
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
    udp.set(bytes, at, Math.min(length, UDP_HEADER));
    frame.udpNetwork.copy(network);
  }
  if (length < UDP_HEADER) return NOTHING;
  const size = datagramLength(bytes, at);
  if (outer) {
    udp.real = at + size;
    udp.end = Math.min(window.end, at + size);
    if (isUnchecked(bytes, at)) udp.status = network.version === 4 ? NOT_PRESENT : BAD;
    else if (size < UDP_HEADER || size > window.length || window.fragmented || !window.whole) udp.status = UNVERIFIED;
  }
  if (size < UDP_HEADER || window.fragmented) return NOTHING;
  window.limit(size);
  const ports = [window.u16(0), window.u16(2)];
  window.start += UDP_HEADER;
  if (ports.includes(VXLAN) && window.length >= 8) {
    window.start += 8;
    return ETHERNET;
  }
  if (ports.includes(GENEVE) && window.length >= 8) {
    const options = (bytes[window.start]! & 63) << 2;
    const type = window.u16(2);
    if (window.length < 8 + options) return NOTHING;
    window.start += 8 + options;
    return ETHER_TYPE | type;
  }
  return NOTHING;
}

/**
 * Reads an ICMP message.
 *
 * @param d The frame.
 */
export function readIcmp({ frame, window }: Dissection): void {
  const { icmp } = frame;
  if (icmp.at >= 0) return;
  icmp.set(window.bytes, window.start, Math.min(window.length, 8));
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
  if (frame.arp.at < 0) frame.arp.set(window.bytes, window.start, window.length);
}
