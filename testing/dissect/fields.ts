/**
 * The fields of frames, by the names that Wireshark's display filters know them under.
 *
 * @module
 */

import {
  DONT_FRAGMENT,
  FRAGMENT_OFFSET,
  FRAGMENTATION,
  headerLength,
  IDENTIFICATION,
  MORE_FRAGMENTS,
  PROTOCOL,
  SOURCE,
  TIME_TO_LIVE,
} from "../../protocols/ipv4/header.ts";
import { etherType, ETHERTYPE_LEAST } from "../../protocols/ethernet/header.ts";
import { icmpStatus, icmpv6Status, ipv4Status, tcpStatus, udpStatus } from "./checksums.ts";
import type { Frame, Header } from "./frame.ts";
import { optionList } from "./tcp_options.ts";
import { BOGUS } from "./transport.ts";

/** What a field holds: a number; where an address lies; where bytes lie; several numbers. */
export type FieldKind = "number" | "mac" | "ipv4" | "ipv6" | "bytes" | "list";

/** A field. */
export interface Field {
  /** Its name, such as `"ip.src"`. */
  readonly name: string;
  /** What it holds. */
  readonly kind: FieldKind;
  /**
   * Reads it.
   *
   * @param frame The frame, which has the header of the field's group.
   * @returns A number; for addresses and bytes where they lie in the bytes of the header; for lists how many {@linkcode LIST}
   * holds then. -1 when the frame lacks it; 0 for lists.
   */
  readonly read: (frame: Frame) => number;
  /** For bytes: one past the last of them. */
  readonly end?: (frame: Frame) => number;
  /** Where it lies in its header, for those that are there as they are. */
  readonly place?: FieldPlace;
}

/** Where a field lies in its header. */
export interface FieldPlace {
  /** Its first byte, from that of the header. */
  readonly offset: number;
  /** Bytes of it. */
  readonly size: number;
  /** Bytes of the header without which it is missing. */
  readonly until: number;
  /** The bits of it that count; all when left out. */
  readonly mask?: number;
  /** By how many bits it is moved to the right then. */
  readonly shift?: number;
}

/** The fields of one header. */
export interface FieldGroup {
  /** The name of the protocol, such as `"ip"`. */
  readonly name: string;
  /** Finds the header; its `at` is -1 when the frame has none. */
  readonly header: (frame: Frame) => Header;
  /** The fields, in the order of Wireshark. */
  readonly fields: readonly Field[];
}

/** What the list that was read last holds. */
export const LIST: Float64Array = /* @__PURE__ */ new Float64Array(64);

type Find = (frame: Frame) => Header;

/** A number of one, two or four bytes. */
function number(
  name: string,
  find: Find,
  offset: number,
  size: 1 | 2 | 4,
  until: number = offset + size,
): Field {
  const read = size === 1
    ? ({ bytes, at }: Header) => bytes[at + offset]!
    : size === 2
    ? ({ bytes, at }: Header) => bytes[at + offset]! << 8 | bytes[at + offset + 1]!
    : ({ bytes, at }: Header) =>
      bytes[at + offset]! * 0x1000000 + (bytes[at + offset + 1]! << 16 | bytes[at + offset + 2]! << 8 |
        bytes[at + offset + 3]!);
  return {
    name,
    kind: "number",
    place: { offset, size, until },
    read: (frame) => {
      const header = find(frame);
      return header.have >= until ? read(header) : -1;
    },
  };
}

/** Some bits of a number of two bytes. */
function bits(name: string, find: Find, offset: number, mask: number, shift: number, until: number): Field {
  return {
    name,
    kind: "number",
    place: { offset, size: 2, until, mask, shift },
    read: (frame) => {
      const { bytes, at, have } = find(frame);
      return have >= until ? ((bytes[at + offset]! << 8 | bytes[at + offset + 1]!) & mask) >> shift : -1;
    },
  };
}

/** A number that is computed, where enough of the header is there. */
function computed(name: string, find: Find, until: number, value: (frame: Frame, header: Header) => number): Field {
  return {
    name,
    kind: "number",
    read: (frame) => {
      const header = find(frame);
      return header.have >= until ? value(frame, header) : -1;
    },
  };
}

/** An address. */
function address(name: string, kind: "mac" | "ipv4" | "ipv6", find: Find, offset: number): Field {
  const size = kind === "mac" ? 6 : kind === "ipv4" ? 4 : 16;
  const needed = offset + size;
  return {
    name,
    kind,
    place: { offset, size, until: needed },
    read: (frame) => {
      const header = find(frame);
      return header.have >= needed ? header.at + offset : -1;
    },
  };
}

/** Several numbers. */
function list(name: string, read: (frame: Frame) => number): Field {
  return { name, kind: "list", read };
}

