/**
 * Queries (RFC 1035, 4.1.1 and 4.1.2; RFC 6891), and which response belongs to one (RFC 5452, 4).
 *
 * @module
 */

import { writeName } from "../../core/domain_name.ts";
import { readRecords, type RecordAt } from "./answer.ts";
import { CLASS_IN, DNS_DATAGRAM, DNS_HEADER, FLAG_RESPONSE, FORMAT_ERROR, RCODE, TYPE_OPT } from "./codes.ts";

/** The response to a query. */
export interface DnsResponse {
  /** The message. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The flags. */
  readonly flags: number;
  /** The records. */
  readonly records: readonly RecordAt[];
}

/**
 * Writes a query.
 *
 * @param id Which response belongs to it: the low 16 bits.
 * @param name The name's bytes.
 * @param type The number of the type.
 * @param edns Whether it says that large responses are welcome.
 * @returns The message.
 */
export function writeQuery(id: number, name: Uint8Array, type: number, edns: boolean): Uint8Array<ArrayBuffer> {
  const opt = edns ? [0, 0, TYPE_OPT, DNS_DATAGRAM >> 8, DNS_DATAGRAM, 0, 0, 0, 0, 0, 0] : [];
  return Uint8Array.of(id >> 8, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, +edns, ...name, type >> 8, type, 0, CLASS_IN, ...opt);
}

/**
 * Reads the response to a query.
 *
 * @param bytes What came, which must stay as it is.
 * @param query The query.
 * @param length Bytes of the query's header and question, which the response must repeat.
 * @returns The response; null when it is none, or that to another query.
 */
export function readResponse(
  bytes: Uint8Array<ArrayBuffer>,
  query: Uint8Array,
  length: number,
): DnsResponse | null {
  const flags = bytes[2]! << 8 | bytes[3]!;
  // A server that does not understand the query may repeat nothing of it (RFC 6891, 7).
  const bare = bytes.length === DNS_HEADER && (flags & RCODE) === FORMAT_ERROR;
  // Its flags and counts are its own, but for the one question, in which upper and lower case are the same (RFC 4343).
  const same = (bytes: Uint8Array): string =>
    String.fromCharCode(
      ...bytes.subarray(0, 2),
      ...bare ? [] : [...bytes.subarray(4, 6), ...bytes.subarray(DNS_HEADER, length)],
    );
  if (same(bytes).toLowerCase() !== same(query).toLowerCase()) return null;
  const records = readRecords(bytes, length);
  return records && flags & FLAG_RESPONSE ? { bytes, flags, records } : null;
}

/**
 * Writes a name's bytes, or says that it is none.
 *
 * @param name The name.
 * @returns Its bytes.
 * @throws {SyntaxError} When it is no name.
 */
export function nameBytes(name: string): Uint8Array<ArrayBuffer> {
  const bytes = writeName(name);
  if (!bytes) throw new SyntaxError(`Cannot parse "${name}" as a domain name such as "example.com"`);
  return bytes;
}
