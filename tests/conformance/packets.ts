// Builds and reads IP packets, and what is in them but TCP, for conformance cases. It shares nothing with the stack but the
// checksum.

import { foldChecksum, sumBytes } from "@bonsai/net";
import { assertEquals } from "@std/assert";
import type { Wire } from "./wire.ts";

export const US = [10, 0, 0, 1];
export const THEM = [10, 0, 0, 2];

/** Milliseconds in which an answer must come that is due at once. */
export const SOON = 300;
/** Milliseconds after which silence counts. */
export const QUIET = 250;

export interface IpFields {
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
  readonly protocol: number;
  readonly ttl?: number;
  readonly id?: number;
  /** Flags and offset, as the 16-bit field. */
  readonly fragment?: number;
  readonly options?: readonly number[];
  readonly version?: number;
  readonly headerWords?: number;
  readonly length?: number;
  readonly badChecksum?: boolean;
  readonly tos?: number;
}

export function ip(fields: IpFields, payload: Uint8Array, padding = 0): Uint8Array {
  const options = [...fields.options ?? []];
  while (options.length % 4) options.push(0);
  const header = 20 + options.length;
  const bytes = new Uint8Array(header + payload.length + padding);
  const view = new DataView(bytes.buffer);
  bytes[0] = (fields.version ?? 4) << 4 | (fields.headerWords ?? header / 4);
  bytes[1] = fields.tos ?? 0;
  view.setUint16(2, fields.length ?? header + payload.length);
  view.setUint16(4, fields.id ?? 0x1234);
  view.setUint16(6, fields.fragment ?? 0);
  bytes[8] = fields.ttl ?? 64;
  bytes[9] = fields.protocol;
  bytes.set(fields.source ?? US, 12);
  bytes.set(fields.destination ?? THEM, 16);
  bytes.set(options, 20);
  const checksum = foldChecksum(sumBytes(bytes, 0, header));
  view.setUint16(10, fields.badChecksum ? checksum ^ 1 : checksum);
  bytes.set(payload, header);
  return bytes;
}

export interface Ipv6Fields {
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
  readonly next: number;
  readonly hopLimit?: number;
  readonly length?: number;
  readonly version?: number;
}

export function ip6(fields: Ipv6Fields, payload: Uint8Array, padding = 0): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length + padding);
  bytes[0] = (fields.version ?? 6) << 4;
  new DataView(bytes.buffer).setUint16(4, fields.length ?? payload.length);
  bytes[6] = fields.next;
  bytes[7] = fields.hopLimit ?? 64;
  bytes.set(fields.source ?? [], 8);
  bytes.set(fields.destination ?? [], 24);
  bytes.set(payload, 40);
  return bytes;
}

/** An IP packet, read. */
export class IpPacket {
  readonly view: DataView;
  readonly payload: Uint8Array;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes[0]! >> 4 === 6) {
      this.payload = bytes.subarray(40, 40 + this.view.getUint16(4));
      assertEquals(this.payload.length, this.view.getUint16(4), "payload length");
      return;
    }
    const header = (bytes[0]! & 15) * 4;
    assertEquals(bytes[0]! >> 4, 4, "version");
    assertEquals(foldChecksum(sumBytes(bytes, 0, header)), 0, "IPv4 header checksum");
    assertEquals(this.view.getUint16(2) <= bytes.length, true, "total length");
    this.payload = bytes.subarray(header, this.view.getUint16(2));
  }
  get six(): boolean {
    return this.bytes[0]! >> 4 === 6;
  }
  get protocol(): number {
    return this.bytes[this.six ? 6 : 9]!;
  }
  get ttl(): number {
    return this.bytes[this.six ? 7 : 8]!;
  }
  /** Its addresses, one behind the other. */
  get addresses(): Uint8Array {
    return this.six ? this.bytes.subarray(8, 40) : this.bytes.subarray(12, 20);
  }
  get id(): number {
    return this.view.getUint16(4);
  }
  get fragment(): number {
    return this.view.getUint16(6);
  }
  get source(): string {
    return this.bytes.subarray(12, 16).join(".");
  }
  get destination(): string {
    return this.bytes.subarray(16, 20).join(".");
  }
}

export function icmpMessage(type: number, code: number, rest: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  bytes[0] = type;
  bytes[1] = code;
  bytes.set(rest, 4);
  bytes.set(data, 8);
  new DataView(bytes.buffer).setUint16(2, foldChecksum(sumBytes(bytes, 0, bytes.length)));
  return bytes;
}

