/**
 * Reads DNS messages (RFC 1035, 4.1).
 *
 * ```text
 *    0     2     4        6        8          10          12
 *    | ID  |flags| ques-  | an-    | author-  | addi-     | questions, records …
 *    |     |     | tions  | swers  | ities    | tionals   |
 * ```
 *
 * @module
 */

import { readName } from "../../core/domain_name.ts";
import { readRecords } from "./answer.ts";
import { DNS_HEADER, TYPE_OPT } from "./codes.ts";
import { type DnsDataOf, type DnsRecord, type DnsType, type Layout, LAYOUTS, typeName } from "./record.ts";

/** A question. */
export interface DnsQuestion {
  /** The name. */
  readonly name: string;
  /** The type, such as `"A"`; `"TYPE255"` asks for all. */
  readonly type: string;
  /** The class; in mDNS the highest bit asks for an answer to the asker alone. */
  readonly class: number;
}

/** A message. */
export interface DnsMessage {
  /** Which response belongs to which query. */
  readonly id: number;
  /** The flags. */
  readonly flags: number;
  /** What is asked. */
  readonly questions: readonly DnsQuestion[];
  /** What answers it. */
  readonly answers: readonly DnsRecord[];
  /** Who is an authority for it. */
  readonly authorities: readonly DnsRecord[];
  /** What helps. */
  readonly additionals: readonly DnsRecord[];
}

/**
 * Reads a message.
 *
 * @param bytes The message.
 * @returns It, copied; null when it is none, or ends too early without saying that it was cut.
 */
export function readMessage(bytes: Uint8Array): DnsMessage | null {
  if (bytes.length < DNS_HEADER) return null;
  const u16 = (at: number): number => bytes[at]! << 8 | bytes[at + 1]!;
  let at = DNS_HEADER;
  const questions: DnsQuestion[] = [];
  for (let left = u16(4); left > 0; left--) {
    const read = readName(bytes, at);
    if (!read || read.end + 4 > bytes.length) return null;
    at = read.end;
    questions.push({ name: read.name, type: typeName(u16(at)), class: u16(at + 2) });
    at += 4;
  }
  const all = readRecords(bytes as Uint8Array<ArrayBuffer>, at);
  if (!all) return null;
  const sections: DnsRecord[][] = [[], [], []];
  for (const { section, name, type, class: of, ttl, at, end } of all) {
    const called = typeName(type);
    const data = readData(bytes, LAYOUTS[called as DnsType], at, end) ?? bytes.slice(at, end);
    // An OPT record keeps other things in the place of its TTL.
    const seconds = ttl < 0 && type !== TYPE_OPT ? 0 : ttl >>> 0;
    sections[section]!.push({ name, type: called, class: of, ttl: seconds, data });
  }
  const [answers, authorities, additionals] = sections as [DnsRecord[], DnsRecord[], DnsRecord[]];
  return { id: u16(0), flags: u16(2), questions, answers, authorities, additionals };
}

/**
 * Reads a record's data.
 *
 * @param bytes The message.
 * @param layout How the data of its type is laid out; undefined where that is not known.
 * @param at Where the data begins.
 * @param end One past its last byte.
 * @returns The data; null when it does not fit its type.
 */
export function readData(
  bytes: Uint8Array,
  layout: Layout | undefined,
  at: number,
  end: number,
): DnsDataOf[DnsType] | null {
  if (!layout) return null;
  const [, kinds, names] = layout;
  const fields: Record<string, unknown> = {};
  let data: unknown;
  for (const [i, kind] of [...kinds].entries()) {
    if (kind === "n") {
      const read = readName(bytes, at);
      if (!read) return null;
      data = read.name;
      at = read.end;
    } else if (kind === "t") {
      const texts: string[] = data = [];
      while (at < end) {
        const next = at + 1 + bytes[at]!;
        if (next > end) return null;
        texts.push(new TextDecoder().decode(bytes.subarray(at + 1, at = next)));
      }
    } else {
      const size = kind === "6" ? 16 : kind === "s" ? 2 : 4;
      const field = bytes.subarray(at, at += size);
      if (at > end) return null;
      data = kind === "4" ? field.join(".") : kind === "6" ? groups(field) : field.reduce((n, b) => n * 256 + b, 0);
    }
    fields[names.split(" ")[i]!] = data;
  }
  return at === end ? (names ? fields : data) as DnsDataOf[DnsType] : null;
}

/** Writes the eight groups of an IPv6 address; the shortest form is for who has IPv6 to say. */
function groups(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8 | bytes[2 * i + 1]!).toString(16)).join(":");
}
