/**
 * The fields of a packet by name, as Wireshark's display filters call them: for comparing packets and for naming what differs.
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../../core/checksum.ts";
import type { Medium } from "../../core/driver.ts";
import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { formatMac } from "../../core/mac_address.ts";
import { getI32 } from "../../core/packet.ts";
import { ETHERNET, Headers } from "./headers.ts";

/** The value of a field: a number, or a text; bytes are a text of hexadecimal digits. */
export type FieldValue = number | string;

/** The flags of TCP, the lowest first, as tcpdump writes them. */
const FLAGS = "FSRPAUEW";

/**
 * Takes a packet apart.
 *
 * Beside Wireshark's fields there are `X.checksum.status` for ip, icmp, icmpv6, udp and tcp (1 for a good one, 0 for a bad one, 3
 * for none), `tcp.flags.str` such as `"SA"`, `tcp.options.kinds`, and `data` for what the last known header carries.
 *
 * @param bytes The packet, from the link's header on.
 * @param medium What it begins with.
 * @returns The fields that it has, in the order of the wire.
 */
export function packetFields(bytes: Uint8Array, medium: Medium): Map<string, FieldValue> {
  const fields = new Map<string, FieldValue>();
  const headers = new Headers().read(bytes, 0, bytes.length, medium);
  let data = 0;
  if (medium === "ethernet" && bytes.length >= ETHERNET) {
    fields.set("eth.dst", formatMac(bytes, 0));
    fields.set("eth.src", formatMac(bytes, 6));
    fields.set("eth.type", bytes[12]! << 8 | bytes[13]!);
    data = ETHERNET;
    for (let at = ETHERNET, type = fields.get("eth.type"); type === 0x8100 || type === 0x88a8; at += 4, data = at) {
      if (at + 4 > bytes.length) break;
      if (!fields.has("vlan.id")) fields.set("vlan.id", (bytes[at]! << 8 | bytes[at + 1]!) & 0xfff);
      type = bytes[at + 2]! << 8 | bytes[at + 3]!;
    }
    if (headers.type === 0x0806 && bytes.length >= data + 28) {
      arpFields(fields, bytes, data);
      return fields;
    }
  }
  if (headers.network < 0) {
    fields.set("data", hex(bytes, data, bytes.length));
    return fields;
  }
  data = headers.version === 4 ? ipv4Fields(fields, headers) : ipv6Fields(fields, headers);
  if (headers.isTcp) data = tcpFields(fields, headers);
  else if (headers.isUdp) data = udpFields(fields, headers);
  else if (headers.isIcmp) data = icmpFields(fields, headers);
  fields.set("data", hex(bytes, data, headers.end));
  return fields;
}

function arpFields(fields: Map<string, FieldValue>, bytes: Uint8Array, at: number): void {
  fields.set("arp.opcode", bytes[at + 6]! << 8 | bytes[at + 7]!);
  fields.set("arp.src.hw_mac", formatMac(bytes, at + 8));
  fields.set("arp.src.proto_ipv4", formatIpv4(getI32(bytes, at + 14) as Ipv4Address));
  fields.set("arp.dst.hw_mac", formatMac(bytes, at + 18));
  fields.set("arp.dst.proto_ipv4", formatIpv4(getI32(bytes, at + 24) as Ipv4Address));
}

function ipv4Fields(fields: Map<string, FieldValue>, { bytes, network: at, end }: Headers): number {
  const size = (bytes[at]! & 15) << 2;
  const fragment = bytes[at + 6]! << 8 | bytes[at + 7]!;
  fields.set("ip.hdr_len", size);
  fields.set("ip.dsfield", bytes[at + 1]!);
  fields.set("ip.len", bytes[at + 2]! << 8 | bytes[at + 3]!);
  fields.set("ip.id", bytes[at + 4]! << 8 | bytes[at + 5]!);
  fields.set("ip.flags.df", fragment >> 14 & 1);
  fields.set("ip.flags.mf", fragment >> 13 & 1);
  fields.set("ip.frag_offset", fragment & 0x1fff);
  fields.set("ip.ttl", bytes[at + 8]!);
  fields.set("ip.proto", bytes[at + 9]!);
  fields.set("ip.checksum.status", foldChecksum(sumBytes(bytes, at, Math.min(end, at + size))) === 0 ? 1 : 0);
  fields.set("ip.src", formatIpv4(getI32(bytes, at + 12) as Ipv4Address));
  fields.set("ip.dst", formatIpv4(getI32(bytes, at + 16) as Ipv4Address));
  if (size > 20) fields.set("ip.options", hex(bytes, at + 20, at + size));
  return at + size;
}