export function pseudoSum(source: readonly number[], destination: readonly number[], protocol: number, length: number) {
  const addresses = Uint8Array.from([...source, ...destination]);
  return sumBytes(addresses, 0, addresses.length, protocol + length);
}

export interface UdpFields {
  readonly source?: number;
  readonly destination: number;
  readonly length?: number;
  readonly checksum?: number;
  /** The addresses in the pseudo-header. */
  readonly us?: readonly number[];
  readonly them?: readonly number[];
}

export function udpDatagram(fields: UdpFields, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, fields.source ?? 5000);
  view.setUint16(2, fields.destination);
  view.setUint16(4, fields.length ?? bytes.length);
  bytes.set(data, 8);
  const sum = pseudoSum(fields.us ?? US, fields.them ?? THEM, 17, fields.length ?? bytes.length);
  view.setUint16(6, fields.checksum ?? (foldChecksum(sumBytes(bytes, 0, bytes.length, sum)) || 0xffff));
  return bytes;
}

/** An ICMPv6 message. */
export function icmp6(
  type: number,
  code: number,
  rest: readonly number[],
  data: ArrayLike<number>,
  source: readonly number[],
  destination: readonly number[],
): Uint8Array {
  const bytes = icmpMessage(type, code, rest, Uint8Array.from(data));
  bytes[2] = bytes[3] = 0;
  const sum = pseudoSum(source, destination, 58, bytes.length);
  new DataView(bytes.buffer).setUint16(2, foldChecksum(sumBytes(bytes, 0, bytes.length, sum)));
  return bytes;
}

/** A fragment of IPv6, from its fragment header on: the offset in bytes. */
export function fragment6(next: number, id: number, offset: number, more: boolean, data: Uint8Array): Uint8Array {
  const bits = offset | Number(more);
  return Uint8Array.from([next, 0, bits >> 8, bits & 255, 0, 0, id >> 8, id & 255, ...data]);
}

/** A payload of IPv6 in fragments of these sizes. */
export function fragments6(whole: Uint8Array, next: number, id: number, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    const part = fragment6(next, id, at, at + size < whole.length, whole.subarray(at, at + size));
    at += size;
    return part;
  });
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function filled(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

/** A 32-bit number as its bytes. */
export function word(value: number): number[] {
  return [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];
}

/** An echo request. */
export function echo(id: number, data: Uint8Array = text("x"), sequence = 1): Uint8Array {
  return icmpMessage(8, 0, [0, id, 0, sequence], data);
}

/** Reads on until a packet fits, `ms` at most. */
export async function next(
  wire: Wire,
  fits: (packet: IpPacket) => boolean,
  ms = SOON,
): Promise<IpPacket | null> {
  const end = wire.now() + ms;
  for (;;) {
    const bytes = await wire.take(Math.max(end - wire.now(), 0));
    if (!bytes) return null;
    const packet = new IpPacket(bytes);
    if (fits(packet)) return packet;
  }
}

/** The next message of ICMP. */
export function nextIcmp(wire: Wire, ms?: number): Promise<IpPacket | null> {
  return next(wire, (p) => p.protocol === 1, ms);
}

/** The next packet of UDP. */
export function nextUdp(wire: Wire, ms?: number): Promise<IpPacket | null> {
  return next(wire, (p) => p.protocol === 17, ms);
}

/** Whether an echo is answered. */
export async function answersEcho(wire: Wire, id: number): Promise<boolean> {
  return await next(wire, (p) => p.protocol === 1 && p.payload[0] === 0 && p.payload[5] === id, QUIET) !== null;
}

/** Waits for a whole datagram, its fragments put together. */
export async function datagram(wire: Wire, protocol: number, ms = SOON): Promise<Uint8Array | null> {
  let size = -1;
  const whole = new Uint8Array(65_536);
  let have = 0;
  for (;;) {
    const packet = await next(wire, (p) => p.protocol === protocol, ms);
    if (!packet) return null;
    const offset = (packet.fragment & 0x1fff) * 8;
    whole.set(packet.payload, offset);
    have += packet.payload.length;
    if (!(packet.fragment & 0x2000)) size = offset + packet.payload.length;
    if (have === size) return whole.slice(0, size);
  }
}

/** What the echo of UDP gives back, its fragments put together. */
export async function udpEcho(wire: Wire): Promise<Uint8Array | null> {
  const got = await datagram(wire, 17, QUIET);
  return got && got.slice(8);
}
