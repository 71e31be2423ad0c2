/**
 * The head of a request, understood: what it asks for, and how its content is framed.
 *
 * @module
 */

import { Framing, readFraming, value } from "./framing.ts";
import type { HeadParser } from "./head_parser.ts";
import type { FieldList } from "./known_body.ts";
import { decodeOctets, SP } from "./octets.ts";

/** The head of one request. It never changes, so that equal heads can share one. */
export class RequestHead {
  /** The method, as it came: methods are case-sensitive (RFC 9110, 9.1). */
  readonly method: string;
  /** The path and query, which begin with "/". */
  readonly path: string;
  /** The host and port that the request is for; empty when it does not say. */
  readonly host: string;
  /** The framing. */
  readonly framing: Framing;
  /** Whether it came from an HTTP/1.0 client. */
  readonly old: boolean;
  /** The field lines as they came, and as read when somebody asks. */
  readonly #fields: string;
  #lines: FieldList | null = null;
  readonly #hostLine: number;
  #authority: string | null = null;

  /**
   * Made by {@linkcode readRequestHead}.
   *
   * @param parser Where everything lies.
   * @param framing The framing.
   * @param method The method.
   * @param path The path and query.
   * @param host The host.
   * @param fields The field lines.
   */
  constructor(parser: HeadParser, framing: Framing, method: string, path: string, host: string, fields: string) {
    this.method = method;
    this.path = path;
    this.host = host;
    this.framing = framing;
    this.old = parser.minor === 0;
    this.#fields = fields;
    this.#hostLine = framing.host;
  }

  /** The host as a URL has it; empty when it does not say, or says one that HTTP allows and URLs do not, as 1.2.3.4.5. */
  get authority(): string {
    return this.#authority ??= URL.canParse(`http://${this.host}`) ? this.host : "";
  }

  /** The fields, as new headers: lines of one name joined (RFC 9110, 5.3). */
  headers(): Headers {
    const headers = new Headers();
    for (const [name, content] of this.#lines ??= this.#read()) headers.append(name, content);
    return headers;
  }

  #read(): FieldList {
    const fields = this.#fields;
    const lines: [name: string, value: string][] = [];
    let cookies = "";
    for (let at = 0, line = 0; at < fields.length; line++) {
      const colon = fields.indexOf(":", at);
      const end = fields.indexOf("\r\n", colon);
      const name = fields.slice(at, colon);
      // Headers trim their values, but a space is spared sooner than trimmed.
      const content = fields.slice(fields.charCodeAt(colon + 1) === SP ? colon + 2 : colon + 1, end);
      at = end + 2;
      // Cookies are no list: they join in their own way (RFC 6265, 5.4; RFC 9113, 8.2.3). The target's host stands above
      // the field's (RFC 9112, 3.2.2).
      if (name.length === 6 && name.toLowerCase() === "cookie") {
        cookies += (cookies && "; ") + content.replace(/^[ \t]+|[ \t]+$/g, "");
      } else lines.push([name, line === this.#hostLine ? this.host : content]);
    }
    if (cookies) lines.push(["cookie", cookies]);
    return lines;
  }
}

/**
 * Understands the head of a request.
 *
 * @param parser Where everything lies.
 * @param bytes The octets.
 * @param length How many of them are the head's.
 * @returns The head; or the status to refuse it with, negative.
 */
export function readRequestHead(parser: HeadParser, bytes: Uint8Array, length: number): RequestHead | number {
  const text = decodeOctets(length === bytes.length ? bytes : bytes.subarray(0, length), parser.ascii);
  const framing = new Framing();
  const bad = readFraming(parser, text, framing);
  if (bad) return bad;
  let host = "";
  if (framing.host >= 0) {
    host = value(parser, text, framing.host);
    if (!isHost(host)) return parser.fail(400, "host");
  } else if (parser.minor === 1) return parser.fail(400, "host");
  const method = text.slice(parser.start, parser.methodEnd);
  let path = text.slice(parser.methodEnd + 1, parser.targetEnd);
  // RFC 9112, 3.2: the four forms of a request target.
  if (method === "CONNECT") {
    return isHost(path) && /:\d+$/.test(path) ? parser.fail(501, "method") : parser.fail(400, "target");
  }
  if (path.charCodeAt(0) !== 47) {
    if (path === "*") {
      if (method !== "OPTIONS") return parser.fail(400, "target");
      // Of the URI that it stands for, path and query are empty (RFC 9112, 3.3).
      path = "/";
    } else {
      const absolute = /^(https?):\/\/([^/?]*)(.*)$/i.exec(path);
      if (!absolute || !absolute[2] || !isHost(absolute[2])) return parser.fail(400, "target");
      // What is asked for over TLS is not answered in the clear (RFC 9110, 7.4).
      if (absolute[1]!.length === 5) return parser.fail(421, "target");
      host = absolute[2];
      path = absolute[3]!;
      if (path.charCodeAt(0) !== 47) path = `/${path}`;
    }
  }
  const fields = text.slice(parser.targetEnd + 11, length - 2);
  return new RequestHead(parser, framing, method, path, host, fields);
}

/** A host as a name or address of IPv4, or as a bracketed address (RFC 3986, 3.2.2). */
const HOST =
  /^(?:(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+|\[(?:[\da-f:.]*:[\da-f:.]*|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\])(?::(\d*))?$/i;

/** Whether a text is `uri-host [":" port]` (RFC 9110, 7.2); the empty one is. */
export function isHost(text: string): boolean {
  const found = HOST.exec(text);
  return text === "" || found !== null && Number(found[1] ?? 0) <= 65_535;
}
