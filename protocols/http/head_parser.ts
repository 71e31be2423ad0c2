/**
 * The syntax of message heads (RFC 9112, 3 to 5): finds where everything lies, and refuses what does not fit.
 *
 * Nothing is repaired: what another recipient could read in another way is refused (RFC 9112, 11).
 *
 * @module
 */

import { COLON, CR, HTAB, LF, OCTETS, SP, TARGET, TOKEN, VALUE } from "./octets.ts";

/** Empty lines that may come before a request line, in bytes (RFC 9112, 2.2). */
const EMPTY_LINES = 16;
/** Bytes of a method; no one registered has more than 17. */
const LONGEST_METHOD = 64;
/** Bytes of a line's end and version: `HTTP/1.1` CRLF. */
const VERSION = "HTTP/0.0\r\n";

/** How large the head of a message may be. */
export interface HeadLimits {
  /** Bytes of the request target, or of the reason phrase. */
  readonly target: number;
  /** Bytes of all field lines. */
  readonly fields: number;
  /** Field lines. */
  readonly count: number;
}

/** A result of the parser: the head is not complete yet. */
export const INCOMPLETE = 0;

/** Where the parts of one message head lie. */
export class HeadParser {
  /** Where the start line begins. */
  start: number = 0;
  /** Where the method, or the version of a status line, ends. */
  methodEnd: number = 0;
  /** Where the request target, or the reason phrase, ends. */
  targetEnd: number = 0;
  /** The minor version: 0, or 1 for all later ones. */
  minor: number = 0;
  /** The status of a response. */
  status: number = 0;
  /** Field lines. */
  count: number = 0;
  /** Four for each field line: where its name begins and ends, and its value. */
  readonly offsets: Int32Array;
  /** Whether all octets are ASCII. */
  ascii: boolean = true;
  /** What was wrong, as the counters name it. */
  reason: string = "";
  /** How large the head may be. */
  readonly limits: HeadLimits;

  /**
   * Makes a parser, which can be used again.
   *
   * @param limits How large the head may be.
   */
  constructor(limits: HeadLimits) {
    this.limits = limits;
    this.offsets = new Int32Array(limits.count * 4);
  }

  /** Bytes that a head can have at the most. */
  get most(): number {
    return EMPTY_LINES + LONGEST_METHOD + this.limits.target + this.limits.fields + 32;
  }

  /**
   * Refuses the head.
   *
   * @param status The status to answer with.
   * @param reason What is wrong.
   * @returns The status, negative.
   */
  fail(status: number, reason: string): number {
    this.reason = reason;
    return -status;
  }
}

/**
 * Reads the head of a request.
 *
 * @param parser What it finds goes here.
 * @param bytes The bytes received, from the head's first on.
 * @param end How many there are.
 * @returns Bytes of the head; {@linkcode INCOMPLETE}; or the status to refuse it with, negative.
 */