const eth: Find = (frame) => frame.eth;
const vlan: Find = (frame) => frame.vlan;
const arp: Find = (frame) => frame.arp;
const ip: Find = (frame) => frame.ip;
const ipv6: Find = (frame) => frame.ipv6;
const fragment: Find = (frame) => frame.fragment;
const icmp: Find = (frame) => frame.icmp;
const icmpv6: Find = (frame) => frame.icmpv6;
const udp: Find = (frame) => frame.udp;
const tcp: Find = (frame) => frame.tcp;

/** Bytes of a TCP header up to the window, up to the checksum, and without options. */
const UNTIL_WINDOW = 16;
const UNTIL_CHECKSUM = 18;
const SEGMENT = 20;

/** ICMP messages that have an identifier: echoes, timestamps, information, masks, and extended echoes (RFC 8335). */
function hasIdent({ icmp: { bytes, at } }: Frame): boolean {
  const type = bytes[at]!;
  return hasSequence(type) || type === 42 || type === 43;
}

/** Those of them whose sequence number has 16 bits. */
function hasSequence(type: number): boolean {
  return type === 0 || type === 8 || type >= 13 && type <= 18;
}

/** Bytes of the addresses of an ARP message without which none of them counts: those that its operation is about. */
function arpNeeds(operation: number, hardware: number, half: number): number {
  switch (operation) {
    case 1:
    case 2:
    case 4:
    case 6:
      return 2 * half;
    case 3:
    case 5:
    case 8:
      return half + hardware;
    default:
      return operation === 9 || operation > 10 && operation < 24 ? half : 0;
  }
}

/** An address of an ARP message, where the message is about addresses of its kind. */
function arpAddress(name: string, kind: "mac" | "ipv4", place: number): Field {
  return {
    name,
    kind,
    read: ({ arp: { bytes, at, have, real } }) => {
      if (have < 8) return -1;
      const [hardware, protocol] = [bytes[at + 4]!, bytes[at + 5]!];
      const start = 8 + (place >> 1) * (hardware + protocol) + (place & 1 ? hardware : 0);
      const type = kind === "mac" ? bytes[at]! << 8 | bytes[at + 1]! : bytes[at + 2]! << 8 | bytes[at + 3]!;
      const fits = kind === "mac" ? (type === 1 || type === 6) && hardware === 6 : type === 0x0800 && protocol === 4;
      const operation = bytes[at + 6]! << 8 | bytes[at + 7]!;
      const half = hardware + protocol;
      const until = Math.max(start + (kind === "mac" ? 6 : 4), 8 + arpNeeds(operation, hardware, half));
      return fits && have >= until && at + 8 + 2 * half <= real ? at + start : -1;
    },
  };
}

