/**
 * The parts of lines that tell of ICMP, ICMPv6 and ARP.
 *
 * @module
 */

import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST } from "../../protocols/arp/message.ts";
import * as icmp4 from "../../protocols/icmp/message.ts";
import * as icmp6 from "../../protocols/icmpv6/message.ts";
import * as ndp from "../../protocols/ndp/message.ts";
import type { ByteWriter } from "./byte_writer.ts";
import type { Header } from "../../testing/dissect/frame.ts";

const UNREACHABLE = ["net", "host", "protocol", "port", "fragmentation needed", "source route failed"];
const UNREACHABLE6 = ["no route", "prohibited", "beyond scope", "address", "port"];

/**
 * Writes what an ICMP message says.
 *
 * @param writer Takes it.
 * @param header The message.
 */
export function writeIcmp(writer: ByteWriter, { bytes, at, have, real }: Header): void {
  const type = bytes[at]!;
  const code = bytes[at + 1]!;
  writer.text(": ICMP ");
  const low = have >= 8 ? bytes[at + 6]! << 8 | bytes[at + 7]! : 0;
  if (type === icmp4.ECHO || type === icmp4.ECHO_REPLY) {
    const what = type === icmp4.ECHO ? "request" : "reply";
    writer.text(`echo ${what}, id ${bytes[at + 4]! << 8 | bytes[at + 5]!}, seq ${low}`);
  } else if (type === icmp4.UNREACHABLE) {
    writer.text(code === 4 ? `unreachable, needs fragments of ${low}` : `${UNREACHABLE[code] ?? code} unreachable`);
  } else if (type === icmp4.TIME_EXCEEDED) writer.text(`time exceeded ${code === 0 ? "in transit" : "in reassembly"}`);
  else writer.text(`type ${type} code ${code}`);
  writer.text(`, length ${real - at}`);
}

/**
 * Writes what an ICMPv6 message says.
 *
 * @param writer Takes it.
 * @param header The message.
 */
export function writeIcmpv6(writer: ByteWriter, { bytes, at, have, real }: Header): void {
  const type = bytes[at]!;
  const code = bytes[at + 1]!;
  const low = have >= 8 ? bytes[at + 6]! << 8 | bytes[at + 7]! : 0;
  writer.text(": ICMP6 ");
  if (type === icmp6.ECHO_REQUEST || type === icmp6.ECHO_REPLY) {
    const what = type === icmp6.ECHO_REQUEST ? "request" : "reply";
    writer.text(`echo ${what}, id ${have >= 6 ? bytes[at + 4]! << 8 | bytes[at + 5]! : 0}, seq ${low}`);
  } else if (type === icmp6.UNREACHABLE) writer.text(`${UNREACHABLE6[code] ?? code} unreachable`);
  else if (type === icmp6.PACKET_TOO_BIG) writer.text(`packet too big, mtu ${low}`);
  else if (type === icmp6.TIME_EXCEEDED) writer.text(`time exceeded ${code === 0 ? "in transit" : "in reassembly"}`);
  else if (type === ndp.ROUTER_SOLICITATION) writer.text("router solicitation");
  else if (type === ndp.ROUTER_ADVERTISEMENT) writer.text("router advertisement");
  else if ((type === ndp.NEIGHBOUR_SOLICITATION || type === ndp.NEIGHBOUR_ADVERTISEMENT) && have >= 24) {
    writer.text(type === ndp.NEIGHBOUR_SOLICITATION ? "who has " : "neighbour is ");
    writer.ipv6(bytes, at + 8);
  } else writer.text(`type ${type} code ${code}`);
  writer.text(`, length ${real - at}`);
}

/**
 * Writes what an ARP message says.
 *
 * @param writer Takes it.
 * @param header The message.
 */
export function writeArp(writer: ByteWriter, { bytes, at, have }: Header): void {
  writer.text("ARP, ");
  if (have < ARP_LENGTH || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return writer.text("cut or of other addresses");
  const operation = bytes[at + 6]! << 8 | bytes[at + 7]!;
  if (operation === ARP_REQUEST) {
    writer.text("who has ");
    writer.ipv4(bytes, at + 24);
    writer.text(", tell ");
    writer.ipv4(bytes, at + 14);
  } else if (operation === ARP_REPLY) {
    writer.ipv4(bytes, at + 14);
    writer.text(" is at ");
    writer.mac(bytes, at + 8);
  } else writer.text(`operation ${operation}`);
}
