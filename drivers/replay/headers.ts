/**
 * Where the headers of a recorded packet lie: as much as replaying needs, and total on garbage.
 *
 * @module
 */

import { foldChecksum, sumBytes, updateChecksum } from "../../core/checksum.ts";
import type { Medium } from "../../core/driver.ts";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../../core/ip.ts";
import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { getI32, setI32 } from "../../core/packet.ts";

/** Bytes of an Ethernet header. */
export const ETHERNET = 14;

/** The headers of one packet; made once, and filled for each. */
export class Headers {
  /** The packet's storage. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The EtherType, tags passed over; 0 where there is none. */
  type: number = 0;
  /** Where the IP header lies; -1 when there is none. */
  network: number = -1;
  /** 4 or 6, where there is an IP header. */
  version: number = 0;
  /** The number of the transport protocol. */
  protocol: number = 0;
  /** Where the transport header lies; -1 when there is none, or the packet is a fragment. */
  transport: number = -1;
  /** One past the last byte of the IP packet; padding lies behind it. */
  end: number = 0;
  /** Whether the IP packet says that it is longer than what there is of it. */
  cut: boolean = false;

  /**
   * Finds the headers of a packet.
   *
   * @param bytes Where it lies.
   * @param start Its first byte.
   * @param end One past its last byte.
   * @param medium What it begins with.
   * @returns Itself.
   */
  read(bytes: Uint8Array, start: number, end: number, medium: Medium): this {
    this.bytes = bytes;
    this.network = this.transport = -1;
    this.type = 0;
    this.cut = false;
    let at = start;
    if (medium === "ethernet") {
      at += ETHERNET;
      if (at > end) return this;
      this.type = bytes[at - 2]! << 8 | bytes[at - 1]!;
      for (; (this.type === 0x8100 || this.type === 0x88a8) && at + 4 <= end; at += 4) {
        this.type = bytes[at + 2]! << 8 | bytes[at + 3]!;
      }
      if (this.type !== 0x0800 && this.type !== 0x86dd) return this;
    }
    const version = at < end ? bytes[at]! >> 4 : 0;
    if (version === 4 && at + 20 <= end) this.#ipv4(at, end);
    else if (version === 6 && at + 40 <= end) this.#ipv6(at, end);
    return this;
  }

