/**
 * Finds the headers of captured frames, layer by layer, with the codecs of the protocols.
 *
 * @module
 */

import { CUSTOM_BLOCK } from "../../core/capture/capture_reader.ts";
import { LINKTYPE_ETHERNET, linkTypeName } from "../../core/capture/link_type.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../core/ether_type.ts";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../../core/ip.ts";
import { FRAGMENT } from "../../protocols/ipv6/header.ts";
import { Fragments } from "./fragments.ts";
import { Frame, Network } from "./frame.ts";
import {
  readEthernet,
  readHdlc,
  readLink,
  readLlc,
  readMpls,
  readPppoe,
  readRedundancyTag,
  readServiceHeader,
  readServiceTag,
  readVlan,
} from "./link.ts";
import {
  isExtension,
  readAuthentication,
  readExtension,
  readFragment,
  readGre,
  readIpv4,
  readIpv6,
} from "./network.ts";
import { type Dissection, ETHER_TYPE, ETHERNET, IP, IP_PROTOCOL, LLC, NOTHING, PPP } from "./next.ts";
import { readArp, readIcmp, readIcmpv6, readTcp, readUdp, readUdpLite } from "./transport.ts";
import { Window } from "./window.ts";

/** Headers of one frame at most, so that one that is nothing but headers ends too. */
const MOST_HEADERS = 200;

/** Takes frames apart, one after the other. */
export class Dissector implements Dissection {
  /** The frame. */
  readonly frame: Frame = new Frame();
  /** What the next reader sees. */
  readonly window: Window = new Window();
  /** The last IP header that was read. */
  readonly network: Network = new Network();
  /** Datagrams of which fragments are missing. */
  readonly fragments: Fragments = new Fragments();
  /** The number of the innermost VLAN so far. */
  vlan: number = 0;

  /**
   * Takes a frame apart.
   *
   * @param bytes Where it lies.
   * @param start Its first byte.
   * @param end One past its last captured byte.
   * @param length Bytes that it had on the wire.
   * @param linkType What it begins with.
   * @param checkSequence Bytes of a frame check sequence at its end.
   * @returns The frame, until the next one.
   */
  dissect(
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    linkType: number,
    checkSequence: number = 0,
  ): Frame {
    const { frame, window } = this;
    frame.reset();
    frame.captured = end - start;
    frame.length = length;
    frame.linkType = linkType;
    window.bytes = bytes;
    window.start = start;
    window.end = end;
    window.real = Math.max(end, start + length);
    window.fragmented = false;
    if (checkSequence > 0 && linkType === LINKTYPE_ETHERNET) window.limit(Math.max(0, length - checkSequence));
    this.vlan = 0;
    if (linkType === CUSTOM_BLOCK) return frame;
    let next = readLink(this, linkType);
    if (next < 0) frame.note = `link type ${linkType} (${linkTypeName(linkType)}) is not decoded`;
    for (let left = MOST_HEADERS; next > 0 && left > 0; left--) next = this.#read(next);
    return frame;
  }

  #read(next: number): number {
    switch (next & 0x70000) {
      case ETHERNET:
        return readEthernet(this);
      case ETHER_TYPE:
        return this.#etherType(next & 0xffff);
      case IP_PROTOCOL:
        return this.#protocol(next & 0xff);
      case LLC:
        return readLlc(this);
      case PPP:
        return readHdlc(this);
      case IP: {
        const version = this.#version();
        return version === 4 ? readIpv4(this) : version === 6 ? readIpv6(this) : NOTHING;
      }
      default:
        return NOTHING;
    }
  }

  /** The version that an IP packet tells; 0 when there is none. */
  #version(): number {
    const { window } = this;
    return window.length > 0 ? window.bytes[window.start]! >> 4 : 0;
  }

  #etherType(type: number): number {
    switch (type) {
      case ETHERTYPE_IPV4:
        return this.#read(IP);
      case ETHERTYPE_IPV6:
        return this.#version() === 6 ? readIpv6(this) : NOTHING;
      case ETHERTYPE_ARP:
      case 0x8035:
        readArp(this);
        return NOTHING;
      case 0x8100:
      case 0x9100:
        return readVlan(this, true);
      case 0x88a8:
        return readVlan(this, false);
      case 0x8847:
      case 0x8848:
        return readMpls(this);
      case 0x8864:
        return readPppoe(this);
      case 0x88e7:
        return readServiceTag(this);
      case 0xf1c1:
        return readRedundancyTag(this);
      case 0x894f:
        return readServiceHeader(this);
      case 0x6558:
        return ETHERNET;
      default:
        return NOTHING;
    }
  }

  #protocol(protocol: number): number {
    switch (protocol) {
      case PROTOCOL_TCP:
        readTcp(this);
        return NOTHING;
      case PROTOCOL_UDP:
        return readUdp(this);
      case 136:
        readUdpLite(this);
        return NOTHING;
      case PROTOCOL_ICMP:
        readIcmp(this);
        return NOTHING;
      case PROTOCOL_ICMPV6:
        readIcmpv6(this);
        return NOTHING;
      case 4:
        return IP;
      case 41:
        return this.#version() === 6 ? readIpv6(this) : NOTHING;
      case 47:
        return readGre(this);
      case 51:
        return readAuthentication(this);
      case 97:
        // EtherIP (RFC 3378): two bytes, and a frame.
        this.window.start += 2;
        return ETHERNET;
      case 143:
        // What segment routing carries of Ethernet (RFC 8986, 10.1).
        return ETHERNET;
      case 137:
        return readMpls(this);
      case FRAGMENT:
        return readFragment(this);
      default:
        return isExtension(protocol) ? readExtension(this, protocol) : NOTHING;
    }
  }
}
