/**
 * What a stack can use of what the link carries, as a program of classic BPF over Ethernet frames.
 *
 * A frame is dropped only where every layer would drop it without a word. To a frame for us alone most layers have an
 * answer at least (a reset, an ICMP error), so that these come through as long as somebody gives that answer; what is for a
 * group or for all has none (RFC 1122, 3.2.2; RFC 4443, 2.4), and is wanted only where somebody reads it. Fragments and
 * extension headers of IPv6 come through, for a part does not tell what the whole is.
 *
 * @module
 */

import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../core/ether_type.ts";
import { type Ip, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../core/ip.ts";
import type { Ipv4 } from "../ipv4.ts";
import type { Ipv6 } from "../ipv6.ts";
import { AT_LEAST, EQUAL, HAS, Program } from "./program.ts";

/** Bytes of an Ethernet header: where the network header is. */
const NETWORK = 14;
/** EtherType of a VLAN tag (IEEE 802.1Q), and the bits of it that name the VLAN; 0 is none. */
const ETHERTYPE_VLAN = 0x8100;
const VLAN_ID = 0xfff;
/** More Fragments and the offset, of an IPv4 header. */
const FRAGMENT = 0x3fff;
/** The first address that is a group's or for all. */
const FIRST_GROUP = 0xe0000000;
/** IPv6 headers before the upper layer's (IANA, IPv6 Extension Header Types). */
const EXTENSIONS: readonly number[] = [0, 43, 44, 50, 51, 60, 135, 139, 140];
/** Ports and groups that are told apart; where there are more, all of them are wanted. */
const MOST = 256;

/** What a stack can use. */
export interface Wants {
  /** Our MAC address. */
  readonly mac: Uint8Array;
  /** MAC addresses of groups, as 48-bit numbers; null for all of them. */
  readonly groups: readonly number[] | null;
  /** EtherTypes that somebody reads. */
  readonly types: readonly number[];
  /** Whether frames with an empty VLAN tag are read. */
  readonly tagged: boolean;
  /** IPv4 addresses that ARP requests are answered for, where no other ARP message is of use; null where all are. */
  readonly asked: readonly number[] | null;
  /** IPv4, where it is known. */
  readonly ipv4: Ipv4 | undefined;
  /** IPv6, where it is known. */
  readonly ipv6: Ipv6 | undefined;
  /** The protocols above IP. */
  readonly ip: Ip | undefined;
  /** UDP ports that somebody reads; null where that is not known. */
  readonly ports: ReadonlySet<number> | null;
}

/**
 * Writes the program.
 *
 * @param wants What is wanted.
 * @returns Its instructions.
 */
export function compile(wants: Wants): Uint8Array<ArrayBuffer> {
  const program = new Program();
  const { mac, groups } = wants;
  program.load(1, 0);
  program.when(HAS, 1, () => {
    if (groups && groups.length <= MOST) {
      program.require((pass) => {
        for (const group of new Set([0xffffffffffff, ...groups])) isMac(program, group, pass);
      });
    }
    readTypes(program, wants, true);
  });
  program.require((pass) => isMac(program, mac.reduce((number, byte) => number * 256 + byte, 0), pass));
  readTypes(program, wants, false);
  return program.bytes();
}

function isMac(program: Program, address: number, then: () => void): void {
  program.load(4, 0);
  program.when(EQUAL, Math.floor(address / 0x10000), () => {
    program.load(2, 4);
    program.when(EQUAL, address % 0x10000, then);
  });
}

/** The rest of the program, for frames to us alone or to many. */
function readTypes(program: Program, wants: Wants, many: boolean): void {
  const { asked, ipv4, ipv6 } = wants;
  program.load(2, 12);
  for (const type of wants.types) {
    program.when(EQUAL, type, () => {
      if (type === ETHERTYPE_ARP && asked) readArp(program, asked);
      else if (type === ETHERTYPE_IPV4 && ipv4) readIpv4(program, wants, ipv4, many);
      else if (type === ETHERTYPE_IPV6 && ipv6) readIpv6(program, wants, ipv6, many);
      else program.accept();
    });
  }
  if (wants.tagged) {
    program.when(EQUAL, ETHERTYPE_VLAN, () => {
      program.load(2, NETWORK);
      program.when(HAS, VLAN_ID, () => program.drop());
      program.accept();
    });
  }
  program.drop();
}

/** Requests for an address of ours. */
function readArp(program: Program, asked: readonly number[]): void {
  program.load(4, NETWORK + 24);
  for (const address of asked) program.when(EQUAL, address, () => program.accept());
  program.drop();
}

function readIpv4(program: Program, wants: Wants, ipv4: Ipv4, many: boolean): void {
  program.load(4, NETWORK + 16);
  program.require((pass) => {
    program.when(AT_LEAST, FIRST_GROUP, pass);
    for (const { address, mask, prefix } of ipv4.addresses) {
      if (!many) program.when(EQUAL, address, pass);
      if (prefix < 31) program.when(EQUAL, address | ~mask, pass);
    }
  });
  if (!many && ipv4.errors) return program.accept();
  program.load(2, NETWORK + 6);
  program.when(HAS, FRAGMENT, () => program.accept());
  program.load(1, NETWORK + 9);
  readProtocols(program, wants, [], () => program.loadBehindIpv4(NETWORK, 2));
}

function readIpv6(program: Program, wants: Wants, ipv6: Ipv6, many: boolean): void {
  if (!many && ipv6.errors) return program.accept();
  program.load(1, NETWORK + 6);
  // Neighbour discovery reads its messages without anybody's help.
  readProtocols(program, wants, [...EXTENSIONS, PROTOCOL_ICMPV6], () => program.load(2, NETWORK + 42));
}

/** Takes what somebody reads, where the protocol's number is loaded. */
function readProtocols(program: Program, { ip, ports }: Wants, others: readonly number[], loadPort: () => void): void {
  for (const protocol of others) program.when(EQUAL, protocol, () => program.accept());
  for (let protocol = 0; protocol < 256; protocol++) {
    if (!ip?.receiver(protocol) || others.includes(protocol)) continue;
    program.when(EQUAL, protocol, () => {
      if (protocol !== PROTOCOL_UDP || !ports || ports.size > MOST) return program.accept();
      loadPort();
      for (const port of ports) program.when(EQUAL, port, () => program.accept());
      program.drop();
    });
  }
  program.drop();
}
