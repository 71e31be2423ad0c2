/**
 * Writes responses into one buffer that all connections share, head and content in one piece where they are short.
 *
 * @module
 */

import { CHUNKED } from "./framing.ts";
import type { FieldList } from "./known_body.ts";
import { OCTETS, VALUE } from "./octets.ts";
import { reasonPhrase } from "./status.ts";

/** The length of a response that has no content and says nothing of its length, or ends with the connection. */
export const UNSAID = -2;

/** Bytes of content that are copied to follow their head at once. */
const SHORT = 16_384;
/** Characters that are encoded by a loop, which for few is faster than a call to the host. */
const FEW = 64;

/** The fields of our own short answers. */
export const PLAIN_TEXT: FieldList = [["Content-Type", "text/plain;charset=UTF-8"]];

/** What a response does to its connection. */
export type After = "" | "close" | "keep-alive";

/** Writes responses. */
export class ResponseWriter {
  /** What the app said of the length; -1 for nothing. */
  saidLength: number = -1;
  /** Whether the app said that the connection is to be closed. */
  saidClose: boolean = false;
  /** Content that was too long to be copied, and follows; whoever sends it empties this. */
  rest: Uint8Array | null = null;
  /** What else the app said of the connection, such as "upgrade" (RFC 9110, 7.8), with its comma before it. */
  #options: string = "";
  #buffer: Uint8Array = new Uint8Array(4096);
  #size: number = 0;
  /** The status line and date that the buffer begins with. */
  #status: number = 0;
  #date: string = "";
  #prefix: number = 0;
  readonly #encoder: TextEncoder = new TextEncoder();

  /**
   * Begins a response.
   *
   * @param status Its status.
   * @param phrase The reason phrase, if not the usual one.
   * @param date The date; empty for none.
   * @param fields The app's fields.
   * @throws {TypeError} When a field cannot be sent.
   */
  begin(status: number, phrase: string, date: string, fields: FieldList): void {
    this.saidLength = -1;
    this.saidClose = false;
    this.#options = "";
    // The app's own date stands in for ours.
    for (const [name] of fields) if (name.length === 4 && name.toLowerCase() === "date") date = "";
    if (phrase || status !== this.#status || date !== this.#date) this.#begin(status, phrase, date);
    this.#size = this.#prefix;
    for (let i = 0; i < fields.length; i++) {
      const [name, value] = fields[i]!;
      // The lengths of content-length, connection, keep-alive and transfer-encoding.
      const { length } = name;
      if ((length === 14 || length === 10 || length === 17) && this.#framing(name.toLowerCase(), value)) continue;
      this.#field(name, value);
    }
  }

  #begin(status: number, phrase: string, date: string): void {
    this.#size = 0;
    this.#text(`HTTP/1.1 ${status} `, false);
    this.#text(phrase || reasonPhrase(status), true);
    this.#text(date ? `\r\nDate: ${date}\r\n` : "\r\n", false);
    this.#prefix = this.#size;
    this.#status = phrase ? 0 : status;
    this.#date = date;
  }

  /** Takes what the app says of the framing, which is ours to write; says whether it was that. */
  #framing(name: string, value: string): boolean {
    if (name === "content-length") {
      if (/^\d{1,15}$/.test(value)) this.saidLength = Number(value);
    } else if (name === "connection") {
      for (const option of value.toLowerCase().match(/[!#-'*+.^`|~\w-]+/g) ?? []) {
        if (option === "close") this.saidClose = true;
        else if (option !== "keep-alive") this.#options += `, ${option}`;
      }
    } else return name === "transfer-encoding" || name === "keep-alive";
    return true;
  }

  #field(name: string, value: string): void {
    this.#text(name, true);
    this.#text(": ", false);
    this.#text(value, true);
    this.#text("\r\n", false);
  }

  /** Writes characters as octets. */
  #text(text: string, check: boolean): void {
    const { length } = text;
    let at = this.#size;
    if (at + length > this.#buffer.length) this.#grow(at + length);
    const buffer = this.#buffer;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (check && (code > 255 || !(OCTETS[code]! & VALUE))) {
        throw new TypeError(`Cannot send a response with ${JSON.stringify(text)} in its head`);
      }
      buffer[at++] = code;
    }
    this.#size = at;
  }

  #grow(size: number): void {
    const larger = new Uint8Array(Math.max(size, this.#buffer.length * 2));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /**
   * Ends the head.
   *
   * @param length Bytes of the content; `CHUNKED`; or {@linkcode UNSAID}.
   * @param after What becomes of the connection.
   * @returns The head, lent until the next response begins.
   */
  end(length: number, after: After): Uint8Array {
    this.#after(after);
    if (length === CHUNKED) this.#text("Transfer-Encoding: chunked\r\n\r\n", false);
    else if (length >= 0) this.#text(`Content-Length: ${length}\r\n\r\n`, false);
    else this.#text("\r\n", false);
    return this.#buffer.subarray(0, this.#size);
  }

  #after(after: After): void {
    const options = this.#options ? (after + this.#options).replace(/^, /, "") : after;
    if (options) this.#text(`Connection: ${options}\r\n`, false);
  }

  /**
   * Ends the head, and appends the content where it is short.
   *
   * @param body The content.
   * @param after What becomes of the connection.
   * @returns The message, or the head alone when there is a rest; lent until the next response begins.
   */
  endWith(body: string | Uint8Array, after: After): Uint8Array {
    const bytes = typeof body === "string" && body.length > SHORT ? this.#encoder.encode(body) : body;
    if (typeof bytes === "string") {
      this.#after(after);
      return this.#appendText(bytes);
    }
    const head = this.end(bytes.length, after);
    if (bytes.length > SHORT) {
      this.rest = bytes;
      return head;
    }
    const size = head.length + bytes.length;
    if (size > this.#buffer.length) this.#grow(size);
    this.#buffer.set(bytes, head.length);
    return this.#buffer.subarray(0, size);
  }

  #appendText(body: string): Uint8Array {
    // Where the content will begin if all of it is ASCII, as most is.
    const digits = String(body.length).length;
    const start = this.#size + 20 + digits;
    const most = start + 8 + body.length * 3;
    if (most > this.#buffer.length) this.#grow(most);
    let buffer = this.#buffer;
    let length = 0;
    if (body.length <= FEW) {
      for (; length < body.length; length++) {
        const code = body.charCodeAt(length);
        if (code > 127) break;
        buffer[start + length] = code;
      }
    }
    if (length < body.length) length = this.#encoder.encodeInto(body, buffer.subarray(start)).written;
    const text = String(length);
    if (text.length !== digits) buffer.copyWithin(start + text.length - digits, start, start + length);
    this.#text("Content-Length: ", false);
    this.#text(text, false);
    this.#text("\r\n\r\n", false);
    buffer = this.#buffer;
    return buffer.subarray(0, this.#size + length);
  }

  /** The size that a body has in bytes. */
  sizeOf(body: string | Uint8Array): number {
    return typeof body === "string" ? this.#encoder.encode(body).length : body.length;
  }
}