export function parseRequestHead(parser: HeadParser, bytes: Uint8Array, end: number): number {
  let at = 0;
  while (at < EMPTY_LINES && at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  if (at === end || at + 1 === end && bytes[at] === CR) return INCOMPLETE;
  parser.start = at;
  const start = at;
  while (at < end && OCTETS[bytes[at]!]! & TOKEN) at++;
  if (at - start > LONGEST_METHOD) return parser.fail(501, "method");
  if (at === end) return INCOMPLETE;
  if (at === start || bytes[at] !== SP) return parser.fail(400, "requestLine");
  parser.methodEnd = at;
  const target = ++at;
  while (at < end && OCTETS[bytes[at]!]! & TARGET) at++;
  if (at - target > parser.limits.target) return parser.fail(414, "longTarget");
  if (at === end) return INCOMPLETE;
  if (at === target || bytes[at] !== SP) return parser.fail(400, "requestLine");
  parser.targetEnd = at++;
  const bad = parseVersion(parser, bytes, at, end, VERSION);
  if (bad) return bad === -1 ? INCOMPLETE : bad;
  return parseFields(parser, bytes, at + VERSION.length, end, 0, false);
}

/**
 * Reads an HTTP version (RFC 9112, 2.3).
 *
 * @param parser What it finds goes here.
 * @param bytes The bytes.
 * @param at Where it begins.
 * @param end Where the bytes end.
 * @param pattern What stands there; 0 is any digit.
 * @returns 0 when it fits and is complete; -1 when it is not complete; or the status to refuse it with, negative.
 */
function parseVersion(parser: HeadParser, bytes: Uint8Array, at: number, end: number, pattern: string): number {
  for (let i = 0; i < pattern.length; i++) {
    if (at + i === end) return -1;
    const wanted = pattern.charCodeAt(i);
    const octet = bytes[at + i]!;
    if (wanted === 48 ? octet < 48 || octet > 57 : octet !== wanted) return parser.fail(400, "version");
  }
  if (bytes[at + 5] !== 49) return parser.fail(505, "version");
  parser.minor = bytes[at + 7] === 48 ? 0 : 1;
  return 0;
}

/**
 * Reads the head of a response.
 *
 * @param parser What it finds goes here.
 * @param bytes The bytes received, from the head's first on.
 * @param end How many there are.
 * @returns Bytes of the head; {@linkcode INCOMPLETE}; or -502 when it is to be refused.
 */
export function parseResponseHead(parser: HeadParser, bytes: Uint8Array, end: number): number {
  parser.start = 0;
  const bad = parseVersion(parser, bytes, 0, end, "HTTP/0.0 000");
  if (bad) return bad === -1 ? INCOMPLETE : parser.fail(502, "statusLine");
  let at = 12;
  parser.status = bytes[9]! * 100 + bytes[10]! * 10 + bytes[11]! - 48 * 111;
  parser.methodEnd = at;
  if (at === end) return INCOMPLETE;
  // Some servers leave out the space before an empty reason phrase; nothing can be read in two ways by it.
  if (bytes[at] === SP) parser.methodEnd = ++at;
  else if (bytes[at] !== CR) return parser.fail(502, "statusLine");
  let all = 0;
  while (at < end && OCTETS[bytes[at]!]! & VALUE) all |= bytes[at++]!;
  if (at - 12 > parser.limits.target) return parser.fail(502, "statusLine");
  parser.targetEnd = at;
  if (at + 1 >= end) return INCOMPLETE;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return parser.fail(502, "statusLine");
  const length = parseFields(parser, bytes, at + 2, end, all, true);
  return length < 0 ? -502 : length;
}

/**
 * Reads a trailer section (RFC 9112, 7.1.2).
 *
 * @param parser What it finds goes here.
 * @param bytes The bytes received, from the section's first on.
 * @param end How many there are.
 * @returns Bytes of the section; {@linkcode INCOMPLETE}; or the status to refuse it with, negative.
 */
export function parseTrailer(parser: HeadParser, bytes: Uint8Array, end: number): number {
  return parseFields(parser, bytes, 0, end, 0, false);
}

/**
 * Reads the field lines up to the empty line (RFC 9112, 5).
 *
 * @param parser What it finds goes here.
 * @param bytes The bytes.
 * @param at Where the first line begins.
 * @param end Where the bytes end.
 * @param all The octets before that may be above ASCII, joined by OR.
 * @param folds Whether a value may go on in the next line, as old servers have it; the line's end becomes space then, in
 * the bytes themselves (RFC 9112, 5.2). In requests that is refused.
 * @returns Where the head ends; {@linkcode INCOMPLETE}; or the status to refuse it with, negative.
 */
function parseFields(
  parser: HeadParser,
  bytes: Uint8Array,
  at: number,
  end: number,
  all: number,
  folds: boolean,
): number {
  const { offsets, limits } = parser;
  // So that the sum cannot be passed by, whatever the last line is.
  const most = at + limits.fields;
  let count = 0;
  while (at < end) {
    if (bytes[at] === CR) {
      if (at + 1 === end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return parser.fail(400, "lineEnd");
      parser.count = count;
      parser.ascii = all < 128;
      return at + 2;
    }
    const name = at;
    while (at < end && OCTETS[bytes[at]!]! & TOKEN) at++;
    if (at > most) return parser.fail(431, "largeFields");
    if (at === end) return INCOMPLETE;
    // Neither space before the colon nor at the line's start, which once continued the line before (RFC 9112, 5.1, 5.2).
    if (at === name || bytes[at] !== COLON) return parser.fail(400, "fieldName");
    const nameEnd = at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const value = at;
    for (;;) {
      let octet = 0;
      while (at < end && OCTETS[octet = bytes[at]!]! & VALUE) {
        all |= octet;
        at++;
      }
      if (at > most) return parser.fail(431, "largeFields");
      if (at === end) return INCOMPLETE;
      if (octet !== CR) return parser.fail(400, octet === LF ? "lineEnd" : "fieldValue");
      if (at + 1 === end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return parser.fail(400, "lineEnd");
      if (!folds) break;
      if (at + 2 === end) return INCOMPLETE;
      if (bytes[at + 2] !== SP && bytes[at + 2] !== HTAB) break;
      bytes[at] = bytes[at + 1] = SP;
    }
    let valueEnd = at;
    while (valueEnd > value && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    if (count === limits.count) return parser.fail(431, "manyFields");
    const entry = count++ * 4;
    offsets[entry] = name;
    offsets[entry + 1] = nameEnd;
    offsets[entry + 2] = value;
    offsets[entry + 3] = valueEnd;
    at += 2;
    if (at > most) return parser.fail(431, "largeFields");
  }
  return INCOMPLETE;
}
