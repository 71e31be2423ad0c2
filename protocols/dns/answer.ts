/**
 * Answers: the records of a message where they lie in it (RFC 1035, 4.1), as the resolver reads them.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import { readName } from "../../core/domain_name.ts";
import { DNS_HEADER, FLAG_TRUNCATED } from "./codes.ts";

/** A record where it lies. */
export interface RecordAt {
  /** The message. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it stands: 0 among the answers, 1 among the authorities, 2 among the additional records. */
  readonly section: number;
  /** Whose it is. */
  readonly name: string;
  /** The number of its type. */
  readonly type: number;
  /** Its class. */
  readonly class: number;
  /** Seconds for which it may be remembered, an int32: below 0 is not at all (RFC 2181, 8). */
  readonly ttl: number;
  /** Where its data begins. */
  readonly at: number;
  /** One past the last byte of its data. */
  readonly end: number;
}

/**
 * Reads the records of a message.
 *
 * @param bytes The message, which must stay as it is.
 * @param at Where its records begin, after the questions.
 * @returns The records; null where they end too early and the message does not say that it was cut.
 */
export function readRecords(bytes: Uint8Array<ArrayBuffer>, at: number): RecordAt[] | null {
  const u16 = (at: number): number => bytes[at]! << 8 | bytes[at + 1]!;
  const records: RecordAt[] = [];
  for (let section = 0; section < 3; section++) {
    for (let left = u16(DNS_HEADER - 6 + 2 * section); left > 0; left--) {
      const { name = "", end = NaN } = readName(bytes, at) ?? {};
      at = end + 10 + u16(end + 8);
      // Of a message that was cut, what is whole counts.
      if (!(at <= bytes.length)) return u16(2) & FLAG_TRUNCATED ? records : null;
      const [type, ttl] = [u16(end), getI32(bytes, end + 4)];
      records.push({ bytes, section, name, type, class: u16(end + 2), ttl, at: end + 10, end: at });
    }
  }
  return records;
}
