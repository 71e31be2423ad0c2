/**
 * The fields of frames, by the names that Wireshark's display filters know them under.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import {
  DONT_FRAGMENT,
  FRAGMENT_OFFSET,
  FRAGMENTATION,
  IDENTIFICATION,
  MORE_FRAGMENTS,
  PROTOCOL,
  SOURCE,
  TIME_TO_LIVE,
} from "../../protocols/ipv4/header.ts";
import { etherType, ETHERTYPE_LEAST } from "../../protocols/ethernet/header.ts";
import { icmpStatus, icmpv6Status, ipv4Status, tcpStatus, udpStatus } from "./checksums.ts";
import type { Frame, Header } from "./frame.ts";
import {
  LEFT_EDGE,
  MSS_VALUE,
  optionList,
  type OptionPart,
  RIGHT_EDGE,
  SHIFT,
  TIMESTAMP,
  TIMESTAMP_ECHO,
} from "./tcp_options.ts";
import { BOGUS } from "./transport.ts";

/** What a field holds: a number; where an address lies; where bytes lie; several numbers. */
export type FieldKind = "number" | "mac" | "ipv4" | "ipv6" | "bytes" | "list";

/** A field. */
export interface Field {
  /** Its name, such as `"ip.src"`. */
  readonly name: string;
  /** What it holds. */
  readonly kind: FieldKind;
  /** Bytes of its header without which it is missing. */
  readonly until: number;
  /**
   * Reads it.
   *
   * @param header The header of the field's group, with {@linkcode until} bytes at least.
   * @param frame The frame.
   * @returns A number; for addresses and bytes where they lie in the bytes of the header; for lists how many {@linkcode LIST}
   * holds then. -1 when the frame lacks it.
   */
  readonly read: (header: Header, frame: Frame) => number;
  /** For bytes: one past the last of them. */
  readonly end?: (header: Header) => number;
  /** Where it lies in its header, for those that are there as they are. */
  readonly place?: FieldPlace;
}

