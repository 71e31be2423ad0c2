/**
 * Frames as lines for people, in the manner of tcpdump.
 *
 * @module
 */

import { CUSTOM_BLOCK } from "../../core/capture/capture_reader.ts";
import { etherType, ETHERTYPE_LEAST } from "../../protocols/ethernet/header.ts";
import { FRAGMENT_OFFSET, fragmentBits, headerLength, MORE_FRAGMENTS, PROTOCOL } from "../../protocols/ipv4/header.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { icmpStatus, icmpv6Status, ipv4Status, tcpStatus, udpStatus } from "../../testing/dissect/checksums.ts";
import { BAD, type Frame, type Header, type Network } from "../../testing/dissect/frame.ts";
import { writeArp, writeIcmp, writeIcmpv6 } from "./lines_icmp.ts";
import { writeTcp } from "./lines_tcp.ts";
import { summarizeDatagram, summarizeSegment } from "./summaries.ts";
import { words } from "./words.ts";

const UDP = words(": UDP, length ");
const VLAN = words("vlan ");
const COMMA = words(", ");
const IP = words("IP ");
const IP6 = words("IP6 ");
const TO = words(" > ");
const BAD_SUM = words(" [bad checksum]");
const CUT = words(" [cut]");
const PROTO = words(": protocol ");
const LENGTH = words(", length ");

/** Writes frames. */
export class Lines {
  readonly #writer: ByteWriter;
  /** The second that was written last, and its digits. */
  #second: number = NaN;
  readonly #clock: Uint8Array<ArrayBuffer> = words("00:00:00");

  /**
   * Begins.
   *
   * @param writer Takes the lines.
   */
  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /**
   * Writes a frame.
   *
   * @param frame The frame.
   */
  frame(frame: Frame): void {
    const writer = this.#writer;
    writer.number(frame.number);
    writer.byte(32);
    this.#time(frame);
    writer.byte(32);
    for (let i = 0; i < frame.vlanCount; i++) {
      writer.raw(VLAN);
      writer.number(frame.vlans[i]!);
      writer.raw(COMMA);
    }
    if (frame.note !== "") writer.text(frame.note);
    else if (frame.arp.at >= 0) writeArp(writer, frame.arp);
    else if (frame.ip.at >= 0 || frame.ipv6.at >= 0) this.#ip(frame);
    else this.#other(frame);
    if (frame.captured < frame.length) writer.raw(CUT);
    writer.endLine();
  }

