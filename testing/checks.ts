/**
 * Predicates over the fields of one header each, for `expectPacket`.
 *
 * @module
 */

import type { FieldValue } from "./dissect/packet_fields.ts";
import type { Check, ExpectedNumber, ExpectedText } from "./expect.ts";

type Expected = ExpectedText | ExpectedNumber;

/** What fields of a header should be: those that are texts, and those that are numbers. */
export type Fields<Texts extends string, Numbers extends string> =
  & { readonly [K in Texts]?: ExpectedText }
  & { readonly [K in Numbers]?: ExpectedNumber };

function show(value: FieldValue | Expected | undefined): string {
  if (value === undefined) return "absent";
  if (typeof value === "function") return value.name || "as the function says";
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}

function fits(value: FieldValue | undefined, expected: Expected): boolean {
  if (value === undefined) return false;
  if (typeof expected === "function") return (expected as (value: FieldValue) => boolean)(value);
  return expected instanceof RegExp ? expected.test(String(value)) : value === expected;
}

/** Checks the fields of a header, and that the packet has it. */
function header(layer: string, names: Readonly<Record<string, string>>, expected: Readonly<Record<string, Expected>>) {
  return (fields: ReadonlyMap<string, FieldValue>): string[] => {
    if (![...fields.keys()].some((name) => name.startsWith(`${layer}.`))) return [`  it has no ${layer} header`];
    return Object.entries(expected).flatMap(([key, wanted]) => {
      const name = names[key] ?? `${layer}.${key}`;
      const value = fields.get(name);
      return fits(value, wanted) ? [] : [`  ${name} is ${show(value)}, and not ${show(wanted)}`];
    });
  };
}

/**
 * Checks an Ethernet header.
 *
 * @param expected Its addresses and its EtherType.
 */
export function eth(expected: Fields<"src" | "dst", "type"> = {}): Check {
  return header("eth", {}, expected);
}

/**
 * Checks an ARP packet over IPv4.
 *
 * @param expected The opcode, and the addresses of sender and target.
 */
export function arp(expected: Fields<"senderMac" | "sender" | "targetMac" | "target", "opcode"> = {}): Check {
  return header("arp", {
    senderMac: "arp.src.hw_mac",
    sender: "arp.src.proto_ipv4",
    targetMac: "arp.dst.hw_mac",
    target: "arp.dst.proto_ipv4",
  }, expected);
}

/**
 * Checks an IPv4 header.
 *
 * @param expected Its fields; `df` and `mf` are 0 or 1.
 */
export function ip(
  expected: Fields<"src" | "dst", "ttl" | "proto" | "id" | "len" | "dsfield" | "df" | "mf" | "frag_offset"> = {},
): Check {
  return header("ip", { df: "ip.flags.df", mf: "ip.flags.mf" }, expected);
}

/**
 * Checks an IPv6 header.
 *
 * @param expected Its fields.
 */
export function ipv6(expected: Fields<"src" | "dst", "hlim" | "nxt" | "plen" | "tclass" | "flow"> = {}): Check {
  return header("ipv6", {}, expected);
}

/**
 * Checks a UDP header.
 *
 * @param expected Its fields.
 */
export function udp(expected: Fields<never, "srcport" | "dstport" | "length"> = {}): Check {
  return header("udp", {}, expected);
}

/**
 * Checks a message of ICMP for IPv4.
 *
 * @param expected Its fields.
 */
export function icmp(expected: Fields<never, "type" | "code" | "ident" | "seq"> = {}): Check {
  return header("icmp", {}, expected);
}

/**
 * Checks a message of ICMPv6.
 *
 * @param expected Its fields.
 */
export function icmpv6(expected: Fields<never, "type" | "code" | "ident" | "seq"> = {}): Check {
  return header("icmpv6", {}, expected);
}

/**
 * Checks a TCP segment.
 *
 * @param expected Its fields. The flags are letters in any order: `"SA"` for SYN and ACK, of F, S, R, P, A, U, E and W.
 */
export function tcp(
  expected: Fields<
    "flags" | "sack",
    "srcport" | "dstport" | "seq" | "ack" | "window" | "len" | "mss" | "wscale" | "tsval" | "tsecr"
  > = {},
): Check {
  const { flags } = expected;
  const wanted = typeof flags === "string" ? [..."FSRPAUEW"].filter((flag) => flags.includes(flag)).join("") : flags;
  return header("tcp", {
    flags: "tcp.flags.str",
    window: "tcp.window_size_value",
    mss: "tcp.options.mss_val",
    wscale: "tcp.options.wscale.shift",
    tsval: "tcp.options.timestamp.tsval",
    tsecr: "tcp.options.timestamp.tsecr",
    sack: "tcp.options.sack",
  }, wanted === undefined ? expected : { ...expected, flags: wanted });
}

/**
 * Checks what the last header carries.
 *
 * @param expected Bytes, or a text that they spell or match.
 */
export function data(expected: Uint8Array | string | RegExp): Check {
  return (fields) => {
    const digits = String(fields.get("data") ?? "").match(/../g) ?? [];
    const bytes = Uint8Array.from(digits, (pair) => parseInt(pair, 16));
    const text = new TextDecoder().decode(bytes);
    if (expected instanceof RegExp) {
      return expected.test(text) ? [] : [`  the data is ${JSON.stringify(text)}, and does not match ${expected}`];
    }
    const wanted = typeof expected === "string" ? new TextEncoder().encode(expected) : expected;
    if (wanted.length === bytes.length && wanted.every((byte, i) => byte === bytes[i])) return [];
    return [`  the data is ${JSON.stringify(text)}, and not ${JSON.stringify(new TextDecoder().decode(wanted))}`];
  };
}
