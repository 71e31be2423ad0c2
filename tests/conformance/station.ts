// A host on the link of a conformance case: its frames, and packets of both families in them. Each has addresses of its own,
// for the kernel that is asked remembers the ones before it.

import { foldChecksum, sumBytes } from "@bonsai/net";
import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import {
  ALL,
  ARP,
  arpMessage,
  type ArpSent,
  type Frame,
  groupMac,
  hex,
  IPV4,
  IPV6,
  NOBODY,
  solicitedNode,
} from "./frames.ts";
import { icmp6, icmpMessage, ip, ip6, type IpFields, IpPacket, type Ipv6Fields, QUIET, SOON } from "./packets.ts";
import { type FrameWire, HOST, HOST6, type Wire } from "./wire.ts";

let stations = 0;

/** A host on the link. */
export class Station {
  /** The last byte of its addresses: no two that are in use at once have the same. */
  readonly number: number = 10 + stations++ % 240;
  mac: number[] = [2, 0, 0, 0, 1, this.number];
  readonly ip: number[] = [10, 1, 0, this.number];
  readonly ip6: number[] = [...HOST6.slice(0, 14), 1, this.number];
  /** Whether it answers who asks for it. */
  answers = true;

  constructor(readonly lan: FrameWire) {}

  now(): number {
    return this.lan.now();
  }

  /** Sends a frame. */
  frame(type: number, payload: Uint8Array, to: readonly number[] = this.lan.mac): void {
    this.lan.put(Uint8Array.from([...to, ...this.mac, type >> 8, type & 255, ...payload]));
  }

  arp(sent: ArpSent = {}): void {
    const bytes = arpMessage({
      operation: 1,
      senderMac: this.mac,
      sender: this.ip,
      targetMac: NOBODY,
      target: HOST,
      hardware: 1,
      protocol: IPV4,
      lengths: 0x0604,
      ...sent,
    });
    const padded = new Uint8Array(sent.size ?? 28);
    padded.set(bytes.subarray(0, padded.length));
    this.frame(ARP, padded, sent.to ?? ALL);
  }

  put4(fields: IpFields, payload: Uint8Array, to?: readonly number[], padding = 0): void {
    this.frame(IPV4, ip({ source: this.ip, destination: HOST, ...fields }, payload, padding), to);
  }

  put6(fields: Ipv6Fields, payload: Uint8Array, to?: readonly number[], padding = 0): Uint8Array {
    const packet = ip6({ source: this.ip6, destination: HOST6, ...fields }, payload, padding);
    this.frame(IPV6, packet, to);
    return packet;
  }

  echo4(id: number, fields: Partial<IpFields> = {}, to?: readonly number[], padding = 0): void {
    this.put4({ protocol: 1, ...fields }, icmpMessage(8, 0, [0, id, 0, 1], Uint8Array.of(1, 2, 3)), to, padding);
  }

  /** Sends an ICMPv6 message. */
  put58(
    type: number,
    code: number,
    rest: readonly number[],
    data: ArrayLike<number>,
    fields: Partial<Ipv6Fields> = {},
    to?: readonly number[],
  ): Uint8Array {
    const { source = this.ip6, destination = HOST6 } = fields;
    return this.put6({ next: 58, ...fields }, icmp6(type, code, rest, data, source, destination), to);
  }

  echo6(id: number, fields: Partial<Ipv6Fields> = {}, to?: readonly number[]): Uint8Array {
    return this.put58(128, 0, [0, id, 0, 1], [1, 2, 3], fields, to);
  }

  /** Asks for an address as RFC 4861 has it. */
  solicit(
    { target = HOST6, options = [1, 1, ...this.mac], code = 0, to, ...fields }:
      & Partial<Ipv6Fields>
      & { target?: readonly number[]; options?: readonly number[]; code?: number; to?: readonly number[] } = {},
  ): void {
    const { destination = solicitedNode(target) } = fields;
    const mac = to ?? (destination[0] === 255 ? groupMac(destination) : this.lan.mac);
    this.put58(135, code, [0, 0, 0, 0], [...target, ...options], { hopLimit: 255, destination, ...fields }, mac);
  }

  /** Answers who asks for its address. */
  advertise(
    { flags = 0x60, target = this.ip6, options = [2, 1, ...this.mac], to, ...fields }:
      & Partial<Ipv6Fields>
      & { flags?: number; target?: readonly number[]; options?: readonly number[]; to?: readonly number[] } = {},
  ): void {
    this.put58(136, 0, [flags, 0, 0, 0], [...target, ...options], { hopLimit: 255, ...fields }, to);
  }

