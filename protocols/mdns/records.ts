/**
 * The records of a host and its services (RFC 6762, 10; RFC 6763), and how two of them compare.
 *
 * @module
 */

import { writeName } from "../../core/domain_name.ts";
import { CLASS_IN } from "../dns/codes.ts";
import { type DnsRecord, sameName, typeNumber } from "../dns/record.ts";
import { writeMessage } from "../dns/writer.ts";
import type { MdnsService } from "./settings.ts";

/** The bit of a class that says: forget what you knew of this name and type (RFC 6762, 10.2). */
export const CACHE_FLUSH = 0x8000;
/** Seconds for records that depend on the host's addresses (RFC 6762, 10). */
const HOST_TTL = 120;
/** Seconds for all others. */
const OTHER_TTL = 4500;
/** Bytes before the name of the first record, which is the root here, and of the name. */
const HEADER = 13;

/** A label that may hold dots, as part of a name. */
function label(text: string): string {
  return text.replace(/[.\\]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, "0")}`);
}

/**
 * Makes the records that only one host has: its addresses, and where its services are.
 *
 * @param hostname The host's name, without `.local`.
 * @param addresses Its addresses, in text.
 * @param services Its services.
 * @returns The records.
 */
export function uniqueRecords(
  hostname: string,
  addresses: readonly string[],
  services: readonly MdnsService[],
): DnsRecord[] {
  const host = `${hostname}.local`;
  const records = addresses.map((data): DnsRecord => ({
    name: host,
    type: data.includes(":") ? "AAAA" : "A",
    class: CLASS_IN,
    ttl: HOST_TTL,
    data,
  }));
  for (const service of services) {
    const name = instanceName(service);
    const srv = { priority: 0, weight: 0, port: service.port, target: host };
    records.push({ name, type: "SRV", class: CLASS_IN, ttl: HOST_TTL, data: srv });
    records.push({ name, type: "TXT", class: CLASS_IN, ttl: OTHER_TTL, data: [...service.txt ?? [""]] });
  }
  return records;
}

/**
 * Makes the records that many hosts have: which services there are of a type, and which types.
 *
 * @param services The services.
 * @returns The records.
 */
export function sharedRecords(services: readonly MdnsService[]): DnsRecord[] {
  const pointer = (name: string, data: string): DnsRecord => ({
    name,
    type: "PTR",
    class: CLASS_IN,
    ttl: OTHER_TTL,
    data,
  });
  return services.flatMap((service) => [
    pointer(`${service.type}.local`, instanceName(service)),
    pointer("_services._dns-sd._udp.local", `${service.type}.local`),
  ]);
}

/**
 * Makes the records that say which types names have, and so which they have not (RFC 6762, 6.1; RFC 4034, 4.1).
 *
 * @param unique The records that only one host has.
 * @returns One for each name.
 */
export function denials(unique: readonly DnsRecord[]): DnsRecord[] {
  return [...new Set(unique.map(({ name }) => name))].map((name) => {
    const own = unique.filter((record) => record.name === name);
    const types = own.map(({ type }) => typeNumber(type));
    // All are below 64: one window, a bit for each type, the highest first.
    const bits = new Uint8Array((Math.max(...types) >> 3) + 1);
    for (const type of types) bits[type >> 3]! |= 0x80 >> (type & 7);
    const data = Uint8Array.of(...writeName(name)!, 0, bits.length, ...bits);
    return { name, type: "TYPE47", class: CLASS_IN, ttl: Math.min(...own.map(({ ttl }) => ttl)), data };
  });
}

/** The name of a service. */
function instanceName({ name, type }: MdnsService): string {
  return `${label(name)}.${type}.local`;
}

/**
 * Writes what makes a record what it is: class, type and data, in the order in which two of them compare (RFC 6762, 8.2).
 *
 * @param record The record.
 * @returns Its bytes, as text of one character each.
 */
export function essence(record: DnsRecord): string {
  const answers = [{ ...record, name: "" }];
  const bytes = writeMessage({ id: 0, flags: 0, questions: [], answers, authorities: [], additionals: [] });
  const [typeHigh, typeLow, classHigh, classLow] = bytes.subarray(HEADER);
  // Its TTL, and the length, are of no account.
  const data = bytes.subarray(HEADER + 10);
  let text = String.fromCharCode(classHigh! & 127, classLow!, typeHigh!, typeLow!);
  for (const byte of data) text += String.fromCharCode(byte);
  return text;
}

/**
 * Tells whether two records are of the same name.
 *
 * @param a One record.
 * @param b The other.
 * @returns Whether they are.
 */
export function isNamesake(a: DnsRecord, b: DnsRecord): boolean {
  // Text from options may be written otherwise than text from the wire.
  return sameName(canonical(a.name), canonical(b.name));
}

/**
 * Writes a name as it is read from the wire.
 *
 * @param name The name.
 * @returns The same, octets beyond ASCII as numbers.
 */
export function canonical(name: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(name)) {
    text += byte > 32 && byte < 127 ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}
