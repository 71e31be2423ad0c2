/** A stack whose wire is an array: tests put frames in, written by hand from the RFCs, and look at what comes out. */

import { ManualClock } from "../../core/clock.ts";
import { type Driver, type Medium, NO_OFFLOAD } from "../../core/driver.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { parseMac } from "../../core/mac_address.ts";
import type { Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { type Stack, stack } from "../../core/stack.ts";
import type { Ip } from "../../core/ip.ts";
import { type Arp, arp, type ArpOptions } from "../../protocols/arp.ts";
import { type Ethernet, ethernet } from "../../protocols/ethernet.ts";
import { type Icmp, icmp, type IcmpOptions } from "../../protocols/icmp.ts";
import { type Ipv4, ipv4, type Ipv4Options } from "../../protocols/ipv4.ts";
import { type Udp, udp } from "../../protocols/udp.ts";

export class ArrayDriver<M extends Medium> implements Driver<M> {
  readonly name = "array";
  readonly offload = NO_OFFLOAD;
  readonly incoming: Uint8Array[] = [];
  sent: Uint8Array[] = [];
  space = Infinity;
  constructor(readonly medium: M, readonly mtu: number) {}
  receive(packet: Packet): boolean {
    const frame = this.incoming.shift();
    if (!frame) return false;
    packet.write(frame);
    return true;
  }
  transmit(packet: Packet): boolean {
    if (this.space <= 0) return false;
    this.space--;
    this.sent.push(packet.view().slice());
    return true;
  }
  room(): number {
    return this.space;
  }
  flush(): void {}
  wait(): Promise<void> {
    return new Promise(() => {});
  }
  wake(): void {}
  close(): void {}
}

export const OUR_MAC = "02:00:00:00:00:02";
export const PEER_MAC = "02:00:00:00:00:01";
export const OURS = "10.0.0.2";
export const PEER = "10.0.0.1";

export function u16(...values: number[]): number[] {
  return values.flatMap((value) => [value >>> 8 & 255, value & 255]);
}

export function ip4(text: string): number[] {
  return text.split(".").map(Number);
}

export function mac(text: string): number[] {
  return [...parseMac(text)];
}

/** RFC 1071, as its section 4.1 has it. */
export function checksum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

export interface Ipv4Fields {
  source?: string;
  destination?: string;
  protocol?: number;
  ttl?: number;
  tos?: number;
  id?: number;
  /** The 16 bits with the flags and the offset. */
  flags?: number;
  options?: number[];
  total?: number;
  version?: number;
  checksum?: number;
}

export function ipv4Packet(payload: ArrayLike<number>, fields: Ipv4Fields = {}): Uint8Array {
  const options = fields.options ?? [];
  const header = [
    (fields.version ?? 4) << 4 | 5 + options.length / 4,
    fields.tos ?? 0,
    ...u16(fields.total ?? 20 + options.length + payload.length),
    ...u16(fields.id ?? 1, fields.flags ?? 0),
    fields.ttl ?? 64,
    fields.protocol ?? 17,
    0,
    0,
    ...ip4(fields.source ?? PEER),
    ...ip4(fields.destination ?? OURS),
    ...options,
  ];
  header.splice(10, 2, ...u16(fields.checksum ?? checksum(header)));
  const packet = new Uint8Array(header.length + payload.length);
  packet.set(header);
  packet.set(Array.from(payload), header.length);
  return packet;
}

export function udpDatagram(
  from: number,
  to: number,
  data: ArrayLike<number>,
  { source = PEER, destination = OURS, length = 8 + data.length, checksum: check }: {
    source?: string;
    destination?: string;
    length?: number;
    checksum?: number;
  } = {},
): Uint8Array {
  const header = [...u16(from, to, length)];
  const all = [...ip4(source), ...ip4(destination), 0, 17, ...u16(length), ...header, 0, 0, ...Array.from(data)];
  return Uint8Array.from([...header, ...u16(check ?? (checksum(all) || 0xffff)), ...Array.from(data)]);
}

export function icmpMessage(type: number, code: number, rest: number[], data: ArrayLike<number> = []): Uint8Array {
  const message = [type, code, 0, 0, ...rest, ...Array.from(data)];
  message.splice(2, 2, ...u16(checksum(message)));
  return Uint8Array.from(message);
}

export function frame(
  type: number,
  payload: ArrayLike<number>,
  { to = OUR_MAC, from = PEER_MAC }: { to?: string; from?: string } = {},
): Uint8Array {
  return Uint8Array.from([...mac(to), ...mac(from), ...u16(type), ...Array.from(payload)]);
}

export function arpMessage(
  operation: number,
  { senderMac = PEER_MAC, sender = PEER, targetMac = "00:00:00:00:00:00", target = OURS }: {
    senderMac?: string;
    sender?: string;
    targetMac?: string;
    target?: string;
  } = {},
): number[] {
  return [
    ...[0, 1, 8, 0, 6, 4, 0, operation],
    ...[...mac(senderMac), ...ip4(sender), ...mac(targetMac), ...ip4(target)],
  ];
}

type Gives = { ip: Ip; ipv4: Ipv4; icmp: Icmp; udp: Udp };

export class Bench<M extends Medium, G extends object> {
  constructor(readonly clock: ManualClock, readonly driver: ArrayDriver<M>, readonly net: Stack<G>) {}

  /** Lets the stack work until it rests; returns what it sent. */
  turn(): Uint8Array[] {
    for (let i = 0; i < 4 || this.driver.incoming.length > 0; i++) this.net.poll();
    return this.driver.sent.splice(0);
  }

  /** Puts packets in; returns what was sent in answer. */
  put(...packets: Uint8Array[]): Uint8Array[] {
    this.driver.incoming.push(...packets);
    return this.turn();
  }

  /** Lets time pass, in steps that no timer is missed in; returns what was sent in it. */
  pass(ms: number, step = 50): Uint8Array[] {
    const sent: Uint8Array[] = [];
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      sent.push(...this.turn());
    }
    return sent;
  }

  counter(owner: string, name: string): number {
    return this.net.counters()[owner]![name]!;
  }
}

/** A stack on bare IP packets. */
export function ipBench(
  options: Ipv4Options = { address: "10.0.0.2/24", gateway: "10.0.0.254" },
  { icmpOptions = {}, mtu = 1500 }: { icmpOptions?: IcmpOptions; mtu?: number } = {},
): Bench<"ip", Gives> {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ip", mtu);
  const net = stack({ driver, clock, random: seededRandom(7), protocols: [ipv4(options), icmp(icmpOptions), udp()] });
  return new Bench(clock, driver, net as unknown as Stack<Gives>);
}

/** A stack on Ethernet frames; what it announces at its start is read already. */
export function ethernetBench(
  arpOptions: ArpOptions = {},
  options: Ipv4Options = { address: "10.0.0.2/24", gateway: "10.0.0.254" },
): Bench<"ethernet", Gives & { arp: Arp; ethernet: Ethernet }> {
  const clock = new ManualClock(1000);
  const driver = new ArrayDriver("ethernet", 1500);
  const net = stack({
    driver,
    clock,
    random: seededRandom(7),
    protocols: [ethernet({ mac: OUR_MAC }), arp(arpOptions), ipv4(options), icmp(), udp()],
  });
  const bench = new Bench(clock, driver, net as unknown as Stack<Gives & { arp: Arp; ethernet: Ethernet }>);
  if (!arpOptions.probe) bench.pass(5000);
  return bench;
}

export function address(text: string): ReturnType<typeof parseIpv4> {
  return parseIpv4(text);
}

export function hex(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
