/**
 * The fields of a packet by name, as Wireshark's display filters call them: for checking packets and for naming what differs.
 *
 * @module
 */

import { linkTypeOf } from "../../core/capture/link_type.ts";
import type { Medium } from "../../core/driver.ts";
import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { formatMac } from "../../core/mac_address.ts";
import { getI32 } from "../../core/packet.ts";
import { headerLength, IPV4_HEADER } from "../../protocols/ipv4/header.ts";
import { IPV6_HEADER } from "../../protocols/ipv6/header.ts";
import { MSS, optionLength, SACK, TIMESTAMPS, WINDOW_SCALE } from "../../protocols/tcp/options.ts";
import { HEADER_LENGTH } from "../../protocols/tcp/segment.ts";
import { UDP_HEADER } from "../../protocols/udp/header.ts";
import { Dissector } from "./dissector.ts";
import { type Field, GROUPS, LIST, readField } from "./fields.ts";
import type { Frame, Header } from "./frame.ts";

/** The value of a field: a number, or a text; bytes are a text of hexadecimal digits. */
export type FieldValue = number | string;

type Fields = Map<string, FieldValue>;

/** The flags of TCP, the lowest first, as tcpdump writes them. */
const FLAGS = "FSRPAUEW";
/** What fields are called here; those without a name stand in others. */
const NAMES: Readonly<Record<string, string>> = {
  "tcp.seq_raw": "tcp.seq",
  "tcp.ack_raw": "tcp.ack",
  "tcp.options": "",
  "tcp.options.sack_le": "",
  "tcp.options.sack_re": "",
};
/** The option of TCP that allows selective acknowledgements (RFC 2018). */
const SACK_PERMITTED = 4;
/** Options of TCP that have fields of their own. */
const KNOWN = [MSS, WINDOW_SCALE, TIMESTAMPS];

/**
 * Takes a packet apart.
 *
 * Beside the fields of `inspect --json` there are `ip.dsfield`, `ip.options`, `ipv6.tclass`, `ipv6.flow`, `tcp.flags.str` such as
 * `"SA"`, `tcp.options.kinds`, and `data` for what the last header carries. Sequence numbers are called `tcp.seq` and `tcp.ack`,
 * and each option of TCP stands for itself, as in `tcp.options.sack`, so that any of them may be ignored.
 *
 * @param bytes The packet, from the link's header on.
 * @param medium What it begins with.
 * @returns The fields that it has, in the order of the wire.
 */
export function packetFields(bytes: Uint8Array, medium: Medium): Map<string, FieldValue> {
  const fields: Fields = new Map();
  const frame = new Dissector().dissect(bytes, 0, bytes.length, bytes.length, linkTypeOf(medium));
  for (const group of GROUPS) {
    const header = group.header(frame);
    if (header.at < 0) continue;
    for (const field of group.fields) {
      const name = NAMES[field.name] ?? field.name;
      const value = name === "" ? null : valueOf(frame, header, field);
      if (value !== null) fields.set(name, value);
    }
    if (group.name === "ip") ipv4Fields(fields, header);
    else if (group.name === "ipv6") ipv6Fields(fields, header);
    else if (group.name === "icmpv6") echoFields(fields, header);
    else if (group.name === "tcp") tcpFields(fields, header);
  }
  if (frame.arp.at < 0) {
    const [from, to] = dataOf(frame, bytes.length);
    fields.set("data", hex(bytes, from, to));
  }
  return fields;
}

function valueOf(frame: Frame, header: Header, field: Field): FieldValue | null {
  const { bytes } = header;
  const value = readField(frame, header, field);
  if (value < 0) return null;
  switch (field.kind) {
    case "list":
      return value === 1 ? LIST[0]! : LIST.subarray(0, value).join();
    case "number":
      return value;
    case "mac":
      return formatMac(bytes, value);
    case "ipv4":
      return formatIpv4(getI32(bytes, value) as Ipv4Address);
    case "ipv6":
      return formatIpv6(readIpv6(bytes, value));
    default:
      return hex(bytes, value, field.end!(header));
  }
}