function ipv6Fields(fields: Map<string, FieldValue>, { bytes, network: at }: Headers): number {
  fields.set("ipv6.tclass", (bytes[at]! << 4 | bytes[at + 1]! >> 4) & 255);
  fields.set("ipv6.flow", getI32(bytes, at) & 0xfffff);
  fields.set("ipv6.plen", bytes[at + 4]! << 8 | bytes[at + 5]!);
  fields.set("ipv6.nxt", bytes[at + 6]!);
  fields.set("ipv6.hlim", bytes[at + 7]!);
  fields.set("ipv6.src", formatIpv6(readIpv6(bytes, at + 8)));
  fields.set("ipv6.dst", formatIpv6(readIpv6(bytes, at + 24)));
  return at + 40;
}

function udpFields(fields: Map<string, FieldValue>, headers: Headers): number {
  fields.set("udp.srcport", headers.sourcePort);
  fields.set("udp.dstport", headers.destinationPort);
  fields.set("udp.length", headers.u16(4));
  fields.set("udp.checksum.status", headers.u16(6) === 0 ? 3 : status(headers));
  return headers.transport + 8;
}

function icmpFields(fields: Map<string, FieldValue>, headers: Headers): number {
  const { bytes, transport: at } = headers;
  const name = headers.version === 6 ? "icmpv6" : "icmp";
  const type = bytes[at]!;
  fields.set(`${name}.type`, type);
  fields.set(`${name}.code`, bytes[at + 1]!);
  fields.set(`${name}.checksum.status`, status(headers));
  const echo = headers.version === 6 ? type === 128 || type === 129 : type === 8 || type === 0;
  if (!echo) return at + 4;
  fields.set(`${name}.ident`, headers.u16(4));
  fields.set(`${name}.seq`, headers.u16(6));
  return at + 8;
}

function tcpFields(fields: Map<string, FieldValue>, headers: Headers): number {
  const { bytes, transport: at, payload, flags } = headers;
  fields.set("tcp.srcport", headers.sourcePort);
  fields.set("tcp.dstport", headers.destinationPort);
  fields.set("tcp.seq", headers.seq >>> 0);
  fields.set("tcp.ack", headers.ack >>> 0);
  fields.set("tcp.hdr_len", payload - at);
  fields.set("tcp.flags", headers.u16(12) & 0xfff);
  fields.set("tcp.flags.str", [...FLAGS].filter((_, bit) => flags >> bit & 1).join(""));
  fields.set("tcp.window_size_value", headers.u16(14));
  fields.set("tcp.checksum.status", status(headers));
  fields.set("tcp.urgent_pointer", headers.u16(18));
  fields.set("tcp.len", headers.end - payload);
  const kinds: number[] = [];
  for (let i = at + 20; i < payload && bytes[i] !== 0;) {
    const kind = bytes[i]!;
    kinds.push(kind);
    const size = kind === 1 ? 1 : bytes[i + 1] ?? 0;
    if (size < 1 || i + size > payload || (kind !== 1 && size < 2)) break;
    if (kind === 2 && size === 4) fields.set("tcp.options.mss_val", bytes[i + 2]! << 8 | bytes[i + 3]!);
    else if (kind === 3 && size === 3) fields.set("tcp.options.wscale.shift", bytes[i + 2]!);
    else if (kind === 4) fields.set("tcp.options.sack_perm", 1);
    else if (kind === 5) fields.set("tcp.options.sack", sackText(bytes, i + 2, i + size));
    else if (kind === 8 && size === 10) {
      fields.set("tcp.options.timestamp.tsval", getI32(bytes, i + 2) >>> 0);
      fields.set("tcp.options.timestamp.tsecr", getI32(bytes, i + 6) >>> 0);
    } else if (kind !== 1) fields.set(`tcp.options.${kind}`, hex(bytes, i + 2, i + size));
    i += size;
  }
  fields.set("tcp.options.kinds", kinds.join());
  return payload;
}

function sackText(bytes: Uint8Array, at: number, end: number): string {
  const blocks: string[] = [];
  for (; at + 8 <= end; at += 8) blocks.push(`${getI32(bytes, at) >>> 0}-${getI32(bytes, at + 4) >>> 0}`);
  return blocks.join();
}

function status(headers: Headers): FieldValue {
  const initial = headers.isIcmp && headers.version === 4 ? 0 : headers.pseudoSum();
  return foldChecksum(sumBytes(headers.bytes, headers.transport, headers.end, initial)) === 0 ? 1 : 0;
}

function hex(bytes: Uint8Array, at: number, end: number): string {
  let text = "";
  for (; at < end; at++) text += bytes[at]!.toString(16).padStart(2, "0");
  return text;
}