  /** The next frame that fits; answers who asks for this station meanwhile. */
  async take(fits: (frame: Frame) => boolean, ms = SOON): Promise<Frame | null> {
    const end = this.now() + ms;
    for (;;) {
      const bytes = await this.lan.take(Math.max(end - this.now(), 0));
      if (!bytes) return null;
      const frame = {
        to: hex(bytes.subarray(0, 6)),
        from: hex(bytes.subarray(6, 12)),
        type: bytes[12]! << 8 | bytes[13]!,
        payload: bytes.slice(14),
        at: this.now(),
      };
      if (this.answers) {
        if (this.asksArp(frame)) this.arp({ operation: 2, targetMac: this.lan.mac, to: this.lan.mac });
        if (this.asksNdp(frame)) this.advertise();
      }
      if (fits(frame)) return frame;
    }
  }

  /** Whether a frame asks for our IPv4 address. */
  asksArp = ({ type, payload }: Frame): boolean =>
    type === ARP && payload[7] === 1 && hex(payload.subarray(24, 28)) === hex(this.ip);

  /** Whether a frame asks for our IPv6 address. */
  asksNdp = ({ type, payload }: Frame): boolean =>
    type === IPV6 && payload[6] === 58 && payload[40] === 135 && hex(payload.subarray(48, 64)) === hex(this.ip6);

  /** Whether a frame answers our ARP request. */
  arpReply = ({ type, payload }: Frame): boolean =>
    type === ARP && payload[7] === 2 && hex(payload.subarray(18, 24)) === hex(this.mac);

  /** The next IP packet for us that fits, with its frame. */
  async packet(fits: (packet: IpPacket) => boolean, ms = SOON): Promise<[IpPacket, Frame] | null> {
    let found: IpPacket | null = null;
    const frame = await this.take(({ type, payload }) => {
      if (type !== IPV4 && type !== IPV6) return false;
      const packet = new IpPacket(payload);
      const { addresses } = packet;
      const target = hex(addresses.subarray(addresses.length / 2));
      if (target !== hex(packet.six ? this.ip6 : this.ip) || !fits(packet)) return false;
      found = packet;
      return true;
    }, ms);
    return frame && [found!, frame];
  }

  /** The ICMPv6 message for us that comes next, its checksum looked at; not those of neighbour discovery. */
  async icmp6(ms = SOON): Promise<Uint8Array | null> {
    const got = await this.packet((p) => p.six && p.protocol === 58 && !(p.payload[0]! > 129), ms);
    if (!got) return null;
    const [{ payload, addresses }] = got;
    const sum = sumBytes(addresses, 0, 32, 58 + payload.length);
    assertEquals(foldChecksum(sumBytes(payload, 0, payload.length, sum)), 0, "ICMPv6 checksum");
    return payload;
  }

  async answers4(id: number, ms = QUIET): Promise<Frame | null> {
    const got = await this.packet((p) => !p.six && p.protocol === 1 && p.payload[0] === 0 && p.payload[5] === id, ms);
    return got && got[1];
  }

  async answers6(id: number, ms = QUIET): Promise<Frame | null> {
    const got = await this.packet((p) => p.six && p.protocol === 58 && p.payload[0] === 129 && p.payload[5] === id, ms);
    return got && got[1];
  }

  /** Expects that nothing comes which answers us. */
  async silence(ms = QUIET): Promise<void> {
    const got = await this.take(
      (frame) =>
        frame.to === hex(this.mac) && !this.asksArp(frame) && !this.asksNdp(frame) &&
        !(frame.type === IPV6 && frame.payload[40]! >= 133),
      ms,
    );
    assert(!got, `expected silence, got ${got?.type.toString(16)} ${hex(got?.payload ?? [])}`);
  }

  /** Expects that the host answers an ARP request still. */
  async alive4(): Promise<void> {
    this.arp();
    assert(await this.take(this.arpReply), "it does not answer any more");
  }

  /** Expects that the host answers an echo over IPv6 still. */
  async alive6(): Promise<void> {
    this.echo6(255);
    assert(await this.answers6(255), "it does not answer any more");
  }

  /** Expects an ICMPv6 error about a packet. */
  async problem(type: number, code: number, pointer: number, sent: Uint8Array): Promise<void> {
    const got = await this.icmp6();
    assert(got, "no error came");
    assertEquals([got[0], got[1]], [type, code]);
    assertEquals(new DataView(got.buffer, got.byteOffset).getUint32(4), pointer, "pointer");
    assertEquals(got.slice(8), sent.slice(0, 1232), "what is quoted");
  }

  /** A wire for the packets of one family, between this station and the host. */
  wire(family: 4 | 6): Wire {
    return {
      us: family === 4 ? this.ip : this.ip6,
      them: family === 4 ? HOST : HOST6,
      now: () => this.now(),
      put: (bytes) => this.frame(family === 4 ? IPV4 : IPV6, bytes),
      take: async (ms) => (await this.packet((p) => p.six === (family === 6), ms))?.[0].bytes ?? null,
    };
  }
}

/** A station's address of the link. */
export function linkLocal({ number }: Station): number[] {
  return [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, number];
}

/** What adds cases of a station to a list. */
export function onLink(cases: FrameCase[]): (name: string, run: (station: Station) => Promise<void>) => void {
  return (name, run) => void cases.push({ name, run: (lan) => run(new Station(lan)) });
}
