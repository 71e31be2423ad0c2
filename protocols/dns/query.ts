/**
 * Queries (RFC 1035, 4.1.1 and 4.1.2; RFC 6891), and which response belongs to one (RFC 5452, 4).
 *
 * @module
 */

import { writeName } from "../../core/domain_name.ts";
import { type DnsMessage, FLAG_RESPONSE, readMessage } from "./reader.ts";
import { CLASS_IN, typeNumber } from "./record.ts";

/** Bytes of a response that fit into a datagram that no usual link cuts into fragments (RFC 9715, 3.2). */
export const DNS_DATAGRAM = 1232;
/** The type of the record in which EDNS tells that. */
export const TYPE_OPT = 41;

/**
 * Writes a query.
 *
 * @param id Which response belongs to it, 0 to 65,535.
 * @param name The name's bytes.
 * @param type The type, such as `"A"`.
 * @param edns Whether it says that large responses are welcome.
 * @returns The message.
 */
export function writeQuery(id: number, name: Uint8Array, type: string, edns: boolean): Uint8Array<ArrayBuffer> {
  const number = typeNumber(type);
  const opt = edns ? [0, 0, TYPE_OPT, DNS_DATAGRAM >> 8, DNS_DATAGRAM & 255, 0, 0, 0, 0, 0, 0] : [];
  const header = [id >> 8, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0];
  return Uint8Array.of(...header, ...name, number >> 8, number, 0, CLASS_IN, ...opt);
}

/**
 * Reads the response to a query.
 *
 * @param bytes What came.
 * @param query The query.
 * @param length Bytes of the query's header and question, which the response must repeat.
 * @returns The response; null when it is none, or that to another query.
 */
export function readResponse(bytes: Uint8Array, query: Uint8Array, length: number): DnsMessage | null {
  const fold = (byte: number | undefined): number => byte! > 64 && byte! < 91 ? byte! + 32 : byte!;
  for (let i = 0; i < length; i++) {
    // Its flags and counts are its own, but for the one question.
    if ((i < 2 || i > 3 && i < 6 || i > 11) && fold(bytes[i]) !== fold(query[i])) return null;
  }
  const message = readMessage(bytes);
  return message && message.flags & FLAG_RESPONSE ? message : null;
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
