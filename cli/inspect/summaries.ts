/**
 * What DNS, DHCP and HTTP messages say, in a few words at the end of a line.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatMac } from "../../core/mac_address.ts";
import { getI32 } from "../../core/packet.ts";
import {
  BOOTREPLY,
  BOOTREQUEST,
  CHADDR,
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  OPTION_TYPE,
  YIADDR,
} from "../../protocols/dhcp/codes.ts";
import { readOptions } from "../../protocols/dhcp/message.ts";
import { RCODE } from "../../protocols/dns/codes.ts";
import { readMessage } from "../../protocols/dns/reader.ts";
import type { DnsRecord } from "../../protocols/dns/record.ts";
import type { ByteWriter } from "./byte_writer.ts";
import type { Frame } from "../../testing/dissect/frame.ts";

const DNS = 53;
const MDNS = 5353;
/** Bytes in which the first line of an HTTP message is looked for. */
const LONGEST_LINE = 300;
/** Answers that are named. */
const MOST_ANSWERS = 4;

const RCODES = ["no error", "format error", "server failure", "no such name", "not implemented", "refused"];
const DHCP_TYPES = ["", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform"];

/**
 * Writes what a datagram says, where it is of DNS or DHCP.
 *
 * @param writer Takes it.
 * @param frame The frame, which has a UDP header.
 */
export function summarizeDatagram(writer: ByteWriter, { udp }: Frame): void {
  const { bytes, at, have, end } = udp;
  if (have < 8 || end <= at + 8) return;
  const from = bytes[at]! << 8 | bytes[at + 1]!;
  const to = bytes[at + 2]! << 8 | bytes[at + 3]!;
  if (from === DNS || to === DNS || from === MDNS || to === MDNS) dns(writer, bytes.subarray(at + 8, end));
  else if (from === DHCP_CLIENT_PORT && to === DHCP_SERVER_PORT || from === DHCP_SERVER_PORT) {
    dhcp(writer, bytes.subarray(at + 8, end));
  }
}

/**
 * Writes what a segment says, where an HTTP message begins in it or it holds one of DNS.
 *
 * @param writer Takes it.
 * @param frame The frame, which has a TCP header.
 */
export function summarizeSegment(writer: ByteWriter, { tcp, tcpLength }: Frame): void {
  if (tcpLength < 16 || tcp.have < 20) return;
  const { bytes, at, end } = tcp;
  const data = at + (bytes[at + 12]! >> 4 << 2);
  // Messages of HTTP begin with an upper-case word; most segments do not.
  const first = bytes[data]!;
  if (first >= 65 && first <= 90) return http(writer, bytes, data, end);
  const ports = (bytes[at]! << 8 | bytes[at + 1]!) === DNS || (bytes[at + 2]! << 8 | bytes[at + 3]!) === DNS;
  if (ports && (first << 8 | bytes[data + 1]!) === end - data - 2) dns(writer, bytes.subarray(data + 2, end));
}

/** The start line of a request or a response (RFC 9112, 3 and 4). */
function http(writer: ByteWriter, bytes: Uint8Array, at: number, end: number): void {
  const until = Math.min(end, at + LONGEST_LINE);
  let line = at;
  while (line < until && bytes[line]! !== 13 && bytes[line]! >= 32 && bytes[line]! < 127) line++;
  if (line === until || bytes[line] !== 13) return;
  const text = String.fromCharCode(...bytes.subarray(at, line));
  if (/^HTTP\/1\.\d \d{3}( |$)|^[A-Z]{3,16} \S+ HTTP\/1\.\d$/.test(text)) writer.text(`, HTTP: ${text}`);
}

function dns(writer: ByteWriter, bytes: Uint8Array): void {
  const message = readMessage(bytes);
  if (!message) return;
  const { id, flags, questions, answers } = message;
  const question = questions[0] ? ` ${questions[0].type} ${questions[0].name || "."}` : "";
  if ((flags & 0x8000) === 0) return writer.text(`, DNS: query ${id}${question}`);
  const code = flags & RCODE;
  const told = answers.slice(0, MOST_ANSWERS).map(answerText).join(", ") + (answers.length > MOST_ANSWERS ? ", …" : "");
  const result = code !== 0 ? RCODES[code] ?? `error ${code}` : told || "no answer";
  writer.text(`, DNS: response ${id}${question}: ${result}`);
}

function answerText({ type, data }: DnsRecord): string {
  if (typeof data === "string") return `${type} ${data}`;
  return data instanceof Uint8Array ? type : `${type} ${JSON.stringify(data)}`;
}

function dhcp(writer: ByteWriter, bytes: Uint8Array): void {
  const type = (readOptions(bytes, BOOTREQUEST) ?? readOptions(bytes, BOOTREPLY))?.[OPTION_TYPE]?.[0];
  if (type === undefined) return;
  const given = getI32(bytes, YIADDR) as Ipv4Address;
  const address = given !== 0 ? ` ${formatIpv4(given)}` : "";
  writer.text(`, DHCP: ${DHCP_TYPES[type] ?? `type ${type}`}${address} for ${formatMac(bytes, CHADDR)}`);
}
