/**
 * One line for any packet, in the manner of tcpdump.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../../core/ip.ts";
import { describeArp, describeIcmp, describeIcmp6, ipv4Text, ipv6Text } from "./icmp.ts";
import { Reader } from "./reader.ts";
import { describeTcp, Flows } from "./tcp.ts";

export { Flows };

/** IPv6 extension headers that only stand in the way: hop-by-hop, routing, destination options. */
const PASSED = [0, 43, 60];
/** The IPv6 extension header of a fragment. */
const FRAGMENT = 44;

/**
 * Describes a packet in one line, whatever its bytes are.
 *
 * @param bytes The packet, from the link's header on.
 * @param medium What it begins with: an Ethernet header, or an IP header.
 * @param flows Where TCP's sequence numbers count from, kept from packet to packet; null for the numbers as they are.
 * @returns Such as `"IP 10.0.0.2.80 > 10.0.0.1.53124: Flags [S.], seq 123, ack 1, win 65535, length 0"`; with `" [truncated]"`
 * at its end when the packet is shorter than it says.
 */
export function describePacket(bytes: Uint8Array, medium: Medium, flows: Flows | null = null): string {
  const reader = new Reader(bytes);
  const text = medium === "ethernet" ? describeFrame(reader, flows) : describeIp(reader, flows);
  return reader.short ? `${text} [truncated]` : text;
}

function describeFrame(reader: Reader, flows: Flows | null): string {
  reader.skip(12);
  let type = reader.u16();
  let text = "";
  for (let tags = 0; tags < 4 && (type === 0x8100 || type === 0x88a8); tags++) {
    text += `vlan ${reader.u16() & 0xfff}, `;
    type = reader.u16();
  }
  if (reader.short) return `${text}frame`;
  if (type === 0x0806) {
    // What follows pads the frame to its least size.
    if (reader.left > 28) reader.limit(28);
    return text + describeArp(reader);
  }
  if (type === 0x0800 || type === 0x86dd) return text + describeIp(reader, flows);
  if (type < 1536) return `${text}802.3, length ${type}`;
  return `${text}ethertype 0x${type.toString(16).padStart(4, "0")}, length ${reader.left}`;
}

function describeIp(reader: Reader, flows: Flows | null): string {
  if (reader.left === 0) {
    reader.short = true;
    return "IP";
  }
  const version = reader.bytes[reader.at]! >> 4;
  if (version === 4) return describeIpv4(reader, flows);
  if (version === 6) return describeIpv6(reader, flows);
  return `IP version ${version}, length ${reader.left}`;
}

function describeIpv4(reader: Reader, flows: Flows | null): string {
  const start = reader.at;
  const size = (reader.u8() & 15) << 2;
  reader.skip(1);
  const total = reader.u16();
  const id = reader.u16();
  const fragment = reader.u16();
  reader.skip(1);
  const protocol = reader.u8();
  reader.skip(2);
  const from = ipv4Text(reader);
  const to = ipv4Text(reader);
  if (reader.short) return "IP";
  if (size < 20 || total < size) return `IP ${from} > ${to}: [bad header]`;
  reader.at = start;
  reader.limit(total);
  reader.skip(size);
  const offset = (fragment & 0x1fff) * 8;
  const more = (fragment & 0x2000) !== 0;
  const part = offset > 0 || more ? ` (frag ${id}:${total - size}@${offset}${more ? "+" : ""})` : "";
  if (offset > 0) return `IP ${from} > ${to}: ip-proto-${protocol}${part}`;
  return `IP ${describeTransport(reader, protocol, from, to, flows)}${part}`;
}

function describeIpv6(reader: Reader, flows: Flows | null): string {
  reader.skip(4);
  const length = reader.u16();
  let next = reader.u8();
  reader.skip(1);
  const from = ipv6Text(reader);
  const to = ipv6Text(reader);
  if (reader.short) return "IP6";
  reader.limit(length);
  let part = "";
  for (let headers = 0; headers < 8 && !reader.short; headers++) {
    if (next === FRAGMENT) {
      next = reader.u8();
      reader.skip(1);
      const fragment = reader.u16();
      part = ` (frag ${reader.u32()}:${reader.left}@${fragment & 0xfff8}${fragment & 1 ? "+" : ""})`;
      if (fragment & 0xfff8) return `IP6 ${from} > ${to}: ip-proto-${next}${part}`;
    } else if (PASSED.includes(next)) {
      next = reader.u8();
      reader.skip(reader.u8() * 8 + 6);
    } else break;
  }
  return `IP6 ${describeTransport(reader, next, from, to, flows)}${part}`;
}

function describeTransport(reader: Reader, protocol: number, from: string, to: string, flows: Flows | null): string {
  switch (protocol) {
    case PROTOCOL_TCP:
      return describeTcp(reader, from, to, flows);
    case PROTOCOL_UDP: {
      const source = reader.u16();
      const destination = reader.u16();
      const length = reader.u16();
      reader.skip(2);
      const ports = `${from}.${source} > ${to}.${destination}: UDP`;
      return reader.short ? ports : `${ports}, length ${Math.max(0, length - 8)}`;
    }
    case PROTOCOL_ICMP:
      return `${from} > ${to}: ${describeIcmp(reader)}`;
    case PROTOCOL_ICMPV6:
      return `${from} > ${to}: ${describeIcmp6(reader)}`;
    default:
      return `${from} > ${to}: ip-proto-${protocol}, length ${reader.left}`;
  }
}
