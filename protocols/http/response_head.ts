/**
 * The head of a response, understood.
 *
 * @module
 */

import { Framing, readFraming, value } from "./framing.ts";
import type { HeadParser } from "./head_parser.ts";
import { decodeOctets } from "./octets.ts";

/** The head of one response, as `Response` takes it, and the framing of its content. */
export interface ResponseHead {
  /** The status, 200 to 599. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** The fields: lines of one name joined (RFC 9110, 5.3). */
  readonly headers: Headers;
  /** The framing. */
  readonly framing: Framing;
}

/**
 * Understands the head of a final response.
 *
 * @param parser Where everything lies; says the reason when the head is refused.
 * @param bytes The octets.
 * @param length How many of them are the head's.
 * @returns The head; null when it is refused.
 */
export function readResponseHead(parser: HeadParser, bytes: Uint8Array, length: number): ResponseHead | null {
  const { status, methodEnd, targetEnd, offsets } = parser;
  const text = decodeOctets(bytes.subarray(0, length), parser.ascii);
  const framing = new Framing();
  if (status < 200 || status > 599) parser.fail(502, "statusLine");
  else if (!readFraming(parser, text, framing)) {
    const headers = new Headers();
    for (let i = 0; i < parser.count; i++) {
      headers.append(text.slice(offsets[4 * i], offsets[4 * i + 1]), value(parser, text, i));
    }
    return { status, statusText: text.slice(methodEnd, targetEnd), headers, framing };
  }
  return null;
}
