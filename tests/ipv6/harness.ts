/** Stacks whose wire is an array, and packets written by hand from the RFCs, for IPv6. */

import { ManualClock } from "../../core/clock.ts";
import type { Ip } from "../../core/ip.ts";
import { parseIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { seededRandom } from "../../core/random.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { type Icmpv6, icmpv6, type Icmpv6Options } from "../../protocols/icmpv6.ts";
import { type Ipv6, ipv6, type Ipv6Options } from "../../protocols/ipv6.ts";
import { mld } from "../../protocols/mld.ts";
import { type Ndp, ndp, type NdpOptions } from "../../protocols/ndp.ts";
import { type Slaac, slaac, type SlaacOptions } from "../../protocols/slaac.ts";
import { type Udp, udp } from "../../protocols/udp.ts";
import { ArrayDriver, Bench, checksum, mac, OUR_MAC, PEER_MAC, u16 } from "../protocols/harness.ts";

export { frame, hex, mac, OUR_MAC, PEER_MAC, u16 } from "../protocols/harness.ts";

export const OURS = "fd00::2";
export const PEER = "fd00::1";

export function ip6(text: string): number[] {
  const bytes = new Uint8Array(16);
  parseIpv6(text).write(bytes, 0);
  return [...bytes];
}

export function u32(value: number): number[] {
  return u16(value >>> 16, value & 0xffff);
}

export interface Ipv6Fields {
  source?: string;
  destination?: string;
  next?: number;
  hopLimit?: number;
  trafficClass?: number;
  length?: number;
  version?: number;
}

/** A packet (RFC 8200, 3). */
export function ipv6Packet(payload: ArrayLike<number>, fields: Ipv6Fields = {}): Uint8Array {
  const { source = PEER, destination = OURS, next = 17, hopLimit = 64, trafficClass = 0, version = 6 } = fields;
  return Uint8Array.from([
    ...u32(version << 28 | trafficClass << 20 | 0x12345),
    ...u16(fields.length ?? payload.length),
    next,
    hopLimit,
    ...ip6(source),
    ...ip6(destination),
    ...Array.from(payload),
  ]);
}

/** The checksum with the pseudo-header of RFC 8200, 8.1. */
export function checksum6(protocol: number, payload: ArrayLike<number>, source: string, destination: string): number {
  const bytes = Array.from(payload);
  return checksum([...ip6(source), ...ip6(destination), ...u32(bytes.length), 0, 0, 0, protocol, ...bytes]);
}

export interface Ends {
  source?: string;
  destination?: string;
}

export function udp6(from: number, to: number, data: ArrayLike<number>, ends: Ends = {}): number[] {
  const { source = PEER, destination = OURS } = ends;
  const bytes = [...u16(from, to, 8 + data.length, 0), ...Array.from(data)];
  bytes.splice(6, 2, ...u16(checksum6(17, bytes, source, destination) || 0xffff));
  return bytes;
}

/** An ICMPv6 message (RFC 4443, 2.1): type, code, then everything behind the checksum. */
export function icmp6(type: number, code: number, body: ArrayLike<number>, ends: Ends = {}): number[] {
  const { source = PEER, destination = OURS } = ends;
  const bytes = [type, code, 0, 0, ...Array.from(body)];
  bytes.splice(2, 2, ...u16(checksum6(58, bytes, source, destination)));
  return bytes;
}

/** The same in its packet. */
export function icmp6Packet(type: number, code: number, body: ArrayLike<number>, fields: Ipv6Fields = {}): Uint8Array {
  return ipv6Packet(icmp6(type, code, body, fields), { next: 58, ...fields });
}

/** A fragment header before a part of a payload (RFC 8200, 4.5). */
export function fragment(
  next: number,
  offset: number,
  more: boolean,
  data: ArrayLike<number>,
  id: number = 7,
): number[] {
  return [next, 0, ...u16(offset | +more), ...u32(id), ...Array.from(data)];
}

/** What a packet sent says. */
export interface Sent {
  source: string;
  destination: string;
  next: number;
  hopLimit: number;
  payload: Uint8Array;
  /** Of an ICMPv6 message. */
  type: number;
  code: number;
  word: number;
  body: Uint8Array;
}

/** Reads a packet that was sent; throws where its length or checksum is wrong. */
export function parse6(packet: Uint8Array): Sent {
  const payload = packet.subarray(40);
  const view = new DataView(packet.buffer, packet.byteOffset);
  if (packet[0]! >> 4 !== 6 || view.getUint16(4) !== payload.length) throw new Error("Bad length");
  const source = `${readIpv6(packet, 8)}`;
  const destination = `${readIpv6(packet, 24)}`;
  const next = packet[6]!;
  if ((next === 58 || next === 17) && checksum6(next, payload, source, destination) !== 0) throw new Error("Bad sum");
  return {
    source,
    destination,
    next,
    hopLimit: packet[7]!,
    payload,
    type: payload[0]!,
    code: payload[1]!,
    word: payload.length >= 8 ? view.getUint32(44) : 0,
    body: payload.subarray(8),
  };
}

type Gives = { ip: Ip; ipv6: Ipv6; icmpv6: Icmpv6; udp: Udp };

/** A stack on bare IP packets. */
export function ipBench(
  options: Ipv6Options = { address: "fd00::2/64", gateway: "fd00::fe" },
  { icmp = {}, mtu = 1500 }: { icmp?: Icmpv6Options; mtu?: number } = {},
): Bench<"ip", Gives> {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ip", mtu);
  const net = stack({ driver, clock, random: seededRandom(7), protocols: [ipv6(options), icmpv6(icmp), udp()] });
  return new Bench(clock, driver, net as unknown as Stack<Gives>);
}

type EthernetGives = Gives & { ndp: Ndp; slaac: Slaac };
export type EthernetBench6 = Bench<"ethernet", EthernetGives>;

/** A stack on Ethernet frames; what it asks and announces at its start is over, unless `fresh`. */
export function ethernetBench(
  { options = { address: "fd00::2/64" }, ndpOptions = {}, fresh = false, slaacOptions }: {
    options?: Ipv6Options;
    ndpOptions?: NdpOptions;
    fresh?: boolean;
    slaacOptions?: SlaacOptions;
  } = {},
): EthernetBench6 {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ethernet", 1500);
  const layers = [ethernet({ mac: OUR_MAC }), ndp(ndpOptions), ipv6(options), icmpv6()] as const;
  const net = slaacOptions
    ? stack({ driver, clock, random: seededRandom(7), protocols: [...layers, mld(), slaac(slaacOptions), udp()] })
    : stack({ driver, clock, random: seededRandom(7), protocols: [...layers, udp()] });
  const bench = new Bench(clock, driver, net as unknown as Stack<EthernetGives>);
  if (!fresh) bench.pass(5000);
  return bench;
}

/** A frame with a packet in it. */
export function frame6(packet: Uint8Array, { to = OUR_MAC, from = PEER_MAC } = {}): Uint8Array {
  return Uint8Array.from([...mac(to), ...mac(from), 0x86, 0xdd, ...packet]);
}

/** The packets in the frames that were sent, read. */
export function packets(frames: readonly Uint8Array[]): Sent[] {
  return frames.map((frame) => parse6(frame.subarray(14)));
}

/** The MAC address of a group (RFC 2464, 7). */
export function groupMac(group: string): string {
  return ["33", "33", ...ip6(group).slice(12).map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** The solicited-node group of an address (RFC 4291, 2.7.1). */
export function solicited(address: string): string {
  return `${readIpv6(Uint8Array.from([...ip6("ff02::1:ff00:0").slice(0, 13), ...ip6(address).slice(13)]), 0)}`;
}

/** A neighbour solicitation, in its frame. */
export function solicitation(
  target: string,
  { source = PEER, destination = OURS, options = [1, 1, ...mac(PEER_MAC)], to = OUR_MAC, ...fields }: Ipv6Fields & {
    options?: number[];
    to?: string;
  } = {},
): Uint8Array {
  const body = [0, 0, 0, 0, ...ip6(target), ...options];
  return frame6(icmp6Packet(135, 0, body, { source, destination, hopLimit: 255, ...fields }), { to });
}

/** A neighbour advertisement, in its frame. */
export function advertisement(
  target: string,
  flags: number,
  { source = target, destination = OURS, options = [2, 1, ...mac(PEER_MAC)], to = OUR_MAC, from = PEER_MAC, ...fields }:
    & Ipv6Fields
    & { options?: number[]; to?: string; from?: string } = {},
): Uint8Array {
  const body = [flags, 0, 0, 0, ...ip6(target), ...options];
  return frame6(icmp6Packet(136, 0, body, { source, destination, hopLimit: 255, ...fields }), { to, from });
}
