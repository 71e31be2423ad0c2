/**
 * The app that every HTTP server here answers with, and a client that checks its answers.
 *
 * @module
 */

import { Hono } from "hono";

/** What the app says. */
const BODY = "Hello from a Hono handler\n";

/** The app. */
export const app: Hono = new Hono().get("/", (context) => context.text(BODY));

/** A request for it, as a browser's keep-alive connection sends it. */
export const REQUEST: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "GET / HTTP/1.1\r\nHost: bonsai.test\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n",
);

/** Reads one answer after the other from a connection's bytes, and verifies them. */
export class Answers {
  /** Answers that were right. */
  verified: number = 0;
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #size: number = 0;
  /** Bytes of every answer: the servers here write the same head each time, but for the date. */
  #length: number = 0;

  /** Room for the next bytes of the connection. */
  get room(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#size);
  }

  /** Takes the bytes that were read into the room; says whether an answer is complete. */
  take(size: number): boolean {
    this.#size += size;
    if (this.#length === 0) this.#measure();
    if (this.#length === 0 || this.#size < this.#length) return false;
    // One request is on its way at a time.
    if (this.#size !== this.#length || !this.#right()) throw new Error(`Wrong answer: ${this.#text()}`);
    this.#size = 0;
    this.verified++;
    return true;
  }

  #text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#size));
  }

  #measure(): void {
    const text = this.#text();
    const head = text.indexOf("\r\n\r\n");
    const content = /^content-length: *(\d+)\r$/im.exec(text);
    if (head < 0 || text.length < head + 4 + BODY.length) return;
    if (Number(content?.[1]) !== BODY.length) throw new Error(`The answer tells no length: ${text}`);
    this.#length = head + 4 + BODY.length;
  }

  /** Whether it says 200 and the body. */
  #right(): boolean {
    const bytes = this.#bytes;
    if (bytes[9] !== 50 || bytes[10] !== 48 || bytes[11] !== 48) return false;
    for (let i = 0, at = this.#length - BODY.length; i < BODY.length; i++, at++) {
      if (bytes[at] !== BODY.charCodeAt(i)) return false;
    }
    return true;
  }
}
