/**
 * What is known of a captured frame: where its headers lie. One object serves all frames; nothing is decoded into strings or
 * objects before somebody asks for it.
 *
 * @module
 */

import { Segment } from "../../protocols/tcp/segment.ts";

/** Tags of VLANs that are remembered of one frame. */
const MOST_TAGS = 32;

/** A checksum is wrong. */
export const BAD = 0;
/** A checksum is right. */
export const GOOD = 1;
/** A checksum cannot be verified, for a part of what it covers is missing. */
export const UNVERIFIED = 2;
/** There is no checksum. */
export const NOT_PRESENT = 3;
/** There is no checksum though there must be one (RFC 8200, 8.1). */
export const ILLEGAL = 4;

/** A header: where it lies, and how much of it is there. */
export class Header {
  /** Where it lies: in the frame, or in what was put together of fragments. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Its first byte; -1 when there is none. */
  at: number = -1;
  /** Bytes of it that may be read; fields beyond them are missing. */
  have: number = 0;
  /** Whether its checksum is right: {@linkcode BAD} to {@linkcode NOT_PRESENT}; -1 while nobody asked. */
  status: number = -1;
  /** One past the last captured byte of the protocol's message. */
  end: number = 0;
  /** One past the last byte of the message as it was on the wire. */
  real: number = 0;

  /**
   * Finds the header.
   *
   * @param bytes Where it lies.
   * @param at Its first byte.
   * @param have Bytes of it that may be read.
   */
  set(bytes: Uint8Array, at: number, have: number): void {
    this.bytes = bytes;
    this.at = at;
    this.have = have;
    this.status = -1;
  }
}

/** An IP header as the protocols above it see it. */
export class Network {
  /** Where it lies. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Its first byte. */
  at: number = 0;
  /** 4 or 6. */
  version: number = 4;
  /** One past the last byte of the packet, as its header says. */
  end: number = 0;
  /** What holds the source address: the header, or an option that tells a mobile host's home address (RFC 6275, 6.3). */
  sourceBytes: Uint8Array = this.bytes;
  /** Where the source address lies. */
  source: number = 0;
  /** What holds the address to which the packet goes in the end: the header, or a source route. */
  destinationBytes: Uint8Array = this.bytes;
  /** Where the destination address lies. */
  destination: number = 0;

  /** Bytes of an address. */
  get addressSize(): number {
    return this.version === 4 ? 4 : 16;
  }

  /**
   * Becomes the packet whose header lies at a place.
   *
   * @param version 4 or 6.
   * @param bytes Where the header lies.
   * @param at Its first byte.
   */
  set(version: number, bytes: Uint8Array, at: number): void {
    this.version = version;
    this.bytes = this.sourceBytes = this.destinationBytes = bytes;
    this.at = at;
    this.source = at + (version === 4 ? 12 : 8);
    this.destination = at + (version === 4 ? 16 : 24);
  }

  /**
   * Becomes the same as another one.
   *
   * @param other The other one.
   */
  copy(other: Network): void {
    this.bytes = other.bytes;
    this.at = other.at;
    this.version = other.version;
    this.end = other.end;
    this.sourceBytes = other.sourceBytes;
    this.source = other.source;
    this.destinationBytes = other.destinationBytes;
    this.destination = other.destination;
  }
}

/** A captured frame. */
export class Frame {
  /** Its number in the file, from 1. */
  number: number = 0;
  /** Bytes of it that were captured. */
  captured: number = 0;
  /** Bytes that it had on the wire. */
  length: number = 0;
  /** When it passed: whole seconds since 1970-01-01 UTC. */
  seconds: number = 0;
  /** When it passed: nanoseconds of that second. */
  nanoseconds: number = 0;
  /** Whether the file tells when it passed. */
  timed: boolean = true;
  /** What it begins with. */
  linkType: number = 0;
  /** The outermost Ethernet header. */
  readonly eth: Header = new Header();
  /** The outermost tag of a VLAN. */
  readonly vlan: Header = new Header();
  /** The numbers of the VLANs, the outermost first. */
  readonly vlans: Int32Array<ArrayBuffer> = new Int32Array(MOST_TAGS);
  /** How many there are. */
  vlanCount: number = 0;
  /** The outermost ARP message. */
  readonly arp: Header = new Header();
  /** The outermost IPv4 header. */
  readonly ip: Header = new Header();
  /** Its total length, as it says or, where segmentation was left to the network card, as it is. */
  ipLength: number = 0;
  /** Where the address lies to which it goes in the end; -1 when that was not captured. */
  ipDestination: number = -1;
  /** The outermost IPv6 header. */
  readonly ipv6: Header = new Header();
  /** The outermost IPv6 fragment header. */
  readonly fragment: Header = new Header();
  /** The outermost ICMP message. */
  readonly icmp: Header = new Header();
  /** The outermost ICMPv6 message. */
  readonly icmpv6: Header = new Header();
  /** The outermost UDP header. */
  readonly udp: Header = new Header();
  /** Bytes of the datagram, its header included; -1 when they are not there. */
  udpLength: number = -1;
  /** The outermost TCP header. */
  readonly tcp: Header = new Header();
  /** The fields of that header, where all of it is there. */
  readonly segment: Segment = new Segment();
  /** The kinds of its options below 32, a bit each; 0 while nobody asked. */
  optionKinds: number = 0;
  /** Bytes of data of the segment as they were on the wire; -1 when its lengths contradict each other. */
  tcpLength: number = -1;
  /** The IP header that carries the outermost TCP header. */
  readonly tcpNetwork: Network = new Network();
  /** The IP header that carries the outermost UDP header. */
  readonly udpNetwork: Network = new Network();
  /** The IP header that carries the outermost ICMPv6 message. */
  readonly icmpv6Network: Network = new Network();
  /** What is not known about the frame, in words; empty when nothing is. */
  note: string = "";

  /** All headers, from the wire up. */
  readonly headers: readonly Header[] = [
    this.eth,
    this.vlan,
    this.arp,
    this.ip,
    this.ipv6,
    this.fragment,
    this.icmp,
    this.icmpv6,
    this.udp,
    this.tcp,
  ];

  /** Forgets the last frame. */
  reset(): void {
    for (let i = 0; i < this.headers.length; i++) this.headers[i]!.at = -1;
    this.vlanCount = this.optionKinds = 0;
    this.tcpLength = this.udpLength = this.ipDestination = -1;
    this.note = "";
  }
}
