/** Frames made by hand, with right checksums, for tests of what reads them. */

import { foldChecksum, sumBytes } from "../../core/checksum.ts";

/** 10.0.0.1 and 10.0.0.2, and fd00::1 and fd00::2. */
const A4 = [10, 0, 0, 1], B4 = [10, 0, 0, 2];
const A6 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], B6 = [...A6.slice(0, 15), 2];
const MAC_A = [2, 0, 0, 0, 0, 1], MAC_B = [2, 0, 0, 0, 0, 2];

function u16(value: number): number[] {
  return [value >> 8 & 255, value & 255];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

function checksum(bytes: number[]): number[] {
  return u16(foldChecksum(sumBytes(Uint8Array.from(bytes), 0, bytes.length)));
}

function transport(protocol: number, header: number[], at: number, payload: number[], six: boolean): number[] {
  const body = [...header, ...payload];
  const pseudo = six
    ? [...A6, ...B6, ...u32(body.length), 0, 0, 0, protocol]
    : [...A4, ...B4, 0, protocol, ...u16(body.length)];
  const sum = checksum([...pseudo, ...body]);
  body.splice(at, 2, ...sum);
  return body;
}

export function ipv4(protocol: number, body: number[], fragment = 0): Uint8Array {
  const header = [
    0x45,
    0,
    ...u16(20 + body.length),
    0x12,
    0x34,
    ...u16(fragment),
    64,
    protocol,
    0,
    0,
    ...A4,
    ...B4,
  ];
  header.splice(10, 2, ...checksum(header));
  return Uint8Array.from([...header, ...body]);
}

export function ipv6(next: number, body: number[]): Uint8Array {
  return Uint8Array.from([0x60, 0, 0, 0, ...u16(body.length), next, 64, ...A6, ...B6, ...body]);
}

export function udp(source: number, destination: number, payload: number[], six = false): number[] {
  return transport(17, [...u16(source), ...u16(destination), ...u16(8 + payload.length), 0, 0], 6, payload, six);
}

export interface Segment {
  source?: number;
  destination?: number;
  seq?: number;
  ack?: number;
  flags: number;
  window?: number;
  options?: number[];
  payload?: number[];
}

export function tcp(segment: Segment, six = false): number[] {
  const options = segment.options ?? [];
  const header = [
    ...u16(segment.source ?? 53124),
    ...u16(segment.destination ?? 80),
    ...u32(segment.seq ?? 123),
    ...u32(segment.ack ?? 0),
    (20 + options.length) << 2 & 0xf0,
    segment.flags,
    ...u16(segment.window ?? 65535),
    0,
    0,
    0,
    0,
    ...options,
  ];
  return transport(6, header, 16, segment.payload ?? [], six);
}

export function echo(type: number, six = false): number[] {
  const header = [type, 0, 0, 0, 0, 7, 0, 1];
  const payload = [1, 2, 3, 4];
  if (six) return transport(58, header, 2, payload, true);
  const body = [...header, ...payload];
  body.splice(2, 2, ...checksum(body));
  return body;
}

export function arp(operation: number): number[] {
  return [0, 1, 8, 0, 6, 4, 0, operation, ...MAC_A, ...A4, 0, 0, 0, 0, 0, 0, ...B4];
}

export function ethernet(type: number, body: Iterable<number>, vlan?: number): Uint8Array {
  const tag = vlan === undefined ? [] : [0x81, 0, ...u16(vlan)];
  return Uint8Array.from([...MAC_B, ...MAC_A, ...tag, ...u16(type), ...body]);
}