/** All fields, by header, in the order of {@linkcode Frame.headers}. */
export const GROUPS: readonly FieldGroup[] = [
  {
    name: "eth",
    header: eth,
    fields: [
      address("eth.src", "mac", eth, 6),
      address("eth.dst", "mac", eth, 0),
      computed("eth.type", eth, 14, (_, { bytes, at }) => {
        const type = etherType(bytes, at);
        return type >= ETHERTYPE_LEAST || type === 0 ? type : -1;
      }),
    ],
  },
  {
    name: "vlan",
    header: vlan,
    fields: [
      list("vlan.id", ({ vlans, vlanCount }) => {
        for (let i = 0; i < vlanCount; i++) LIST[i] = vlans[i]!;
        return vlanCount;
      }),
    ],
  },
  {
    name: "arp",
    header: arp,
    fields: [
      number("arp.opcode", arp, 6, 2),
      arpAddress("arp.src.hw_mac", "mac", 0),
      arpAddress("arp.src.proto_ipv4", "ipv4", 1),
      arpAddress("arp.dst.hw_mac", "mac", 2),
      arpAddress("arp.dst.proto_ipv4", "ipv4", 3),
    ],
  },
  {
    name: "ip",
    header: ip,
    fields: [
      address("ip.src", "ipv4", ip, SOURCE),
      { name: "ip.dst", kind: "ipv4", read: ({ ipDestination }) => ipDestination },
      number("ip.proto", ip, PROTOCOL, 1),
      number("ip.ttl", ip, TIME_TO_LIVE, 1),
      number("ip.id", ip, IDENTIFICATION, 2),
      bits("ip.flags.df", ip, FRAGMENTATION, DONT_FRAGMENT, 14, 8),
      bits("ip.flags.mf", ip, FRAGMENTATION, MORE_FRAGMENTS, 13, 8),
      bits("ip.frag_offset", ip, FRAGMENTATION, FRAGMENT_OFFSET, 0, 8),
      computed("ip.hdr_len", ip, 1, (_, { bytes, at }) => headerLength(bytes, at)),
      computed("ip.len", ip, 4, (frame) => frame.ipLength),
      computed("ip.checksum.status", ip, 12, ipv4Status),
    ],
  },
  {
    name: "ipv6",
    header: ipv6,
    fields: [
      address("ipv6.src", "ipv6", ipv6, 8),
      address("ipv6.dst", "ipv6", ipv6, 24),
      number("ipv6.nxt", ipv6, 6, 1),
      number("ipv6.hlim", ipv6, 7, 1),
      computed("ipv6.plen", ipv6, 7, (_, { bytes, at }) => bytes[at + 4]! << 8 | bytes[at + 5]!),
    ],
  },
  {
    name: "ipv6.fraghdr",
    header: fragment,
    fields: [
      computed("ipv6.fraghdr.offset", fragment, 8, (_, { bytes, at }) => bytes[at + 2]! << 5 | bytes[at + 3]! >> 3),
      computed("ipv6.fraghdr.more", fragment, 8, (_, { bytes, at }) => bytes[at + 3]! & 1),
      number("ipv6.fraghdr.ident", fragment, 4, 4),
    ],
  },
  {
    name: "icmp",
    header: icmp,
    fields: [
      number("icmp.type", icmp, 0, 1),
      number("icmp.code", icmp, 1, 1),
      computed(
        "icmp.ident",
        icmp,
        6,
        (frame, { bytes, at }) => hasIdent(frame) ? bytes[at + 4]! << 8 | bytes[at + 5]! : -1,
      ),
      computed(
        "icmp.seq",
        icmp,
        8,
        (_, { bytes, at }) => hasSequence(bytes[at]!) ? bytes[at + 6]! << 8 | bytes[at + 7]! : -1,
      ),
      computed("icmp.checksum.status", icmp, 4, icmpStatus),
    ],
  },
  {
    name: "icmpv6",
    header: icmpv6,
    fields: [
      number("icmpv6.type", icmpv6, 0, 1),
      number("icmpv6.code", icmpv6, 1, 1),
      ndpTarget("icmpv6.nd.ns.target_address", 135),
      ndpTarget("icmpv6.nd.na.target_address", 136),
      computed("icmpv6.checksum.status", icmpv6, 4, icmpv6Status),
    ],
  },
  {
    name: "udp",
    header: udp,
    fields: [
      number("udp.srcport", udp, 0, 2),
      number("udp.dstport", udp, 2, 2),
      computed("udp.length", udp, 6, ({ udpLength }) => udpLength),
      computed("udp.checksum.status", udp, 8, udpStatus),
    ],
  },
  {
    name: "tcp",
    header: tcp,
    fields: [
      number("tcp.srcport", tcp, 0, 2),
      number("tcp.dstport", tcp, 2, 2),
      number("tcp.seq_raw", tcp, 4, 4, BOGUS),
      number("tcp.ack_raw", tcp, 8, 4, UNTIL_WINDOW),
      bits("tcp.flags", tcp, 12, 0xfff, 0, UNTIL_WINDOW),
      number("tcp.window_size_value", tcp, 14, 2, UNTIL_WINDOW),
      computed("tcp.hdr_len", tcp, BOGUS, (_, { bytes, at }) => bytes[at + 12]! >> 4 << 2),
      computed("tcp.len", tcp, BOGUS, ({ tcpLength }) => tcpLength),
      number("tcp.urgent_pointer", tcp, 18, 2),
      {
        name: "tcp.options",
        kind: "bytes",
        read: ({ tcp: { at, have } }) => have > SEGMENT ? at + SEGMENT : -1,
        end: ({ tcp: { at, have } }) => at + have,
      },
      list("tcp.options.mss_val", (frame) => optionList(frame, "mss", LIST)),
      list("tcp.options.wscale.shift", (frame) => optionList(frame, "wscale", LIST)),
      list("tcp.options.timestamp.tsval", (frame) => optionList(frame, "tsval", LIST)),
      list("tcp.options.timestamp.tsecr", (frame) => optionList(frame, "tsecr", LIST)),
      list("tcp.options.sack_le", (frame) => optionList(frame, "sack_le", LIST)),
      list("tcp.options.sack_re", (frame) => optionList(frame, "sack_re", LIST)),
      computed("tcp.checksum.status", tcp, UNTIL_CHECKSUM, tcpStatus),
    ],
  },
];

/** The target of a neighbour's message. */
function ndpTarget(name: string, type: number): Field {
  return {
    name,
    kind: "ipv6",
    read: ({ icmpv6: { bytes, at, have } }) => bytes[at] === type && have >= 24 ? at + 8 : -1,
  };
}