function ipv4Fields(fields: Fields, { bytes, at, have, end }: Header): void {
  if (have < IPV4_HEADER) return;
  fields.set("ip.dsfield", bytes[at + 1]!);
  const size = headerLength(bytes, at);
  if (size > IPV4_HEADER) fields.set("ip.options", hex(bytes, at + IPV4_HEADER, Math.min(end, at + size)));
}

function ipv6Fields(fields: Fields, { bytes, at, have }: Header): void {
  if (have < 4) return;
  fields.set("ipv6.tclass", (bytes[at]! << 4 | bytes[at + 1]! >> 4) & 255);
  fields.set("ipv6.flow", getI32(bytes, at) & 0xfffff);
}

function echoFields(fields: Fields, { bytes, at, have }: Header): void {
  if (have < 8 || bytes[at]! >> 1 !== 64) return;
  fields.set("icmpv6.ident", bytes[at + 4]! << 8 | bytes[at + 5]!);
  fields.set("icmpv6.seq", bytes[at + 6]! << 8 | bytes[at + 7]!);
}

function tcpFields(fields: Fields, { bytes, at, have }: Header): void {
  if (have < HEADER_LENGTH) return;
  const flags = bytes[at + 13]!;
  fields.set("tcp.flags.str", [...FLAGS].filter((_, bit) => flags >> bit & 1).join(""));
  const kinds: number[] = [];
  const end = at + have;
  for (let option = at + HEADER_LENGTH, size = 0; option < end && bytes[option] !== 0; option += size) {
    const kind = bytes[option]!;
    kinds.push(kind);
    size = optionLength(bytes, option, end);
    if (size <= 0) break;
    if (kind === SACK_PERMITTED) fields.set("tcp.options.sack_perm", 1);
    else if (kind === SACK) fields.set("tcp.options.sack", sackText(bytes, option + 2, option + size));
    else if (kind > 1 && !KNOWN.includes(kind)) {
      fields.set(`tcp.options.${kind}`, hex(bytes, option + 2, option + size));
    }
  }
  fields.set("tcp.options.kinds", kinds.join());
}

function sackText(bytes: Uint8Array, at: number, end: number): string {
  const blocks: string[] = [];
  for (; at + 8 <= end; at += 8) blocks.push(`${getI32(bytes, at) >>> 0}-${getI32(bytes, at + 4) >>> 0}`);
  return blocks.join();
}

/** Where lies what the last header carries, of those that stand one behind the other from the link on. */
function dataOf(frame: Frame, size: number): [from: number, to: number] {
  const { eth, ip, ipv6, tcp, udp, icmp, icmpv6 } = frame;
  const network = ip.at < 0 || ipv6.at >= 0 && ipv6.at < ip.at ? ipv6 : ip;
  if (network.at < 0) return [eth.at < 0 ? 0 : eth.at + eth.have + 4 * frame.vlanCount, size];
  const { bytes, at } = network;
  const version = network === ip ? 4 : 6;
  if (network.have < (version === 4 ? IPV4_HEADER : IPV6_HEADER)) return [at, size];
  const from = at + (version === 4 ? headerLength(bytes, at) : IPV6_HEADER);
  const length = version === 4 ? frame.ipLength : IPV6_HEADER + (bytes[at + 4]! << 8 | bytes[at + 5]!);
  const to = Math.min(size, at + length);
  // What does not follow at once stands in a tunnel or behind extension headers, which belong to the data.
  if (tcp.at === from && tcp.have >= HEADER_LENGTH) return [from + (bytes[from + 12]! >> 4 << 2), to];
  if (udp.at === from && udp.have >= UDP_HEADER) return [from + UDP_HEADER, to];
  if (icmp.at !== from && icmpv6.at !== from) return [Math.min(from, to), to];
  const type = bytes[from]!;
  const echo = version === 4 ? type === 0 || type === 8 : type === 128 || type === 129;
  return [Math.min(to, from + (echo ? 8 : 4)), to];
}

function hex(bytes: Uint8Array, at: number, end: number): string {
  let text = "";
  for (; at < end; at++) text += bytes[at]!.toString(16).padStart(2, "0");
  return text;
}