/** Where a field lies in its header. */
export interface FieldPlace {
  /** Its first byte, from that of the header. */
  readonly offset: number;
  /** Bytes of it. */
  readonly size: number;
  /** The bits of a number of two bytes that count; all when left out. */
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

/**
 * Reads a field where there is enough of its header.
 *
 * @param frame The frame.
 * @param header The header of the field's group.
 * @param field The field.
 * @returns As {@linkcode Field.read} does.
 */
export function readField(frame: Frame, header: Header, field: Field): number {
  return header.at >= 0 && header.have >= field.until ? field.read(header, frame) : -1;
}

/** A number of one, two or four bytes. */
function number(name: string, offset: number, size: 1 | 2 | 4, until: number = offset + size): Field {
  const read = size === 1
    ? ({ bytes, at }: Header) => bytes[at + offset]!
    : size === 2
    ? ({ bytes, at }: Header) => bytes[at + offset]! << 8 | bytes[at + offset + 1]!
    : ({ bytes, at }: Header) => getI32(bytes, at + offset) >>> 0;
  return { name, kind: "number", until, read, place: { offset, size } };
}

/** Some bits of a number of two bytes. */
function bits(name: string, offset: number, mask: number, shift: number, until: number): Field {
  return {
    name,
    kind: "number",
    until,
    read: ({ bytes, at }) => ((bytes[at + offset]! << 8 | bytes[at + offset + 1]!) & mask) >> shift,
    place: { offset, size: 2, mask, shift },
  };
}

/** A number that is computed. */
function computed(name: string, until: number, read: Field["read"]): Field {
  return { name, kind: "number", until, read };
}

/** An address. */
function address(name: string, kind: "mac" | "ipv4" | "ipv6", offset: number): Field {
  const size = kind === "mac" ? 6 : kind === "ipv4" ? 4 : 16;
  return { name, kind, until: offset + size, read: ({ at }) => at + offset, place: { offset, size } };
}

/** Parts of options of TCP. */
function options(name: string, part: OptionPart): Field {
  return { name, kind: "list", until: SEGMENT + 1, read: (_, frame) => optionList(frame, part, LIST) || -1 };
}

/** Bytes of a TCP header up to the window, up to the checksum, and without options. */
const UNTIL_WINDOW = 16;
const UNTIL_CHECKSUM = 18;
const SEGMENT = 20;

/** ICMP messages that have an identifier: echoes, timestamps, information, masks, and extended echoes (RFC 8335). */
function hasIdent(type: number): boolean {
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
    until: 8,
    read: ({ bytes, at, have, real }) => {
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
    header: ({ eth }) => eth,
    fields: [
      address("eth.src", "mac", 6),
      address("eth.dst", "mac", 0),
      computed("eth.type", 14, ({ bytes, at }) => {
        const type = etherType(bytes, at);
        return type >= ETHERTYPE_LEAST || type === 0 ? type : -1;
      }),
    ],
  },
  {
    name: "vlan",
    header: ({ vlan }) => vlan,
    fields: [
      {
        name: "vlan.id",
        kind: "list",
        until: 0,
        read: (_, { vlans, vlanCount }) => {
          LIST.set(vlans.subarray(0, vlanCount));
          return vlanCount || -1;
        },
      },
    ],
  },
  {
    name: "arp",
    header: ({ arp }) => arp,
    fields: [
      number("arp.opcode", 6, 2),
      arpAddress("arp.src.hw_mac", "mac", 0),
      arpAddress("arp.src.proto_ipv4", "ipv4", 1),
      arpAddress("arp.dst.hw_mac", "mac", 2),
      arpAddress("arp.dst.proto_ipv4", "ipv4", 3),
    ],
  },
  {
    name: "ip",
    header: ({ ip }) => ip,
    fields: [
      address("ip.src", "ipv4", SOURCE),
      { name: "ip.dst", kind: "ipv4", until: 0, read: (_, { ipDestination }) => ipDestination },
      number("ip.proto", PROTOCOL, 1),
      number("ip.ttl", TIME_TO_LIVE, 1),
      number("ip.id", IDENTIFICATION, 2),
      bits("ip.flags.df", FRAGMENTATION, DONT_FRAGMENT, 14, 8),
      bits("ip.flags.mf", FRAGMENTATION, MORE_FRAGMENTS, 13, 8),
      bits("ip.frag_offset", FRAGMENTATION, FRAGMENT_OFFSET, 0, 8),
      bits("ip.hdr_len", 0, 0x0f00, 6, 1),
      computed("ip.len", 4, (_, { ipLength }) => ipLength),
      computed("ip.checksum.status", 12, (_, frame) => ipv4Status(frame)),
    ],
  },
  {
    name: "ipv6",
    header: ({ ipv6 }) => ipv6,
    fields: [
      address("ipv6.src", "ipv6", 8),
      address("ipv6.dst", "ipv6", 24),
      number("ipv6.nxt", 6, 1),
      number("ipv6.hlim", 7, 1),
      number("ipv6.plen", 4, 2, 7),
    ],
  },
  {
    name: "ipv6.fraghdr",
    header: ({ fragment }) => fragment,
    fields: [
      bits("ipv6.fraghdr.offset", 2, 0xfff8, 3, 8),
      bits("ipv6.fraghdr.more", 2, 1, 0, 8),
      number("ipv6.fraghdr.ident", 4, 4),
    ],
  },
  {
    name: "icmp",
    header: ({ icmp }) => icmp,
    fields: [
      number("icmp.type", 0, 1),
      number("icmp.code", 1, 1),
      computed("icmp.ident", 6, ({ bytes, at }) => hasIdent(bytes[at]!) ? bytes[at + 4]! << 8 | bytes[at + 5]! : -1),
      computed("icmp.seq", 8, ({ bytes, at }) => hasSequence(bytes[at]!) ? bytes[at + 6]! << 8 | bytes[at + 7]! : -1),
      computed("icmp.checksum.status", 4, (_, frame) => icmpStatus(frame)),
    ],
  },
  {
    name: "icmpv6",
    header: ({ icmpv6 }) => icmpv6,
    fields: [
      number("icmpv6.type", 0, 1),
      number("icmpv6.code", 1, 1),
      ndpTarget("icmpv6.nd.ns.target_address", 135),
      ndpTarget("icmpv6.nd.na.target_address", 136),
      computed("icmpv6.checksum.status", 4, (_, frame) => icmpv6Status(frame)),
    ],
  },
  {
    name: "udp",
    header: ({ udp }) => udp,
    fields: [
      number("udp.srcport", 0, 2),
      number("udp.dstport", 2, 2),
      computed("udp.length", 6, (_, { udpLength }) => udpLength),
      computed("udp.checksum.status", 8, (_, frame) => udpStatus(frame)),
    ],
  },
  {
    name: "tcp",
    header: ({ tcp }) => tcp,
    fields: [
      number("tcp.srcport", 0, 2),
      number("tcp.dstport", 2, 2),
      number("tcp.seq_raw", 4, 4, BOGUS),
      number("tcp.ack_raw", 8, 4, UNTIL_WINDOW),
      bits("tcp.flags", 12, 0xfff, 0, UNTIL_WINDOW),
      number("tcp.window_size_value", 14, 2, UNTIL_WINDOW),
      bits("tcp.hdr_len", 12, 0xf000, 10, BOGUS),
      computed("tcp.len", BOGUS, (_, { tcpLength }) => tcpLength),
      number("tcp.urgent_pointer", 18, 2),
      {
        name: "tcp.options",
        kind: "bytes",
        until: SEGMENT + 1,
        read: ({ at }) => at + SEGMENT,
        end: ({ at, have }) => at + have,
      },
      options("tcp.options.mss_val", MSS_VALUE),
      options("tcp.options.wscale.shift", SHIFT),
      options("tcp.options.timestamp.tsval", TIMESTAMP),
      options("tcp.options.timestamp.tsecr", TIMESTAMP_ECHO),
      options("tcp.options.sack_le", LEFT_EDGE),
      options("tcp.options.sack_re", RIGHT_EDGE),
      computed("tcp.checksum.status", UNTIL_CHECKSUM, (_, frame) => tcpStatus(frame)),
    ],
  },
];

/** The target of a neighbour's message. */
function ndpTarget(name: string, type: number): Field {
  return {
    name,
    kind: "ipv6",
    until: 24,
    read: ({ bytes, at }) => bytes[at] === type ? at + 8 : -1,
  };
}
