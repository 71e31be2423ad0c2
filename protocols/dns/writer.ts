/**
 * Writes DNS messages (RFC 1035, 4.1), names compressed (4.1.4): for servers and mDNS.
 *
 * @module
 */

import { writeName } from "../../core/domain_name.ts";
import { tryParseIpv4 } from "../../core/ipv4_address.ts";
import { tryParseIpv6 } from "../../core/ipv6_address.ts";
import { DNS_HEADER, FLAG_TRUNCATED } from "./codes.ts";
import type { DnsMessage } from "./reader.ts";
import { type DnsRecord, type DnsType, LAYOUTS, typeNumber } from "./record.ts";

/** Where the last name begins that a pointer can lead to. */
const FARTHEST = 0x3fff;
/** Types whose names may be compressed: those of RFC 1035 (RFC 3597, 4). */
const COMPRESSED = ["NS", "CNAME", "SOA", "PTR", "MX"];

/** A message under construction. */
class Writer {
  readonly bytes: number[] = [];
  /** Where each name begins that was written, by its bytes. */
  readonly #names: Map<string, number> = new Map();

  u16(value: number): void {
    this.bytes.push(value >>> 8 & 255, value & 255);
  }

  /** Writes a name, its end by a pointer where that stands before; false when it is none. */
  name(name: string, compress: boolean): boolean {
    const bytes = writeName(name);
    if (!bytes) return false;
    for (let at = 0; bytes[at] !== 0; at += 1 + bytes[at]!) {
      const key = String.fromCharCode(...bytes.subarray(at));
      const known = this.#names.get(key);
      if (known !== undefined && compress) {
        this.bytes.push(0xc0 | known >> 8, known & 255);
        return true;
      }
      if (known === undefined && this.bytes.length <= FARTHEST) this.#names.set(key, this.bytes.length);
      for (let i = 0; i <= bytes[at]!; i++) this.bytes.push(bytes[at + i]!);
    }
    this.bytes.push(0);
    return true;
  }

  /** Takes back what was written after a place. */
  rewind(at: number): void {
    this.bytes.length = at;
    for (const [name, begin] of this.#names) if (begin >= at) this.#names.delete(name);
  }

  /** Writes a record; false when its name or its data is none. */
  record(record: DnsRecord): boolean {
    const type = typeNumber(record.type);
    if (!type || !this.name(record.name, true)) return false;
    this.u16(type);
    this.u16(record.class);
    this.u16(record.ttl >>> 16);
    this.u16(record.ttl & 0xffff);
    const at = this.bytes.length;
    this.u16(0);
    if (!this.#data(record)) return false;
    const length = this.bytes.length - at - 2;
    this.bytes[at] = length >> 8;
    this.bytes[at + 1] = length & 255;
    return length < 65_536;
  }

  #data({ type, data }: DnsRecord): boolean {
    if (data instanceof Uint8Array) {
      for (const byte of data) this.bytes.push(byte);
      return true;
    }
    if (!Object.hasOwn(LAYOUTS, type)) return false;
    const [, kinds, names] = LAYOUTS[type as DnsType];
    const fields = names ? names.split(" ").map((name) => (data as unknown as Record<string, unknown>)[name]) : [data];
    return [...kinds].every((kind, i) => this.#field(kind, fields[i], COMPRESSED.includes(type)));
  }

  #field(kind: string, value: unknown, compress: boolean): boolean {
    if (kind === "n") return typeof value === "string" && this.name(value, compress);
    if (kind === "t") {
      for (const text of value as string[]) {
        const bytes = new TextEncoder().encode(text);
        if (bytes.length > 255) return false;
        this.bytes.push(bytes.length, ...bytes);
      }
      return true;
    }
    if (kind === "s" || kind === "l") {
      const size = kind === "s" ? 2 : 4;
      if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 256 ** size) return false;
      if (size === 4) this.u16((value as number) >>> 16);
      this.u16((value as number) & 0xffff);
      return true;
    }
    if (typeof value !== "string") return false;
    const address = kind === "4" ? tryParseIpv4(value) : tryParseIpv6(value);
    if (address === null) return false;
    const words = typeof address === "number" ? [address] : [address.a, address.b, address.c, address.d];
    for (const word of words) {
      this.u16(word >>> 16);
      this.u16(word & 0xffff);
    }
    return true;
  }
}

/**
 * Tells whether a record can be written.
 *
 * @param record The record.
 * @returns Whether its type is known, its names are names and its data fits the type.
 */
export function isWritable(record: DnsRecord): boolean {
  return new Writer().record(record);
}

/**
 * Writes a message.
 *
 * @param message The message, every record of which can be written: those that cannot are left out.
 * @param limit Bytes that it may have; what does not fit is left out, and the message says that it was cut unless that was
 * of the additional records (RFC 2181, 9).
 * @returns Its bytes.
 */
export function writeMessage(message: DnsMessage, limit: number = 65_535): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  const { bytes } = writer;
  const counts = [0, 0, 0, 0];
  let { flags } = message;
  for (let i = 0; i < DNS_HEADER; i++) bytes.push(0);
  for (const question of message.questions) {
    if (!writer.name(question.name, true)) continue;
    writer.u16(typeNumber(question.type));
    writer.u16(question.class);
    counts[0]!++;
  }
  // EDNS says what the rest depends on: it has its place first.
  const last = message.additionals.filter((record) => record.type === "TYPE41");
  const reserved = last.length * 11;
  let full = false;
  for (const [i, section] of [message.answers, message.authorities, message.additionals].entries()) {
    for (const record of section) {
      if (full || last.includes(record)) continue;
      const before = bytes.length;
      if (writer.record(record) && bytes.length + reserved <= limit) counts[i + 1]!++;
      else {
        full = bytes.length + reserved > limit;
        writer.rewind(before);
        if (full && i < 2) flags |= FLAG_TRUNCATED;
      }
    }
  }
  for (const record of last) if (writer.record(record)) counts[3]!++;
  for (const [i, value] of [message.id, flags, ...counts].entries()) {
    bytes[2 * i] = value >> 8 & 255;
    bytes[2 * i + 1] = value & 255;
  }
  return Uint8Array.from(bytes);
}
