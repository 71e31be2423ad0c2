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
import { type DnsRecord, type DnsType, LAYOUTS, typeName } from "./record.ts";

/** Bytes of the header. */
export const DNS_HEADER = 12;
/** Flag: this is a response. */
export const FLAG_RESPONSE = 0x8000;
/** Flags: the kind of query; 0 is an ordinary one. */
export const OPCODE = 0x7800;
/** Flag: the server is an authority for the name. */
export const FLAG_AUTHORITATIVE = 0x0400;
/** Flag: the message was cut. */
export const FLAG_TRUNCATED = 0x0200;
/** Flag: the server shall ask others. */
export const FLAG_RECURSION_DESIRED = 0x0100;
/** Flag: the server asks others. */
export const FLAG_RECURSION_AVAILABLE = 0x0080;
/** Flags: how it went. */
export const RCODE = 0x000f;

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
  const sections: DnsRecord[][] = [[], [], []];
  const message = (): DnsMessage => {
    const [answers, authorities, additionals] = sections as [DnsRecord[], DnsRecord[], DnsRecord[]];
    return { id: u16(0), flags: u16(2), questions, answers, authorities, additionals };
  };
  for (let left = u16(4); left > 0; left--) {
    const read = readName(bytes, at);
    if (!read || read.end + 4 > bytes.length) return null;
    at = read.end;
    questions.push({ name: read.name, type: typeName(u16(at)), class: u16(at + 2) });
    at += 4;
  }
  for (let section = 0; section < 3; section++) {
    for (let left = u16(6 + 2 * section); left > 0; left--) {
      const read = readName(bytes, at);
      const data = (read?.end ?? 0) + 10;
      const end = data + u16(data - 2);
      // Of a message that was cut, what is whole counts.
      if (!read || !(end <= bytes.length)) return u16(2) & FLAG_TRUNCATED ? message() : null;
      const type = typeName(u16(read.end));
      const seconds = u16(read.end + 4) * 65_536 + u16(read.end + 6);
      sections[section]!.push({
        name: read.name,
        type,
        class: u16(read.end + 2),
        // A TTL with the highest bit is 0 (RFC 2181, 8), but an OPT record keeps other things there.
        ttl: seconds >= 0x8000_0000 && type !== "TYPE41" ? 0 : seconds,
        data: readData(bytes, type, data, end) ?? bytes.slice(data, end),
      });
      at = end;
    }
  }
  return message();
}

/** Reads a record's data; null when it does not fit its type. */
function readData(bytes: Uint8Array, type: string, at: number, end: number): DnsRecord["data"] | null {
  if (!Object.hasOwn(LAYOUTS, type)) return null;
  const [, kinds, names] = LAYOUTS[type as DnsType];
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
  return at === end ? (names ? fields : data) as DnsRecord["data"] : null;
}

/** Writes the eight groups of an IPv6 address; the shortest form is for who has IPv6 to say. */
function groups(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8 | bytes[2 * i + 1]!).toString(16)).join(":");
}
