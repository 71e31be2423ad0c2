/**
 * The lines of ICMP, ICMPv6 and ARP.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { formatMac } from "../../core/mac_address.ts";
import type { Reader } from "./reader.ts";

const UNREACHABLE = ["net", "host", "protocol", "port", "frag needed", "source route failed"];
const UNREACHABLE6 = ["no route", "prohibited", "beyond scope", "address", "port"];

/**
 * Reads an IPv4 address.
 *
 * @param reader Where it lies.
 * @returns The text.
 */
export function ipv4Text(reader: Reader): string {
  return formatIpv4((reader.u32() | 0) as Ipv4Address);
}

/**
 * Reads an IPv6 address.
 *
 * @param reader Where it lies.
 * @returns The text.
 */
export function ipv6Text(reader: Reader): string {
  return formatIpv6(readIpv6(reader.take(16), 0));
}

/**
 * Describes an ICMP message.
 *
 * @param reader Where it begins.
 * @returns The text after the addresses.
 */
export function describeIcmp(reader: Reader): string {
  const length = reader.left;
  const type = reader.u8();
  const code = reader.u8();
  reader.skip(2);
  const high = reader.u16();
  const low = reader.u16();
  const end = `, length ${length}`;
  if (type === 0 || type === 8) return `ICMP echo ${type ? "request" : "reply"}, id ${high}, seq ${low}${end}`;
  if (type === 3) {
    const what = UNREACHABLE[code] ?? `code ${code}`;
    return `ICMP ${code === 4 ? `unreachable - need to frag (mtu ${low})` : `${what} unreachable`}${
      inner(reader)
    }${end}`;
  }
  if (type === 11) return `ICMP time exceeded ${code ? "in reassembly" : "in transit"}${inner(reader)}${end}`;
  if (type === 12) return `ICMP parameter problem - octet ${high >> 8}${inner(reader)}${end}`;
  if (type === 5) return `ICMP redirect${end}`;
  return `ICMP type ${type} code ${code}${end}`;
}

/** Names the packet that an ICMP error is about. */
function inner(reader: Reader): string {
  if (reader.left < 20) return "";
  const start = reader.at;
  const size = (reader.u8() & 15) << 2;
  reader.skip(8);
  const protocol = reader.u8();
  reader.skip(2);
  const from = ipv4Text(reader);
  const to = ipv4Text(reader);
  reader.at = Math.min(reader.end, start + Math.max(20, size));
  if ((protocol !== 6 && protocol !== 17) || reader.left < 4) return ` (${from} > ${to})`;
  return ` (${from}.${reader.u16()} > ${to}.${reader.u16()})`;
}

/**
 * Describes an ICMPv6 message.
 *
 * @param reader Where it begins.
 * @returns The text after the addresses.
 */
export function describeIcmp6(reader: Reader): string {
  const length = reader.left;
  const type = reader.u8();
  const code = reader.u8();
  reader.skip(2);
  const high = reader.u16();
  const low = reader.u16();
  const end = `, length ${length}`;
  switch (type) {
    case 1:
      return `ICMP6, unreachable, ${UNREACHABLE6[code] ?? `code ${code}`}${end}`;
    case 2:
      return `ICMP6, packet too big, mtu ${high * 65_536 + low}${end}`;
    case 3:
      return `ICMP6, time exceeded ${code ? "in reassembly" : "in transit"}${end}`;
    case 4:
      return `ICMP6, parameter problem, code ${code}, octet ${high * 65_536 + low}${end}`;
    case 128:
    case 129:
      return `ICMP6, echo ${type === 128 ? "request" : "reply"}, id ${high}, seq ${low}${end}`;
    case 133:
      return `ICMP6, router solicitation${end}`;
    case 134:
      return `ICMP6, router advertisement${end}`;
    case 135:
      return `ICMP6, neighbor solicitation, who has ${ipv6Text(reader)}${end}`;
    case 136:
      return `ICMP6, neighbor advertisement, tgt is ${ipv6Text(reader)}${end}`;
    case 143:
      return `ICMP6, multicast listener report v2${end}`;
    default:
      return `ICMP6, type ${type} code ${code}${end}`;
  }
}

/**
 * Describes an ARP packet.
 *
 * @param reader Where it begins.
 * @returns The text.
 */
export function describeArp(reader: Reader): string {
  const length = reader.left;
  const [hardware, protocol, sizes, operation] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  if (reader.short) return "ARP";
  if (hardware !== 1 || protocol !== 0x0800 || sizes !== 0x0604) return `ARP, hardware ${hardware}, length ${length}`;
  const senderMac = formatMac(reader.take(6));
  const sender = ipv4Text(reader);
  reader.skip(6);
  const target = ipv4Text(reader);
  if (operation === 1) {
    if (sender === target) return `ARP, Announcement ${sender}, length ${length}`;
    return `ARP, Request who-has ${target} tell ${sender}, length ${length}`;
  }
  if (operation === 2) return `ARP, Reply ${sender} is-at ${senderMac}, length ${length}`;
  return `ARP, operation ${operation}, length ${length}`;
}
