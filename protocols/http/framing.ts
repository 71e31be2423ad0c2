/**
 * How long a message's content is (RFC 9112, 6), and what else its field lines say of the connection.
 *
 * @module
 */

import type { HeadParser } from "./head_parser.ts";

/** The length of content that comes in chunks. */
export const CHUNKED = -1;
/** The length of content that ends with the connection; only responses have it. */
export const UNTIL_CLOSE = -2;

/** How long the names of host, expect, connection, content-length and transfer-encoding are. */
const LENGTHS: readonly number[] = [4, 6, 10, 14, 17];

/** What the field lines of one head say of its framing. */
export class Framing {
  /** Bytes of the content; 0 for none, {@linkcode CHUNKED} or {@linkcode UNTIL_CLOSE}. */
  length: number = 0;
  /** Whether the message says how long it is. */
  known: boolean = false;
  /** Whether the connection stays open after the message. */
  keepAlive: boolean = false;
  /** Whether the other side asked in so many words to keep the connection open. */
  askedToKeep: boolean = false;
  /** Whether the sender waits for 100 (Continue). */
  expectsContinue: boolean = false;
  /** The index of the Host field line; -1 for none. */
  host: number = -1;
}

/**
 * Reads what a head says of the framing. Content-Length and Transfer-Encoding together, twice, or in any other way than
 * the one that all recipients read alike, are refused.
 *
 * @param parser The head.
 * @param text The head in text.
 * @param framing What it says goes here.
 * @returns 0; or the status to refuse it with, negative.
 */
export function readFraming(parser: HeadParser, text: string, framing: Framing): number {
  const { offsets, count, minor } = parser;
  let length = -1;
  let codings: string | null = null;
  let connection: string | null = null;
  let expect: string | null = null;
  for (let i = 0; i < count; i++) {
    const name = offsets[4 * i]!;
    const end = offsets[4 * i + 1]!;
    // Names of other lengths are of no interest here, and are most.
    if (!LENGTHS.includes(end - name)) continue;
    const content = value(parser, text, i);
    switch (text.slice(name, end).toLowerCase()) {
      case "host":
        if (framing.host >= 0) return parser.fail(400, "host");
        framing.host = i;
        break;
      case "expect":
        expect = append(expect, content);
        break;
      case "connection":
        connection = append(connection, content);
        break;
      case "content-length":
        if (length >= 0 || !/^\d+$/.test(content)) return parser.fail(400, "contentLength");
        length = Number(content);
        if (length > Number.MAX_SAFE_INTEGER) return parser.fail(400, "contentLength");
        break;
      case "transfer-encoding":
        codings = append(codings, content);
    }
  }
  framing.known = true;
  if (codings !== null) {
    if (length >= 0 || minor === 0) return parser.fail(400, "transferEncoding");
    const list = elements(codings);
    if (list.pop() !== "chunked" || list.includes("chunked") || list.includes("")) {
      return parser.fail(400, "transferEncoding");
    }
    // Codings that nobody uses: gzip and the like belong into Content-Encoding.
    if (list.length > 0) return parser.fail(501, "transferEncoding");
    framing.length = CHUNKED;
  } else if (length >= 0) framing.length = length;
  else framing.known = false;
  framing.keepAlive = minor === 1;
  if (connection !== null) {
    const options = elements(connection);
    framing.askedToKeep = options.includes("keep-alive");
    framing.keepAlive = !options.includes("close") && (minor === 1 || framing.askedToKeep);
  }
  if (expect !== null && minor === 1) {
    // A list, in which empty elements are nothing (RFC 9110, 5.6.1, 10.1.1).
    const expectations = elements(expect).filter(Boolean);
    if (expectations.some((expectation) => expectation !== "100-continue")) return parser.fail(417, "expectation");
    framing.expectsContinue = expectations.length > 0 && framing.length !== 0;
  }
  return 0;
}

/**
 * The value of a field line.
 *
 * @param parser The head.
 * @param text The head in text.
 * @param index Which line.
 */
export function value(parser: HeadParser, text: string, index: number): string {
  return text.slice(parser.offsets[4 * index + 2], parser.offsets[4 * index + 3]);
}

/**
 * The elements of a list (RFC 9110, 5.6.1), empty ones too.
 *
 * @param list The list, of elements that are the same in either case.
 * @returns The elements in lower case.
 */
export function elements(list: string): string[] {
  return list.toLowerCase().split(/[ \t]*,[ \t]*/);
}

function append(values: string | null, more: string): string {
  return values === null ? more : `${values}, ${more}`;
}
