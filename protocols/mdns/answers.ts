/**
 * What a host says to a query (RFC 6762, 6 and 7; RFC 6763, 12).
 *
 * @module
 */

import { CLASS_ANY, CLASS_IN } from "../dns/codes.ts";
import type { DnsMessage, DnsQuestion } from "../dns/reader.ts";
import { type DnsRecord, sameName } from "../dns/record.ts";
import { canonical, denials, essence } from "./records.ts";
import { ANY, UNICAST_WANTED } from "./settings.ts";

/** What a host says to a query. */
export interface MdnsAnswers {
  /** The questions that it understands. */
  readonly questions: readonly DnsQuestion[];
  /** What answers them. */
  readonly answers: readonly DnsRecord[];
  /** What the asker will want next. */
  readonly additionals: readonly DnsRecord[];
  /** How many answers the asker knows already. */
  readonly suppressed: number;
}

/**
 * Finds what to say to a query.
 *
 * @param query The query.
 * @param unique The records that only this host has.
 * @param shared Those that others may have too.
 * @param legacy Whether the asker is from before mDNS (6.7).
 * @returns What to say; no answers when that is nothing.
 */
export function answersTo(
  query: DnsMessage,
  unique: readonly DnsRecord[],
  shared: readonly DnsRecord[],
  legacy: boolean,
): MdnsAnswers {
  const questions = query.questions.filter((one) => [CLASS_IN, CLASS_ANY].includes(one.class & ~UNICAST_WANTED));
  const matches = (record: DnsRecord, { name, type }: DnsQuestion): boolean =>
    sameName(canonical(record.name), name) && (type === record.type || type === ANY);
  const wanted = [...unique, ...shared].filter((record) => questions.some((question) => matches(record, question)));
  const absent = questions.filter((question) => !unique.some((record) => matches(record, question)));
  // Of a name that is ours alone we know what it has not, and say so (6.1).
  const denied = denials(unique).filter(({ name }) =>
    !legacy && absent.some((question) => sameName(canonical(name), question.name))
  );
  // Who will forget an answer soon is told again (7.1).
  const known = new Map(query.answers.map((record) => [key(record.name, record), record.ttl]));
  const all = [...wanted, ...denied];
  const answers = all.filter((record) => (known.get(key(canonical(record.name), record)) ?? 0) < record.ttl / 2);
  const addresses = unique.filter(isAddress);
  const more = answers.some(({ type }) => type === "PTR" || type === "SRV")
    ? unique
    // The addresses of the other family, or that there are none (6.2).
    : answers.some(isAddress)
    ? [...addresses, ...legacy ? [] : denials(addresses)]
    : [];
  const additionals = more.filter((record) => !answers.includes(record));
  return { questions, answers, additionals, suppressed: all.length - answers.length };
}

function key(name: string, record: DnsRecord): string {
  return `${name.toLowerCase()} ${essence(record)}`;
}

function isAddress({ type }: DnsRecord): boolean {
  return type === "A" || type === "AAAA";
}