  #ipv4(at: number, end: number): void {
    const bytes = this.bytes;
    const size = (bytes[at]! & 15) << 2;
    // A sender that leaves the cutting to its network card may leave the length to it too.
    const total = bytes[at + 2]! << 8 | bytes[at + 3]! || end - at;
    if (size < 20 || total < size) return;
    this.network = at;
    this.version = 4;
    this.protocol = bytes[at + 9]!;
    this.end = Math.min(end, at + total);
    const fragment = (bytes[at + 6]! << 8 | bytes[at + 7]!) & 0x3fff;
    if (fragment === 0) this.#transport(at + size);
    this.cut = at + total > end;
  }

  #ipv6(at: number, end: number): void {
    const bytes = this.bytes;
    const total = 40 + (bytes[at + 4]! << 8 | bytes[at + 5]!);
    this.network = at;
    this.version = 6;
    this.protocol = bytes[at + 6]!;
    this.end = Math.min(end, at + total);
    // Extension headers are passed on as they are, and their packets not looked into.
    this.#transport(at + 40);
    this.cut = at + total > end;
  }

  #transport(at: number): void {
    const least = this.protocol === PROTOCOL_TCP ? 20 : 8;
    if (at + least > this.end) return;
    if (this.protocol === PROTOCOL_TCP) {
      const size = this.bytes[at + 12]! >> 4 << 2;
      if (size < 20 || at + size > this.end) return;
    }
    this.transport = at;
  }

  /** Whether it is a whole TCP segment. */
  get isTcp(): boolean {
    return this.isCutTcp && !this.cut;
  }

  /** Whether it is a TCP segment, whole or cut behind its header. */
  get isCutTcp(): boolean {
    return this.transport >= 0 && this.protocol === PROTOCOL_TCP;
  }

  /** Whether it is a message of neighbour or router discovery, which belongs to its link. */
  get isNeighbourMessage(): boolean {
    if (!this.isIcmp || this.version !== 6) return false;
    const type = this.bytes[this.transport]!;
    return (type >= 133 && type <= 137) || (type >= 130 && type <= 132) || type === 143;
  }

  /** The sender's IP address as text; empty when there is none. */
  get source(): string {
    return this.#address(12, 8);
  }

  /** The receiver's IP address as text; empty when there is none. */
  get destination(): string {
    return this.#address(16, 24);
  }

  /** The receiver of the packet that an ICMP error quotes, as text; the error must be long enough. */
  get quotedDestination(): string {
    return this.#address(16, 24, this.transport + 8);
  }

  #address(at4: number, at6: number, network: number = this.network): string {
    if (network < 0) return "";
    if (this.version === 6) return formatIpv6(readIpv6(this.bytes, network + at6));
    return formatIpv4(getI32(this.bytes, network + at4) as Ipv4Address);
  }

  /** Whether it is a whole UDP datagram. */
  get isUdp(): boolean {
    return this.transport >= 0 && !this.cut && this.protocol === PROTOCOL_UDP;
  }

  /** Whether it is a whole message of ICMP, of either version. */
  get isIcmp(): boolean {
    return this.transport >= 0 && !this.cut && this.protocol === (this.version === 6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP);
  }

  /** The sender's port. */
  get sourcePort(): number {
    return this.u16(0);
  }

  /** The receiver's port. */
  get destinationPort(): number {
    return this.u16(2);
  }

  /** The sequence number, as an int32. */
  get seq(): number {
    return getI32(this.bytes, this.transport + 4);
  }

  /** The acknowledgement number, as an int32. */
  get ack(): number {
    return getI32(this.bytes, this.transport + 8);
  }

  /** The flags of TCP, the lower eight of them. */
  get flags(): number {
    return this.bytes[this.transport + 13]!;
  }

  /** Where the payload of a TCP segment begins. */
  get payload(): number {
    return this.transport + (this.bytes[this.transport + 12]! >> 4 << 2);
  }

  /** Sequence numbers that a TCP segment takes: its payload, SYN and FIN. */
  get extent(): number {
    const flags = this.flags;
    return this.end - this.payload + (flags & 1) + (flags >> 1 & 1);
  }

  /**
   * Reads a 16-bit field of the transport header.
   *
   * @param offset Where, in bytes from its front.
   */
  u16(offset: number): number {
    const at = this.transport + offset;
    return this.bytes[at]! << 8 | this.bytes[at + 1]!;
  }

  /**
   * Finds an option of TCP.
   *
   * @param kind Its kind.
   * @param size Its length at least, in bytes.
   * @returns Where it begins; -1 when there is none.
   */
  option(kind: number, size: number): number {
    const bytes = this.bytes;
    const until = this.payload;
    for (let at = this.transport + 20; at < until;) {
      const its = bytes[at]!;
      if (its === 0) return -1;
      if (its === 1) {
        at++;
        continue;
      }
      const length = at + 1 < until ? bytes[at + 1]! : 0;
      if (length < 2 || at + length > until) return -1;
      if (its === kind) return length >= size ? at : -1;
      at += length;
    }
    return -1;
  }

  /** The running sum of the pseudo-header, for the checksum of the transport protocol. */
  pseudoSum(): number {
    const [from, to] = this.version === 6 ? [8, 40] : [12, 20];
    return sumBytes(this.bytes, this.network + from, this.network + to, this.protocol + this.end - this.transport);
  }

  /**
   * Writes 32 bits of a TCP header, and changes its checksum with them (RFC 1624).
   *
   * @param at Where, in bytes of the storage; odd places too.
   * @param value The bits, as an int32.
   */
  set32(at: number, value: number): void {
    const bytes = this.bytes;
    const field = this.transport + 16;
    const first = at - (at - this.transport & 1);
    let checksum = bytes[field]! << 8 | bytes[field + 1]!;
    const before: number[] = [];
    for (let word = first; word < at + 4; word += 2) before.push(bytes[word]! << 8 | bytes[word + 1]!);
    setI32(bytes, at, value);
    for (let word = first, i = 0; word < at + 4; word += 2, i++) {
      checksum = updateChecksum(checksum, before[i]!, bytes[word]! << 8 | bytes[word + 1]!);
    }
    bytes[field] = checksum >> 8;
    bytes[field + 1] = checksum;
  }

  /**
   * Writes 16 bits of a TCP header at an even place, and changes its checksum with them (RFC 1624).
   *
   * @param offset Where, in bytes from its front.
   * @param value The bits.
   */
  set16(offset: number, value: number): void {
    const bytes = this.bytes;
    const at = this.transport + offset;
    const field = this.transport + 16;
    const checksum = updateChecksum(bytes[field]! << 8 | bytes[field + 1]!, bytes[at]! << 8 | bytes[at + 1]!, value);
    bytes[at] = value >> 8;
    bytes[at + 1] = value;
    bytes[field] = checksum >> 8;
    bytes[field + 1] = checksum;
  }

  /**
   * Writes one octet into a range of a TCP header, and changes its checksum with it.
   *
   * @param from The first place, in bytes of the storage.
   * @param to One past the last.
   * @param value The octet.
   */
  fill(from: number, to: number, value: number): void {
    const { bytes, transport } = this;
    for (let at = from; at < to; at++) {
      const word = at - (at - transport & 1);
      const high = word === at;
      this.set16(word - transport, high ? value << 8 | bytes[word + 1]! : bytes[word]! << 8 | value);
    }
  }

  /** Computes the checksum of the transport header and writes it. */
  finish(): void {
    const offset = this.isTcp ? 16 : this.isIcmp ? 2 : 6;
    const field = this.transport + offset;
    const bytes = this.bytes;
    bytes[field] = bytes[field + 1] = 0;
    // ICMP for IPv4 alone covers no pseudo-header.
    const initial = this.isIcmp && this.version === 4 ? 0 : this.pseudoSum();
    const checksum = foldChecksum(sumBytes(bytes, this.transport, this.end, initial)) || (this.isUdp ? 0xffff : 0);
    bytes[field] = checksum >> 8;
    bytes[field + 1] = checksum;
  }

  /** Computes the checksum of the IPv4 header and writes it. */
  finishNetwork(): void {
    const { bytes, network } = this;
    if (this.version !== 4) return;
    bytes[network + 10] = bytes[network + 11] = 0;
    const checksum = foldChecksum(sumBytes(bytes, network, network + ((bytes[network]! & 15) << 2)));
    bytes[network + 10] = checksum >> 8;
    bytes[network + 11] = checksum;
  }

  /**
   * Finishes a checksum that the recorded sender left to its network card: the field then holds the sum of the pseudo-header
   * alone. Any other wrong checksum stays wrong.
   */
  finishOffloaded(): void {
    if (!this.isTcp && !this.isUdp) return;
    const field = this.isTcp ? this.u16(16) : this.u16(6);
    if (field !== (~foldChecksum(this.pseudoSum()) & 0xffff)) return;
    // The right checksum may be that number by chance.
    if (foldChecksum(sumBytes(this.bytes, this.transport, this.end, this.pseudoSum())) !== 0) this.finish();
  }
}