  /** Notes the time of day in digits, for it stays the same from packet to packet. */
  #day(seconds: number): void {
    this.#second = seconds;
    const day = seconds - Math.floor(seconds / 86_400) * 86_400;
    const clock = this.#clock;
    for (const [at, part] of [day / 3600, day / 60 % 60, day % 60].entries()) {
      clock[3 * at] = 48 + Math.floor(part / 10);
      clock[3 * at + 1] = 48 + Math.floor(part) % 10;
    }
  }

  /** The time of day, UTC. */
  #time({ seconds, nanoseconds, timed }: Frame): void {
    const writer = this.#writer;
    if (!timed) return writer.text("--:--:--.------");
    if (seconds !== this.#second) this.#day(seconds);
    writer.raw(this.#clock);
    writer.byte(46);
    nanoseconds = Math.min(nanoseconds, 999_999_999);
    const micros = Math.floor(nanoseconds / 1000);
    if (micros * 1000 === nanoseconds) writer.padded(micros, 6);
    else writer.padded(nanoseconds, 9);
  }

  #other({ eth, length, linkType }: Frame): void {
    const writer = this.#writer;
    if (linkType === CUSTOM_BLOCK) writer.text("custom block");
    else if (eth.at < 0) writer.text("frame");
    else {
      writer.mac(eth.bytes, eth.at + 6);
      writer.raw(TO);
      writer.mac(eth.bytes, eth.at);
      const type = etherType(eth.bytes, eth.at);
      if (type >= ETHERTYPE_LEAST || type === 0) {
        writer.text(", ethertype 0x");
        writer.hexNumber(type);
      } else writer.text(", 802.3");
    }
    writer.raw(LENGTH);
    writer.number(length);
  }

  #ip(frame: Frame): void {
    const writer = this.#writer;
    if (frame.ip.at >= 0 && ipv4Status(frame) === BAD) writer.text("[bad IP checksum] ");
    const { tcp, udp, icmp, icmpv6 } = frame;
    if (tcp.at >= 0 && tcp.have >= 4) {
      this.#ends(frame.tcpNetwork, tcp);
      writeTcp(writer, frame);
      if (tcp.have > 16 && tcpStatus(frame) === BAD) writer.raw(BAD_SUM);
      summarizeSegment(writer, frame);
    } else if (udp.at >= 0 && udp.have >= 6) {
      this.#ends(frame.udpNetwork, udp);
      writer.raw(UDP);
      writer.number(Math.max(0, frame.udpLength - 8));
      if (udp.have >= 8 && udpStatus(frame) === BAD) writer.raw(BAD_SUM);
      summarizeDatagram(writer, frame);
    } else if (icmp.at >= 0 && icmp.have >= 6) {
      this.#addresses(frame);
      writeIcmp(writer, icmp);
      if (icmpStatus(frame) === BAD) writer.raw(BAD_SUM);
    } else if (icmpv6.at >= 0 && icmpv6.have >= 4) {
      this.#addresses(frame);
      writeIcmpv6(writer, icmpv6);
      if (icmpv6Status(frame) === BAD) writer.raw(BAD_SUM);
    } else {
      this.#addresses(frame);
      this.#payload(frame);
    }
  }

  /** Addresses and ports of both ends. */
  #ends({ bytes, at, version, destinationBytes, destination }: Network, { bytes: header, at: ports }: Header): void {
    const writer = this.#writer;
    writer.raw(version === 4 ? IP : IP6);
    if (version === 4) writer.ipv4(bytes, at + 12);
    else writer.ipv6(bytes, at + 8);
    writer.byte(46);
    writer.number(header[ports]! << 8 | header[ports + 1]!);
    writer.raw(TO);
    if (version === 4) writer.ipv4(destinationBytes, destination);
    else writer.ipv6(destinationBytes, destination);
    writer.byte(46);
    writer.number(header[ports + 2]! << 8 | header[ports + 3]!);
  }

  /** Addresses of the outermost IP header. */
  #addresses({ ip, ipv6 }: Frame): void {
    const writer = this.#writer;
    if (ip.at >= 0 && ip.have >= 20) {
      writer.raw(IP);
      writer.ipv4(ip.bytes, ip.at + 12);
      writer.raw(TO);
      writer.ipv4(ip.bytes, ip.at + 16);
    } else if (ipv6.at >= 0 && ipv6.have >= 40) {
      writer.raw(IP6);
      writer.ipv6(ipv6.bytes, ipv6.at + 8);
      writer.raw(TO);
      writer.ipv6(ipv6.bytes, ipv6.at + 24);
    } else writer.text(ip.at >= 0 ? "IP, header cut or wrong" : "IP6, header cut");
  }

  /** What IP carries, where it is none of the protocols above or a fragment. */
  #payload({ ip, ipv6, ipLength, fragment }: Frame): void {
    const writer = this.#writer;
    if (ip.at >= 0 && ip.have >= 20) {
      const { bytes, at } = ip;
      const bits = fragmentBits(bytes, at);
      const more = (bits & MORE_FRAGMENTS) !== 0;
      const size = Math.max(0, ipLength - headerLength(bytes, at));
      writer.raw(PROTO);
      writer.number(bytes[at + PROTOCOL]!);
      if (more || (bits & FRAGMENT_OFFSET) !== 0) {
        writer.text(`, fragment ${bytes[at + 4]! << 8 | bytes[at + 5]!}:${size}@${(bits & FRAGMENT_OFFSET) * 8}`);
        if (more) writer.byte(43);
      } else {
        writer.raw(LENGTH);
        writer.number(size);
      }
    } else if (fragment.at >= 0 && fragment.have >= 8) {
      const { bytes, at } = fragment;
      const id = (bytes[at + 4]! << 24 | bytes[at + 5]! << 16 | bytes[at + 6]! << 8 | bytes[at + 7]!) >>> 0;
      writer.text(`: protocol ${bytes[at]}, fragment ${id}@${(bytes[at + 2]! << 8 | bytes[at + 3]!) & 0xfff8}`);
      if (bytes[at + 3]! & 1) writer.byte(43);
    } else if (ipv6.at >= 0 && ipv6.have >= 40) {
      const { bytes, at } = ipv6;
      writer.raw(PROTO);
      writer.number(bytes[at + 6]!);
      writer.raw(LENGTH);
      writer.number(bytes[at + 4]! << 8 | bytes[at + 5]!);
    }
  }
}
