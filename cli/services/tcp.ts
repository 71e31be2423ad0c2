/**
 * The small TCP services: echo (RFC 862), discard (RFC 863) and chargen (RFC 864).
 *
 * @module
 */

import type { TcpConnection, TcpUser } from "../../protocols/tcp.ts";

/**
 * Sends back what comes in. It takes only as much as it can send, so that a client that does not read is slowed down by
 * the window; after the client's FIN it sends the rest and closes.
 */
export const echo: TcpUser = {
  readable: repeat,
  writable: repeat,
};

function repeat(connection: TcpConnection): void {
  while (connection.readable > 0 && connection.writable > 0) {
    connection.consume(connection.write(connection.peek()));
  }
  if (connection.readEnded) connection.close();
}

/** Reads everything and says nothing. */
export const discard: TcpUser = {
  readable(connection) {
    connection.consume(connection.readable);
    if (connection.readEnded) connection.close();
  },
};

/** Characters of a line, without its end. */
const LINE = 72;
/** Printable characters: space to tilde. */
const PRINTABLE = 95;

/** The pattern of RFC 864: each line begins one character later; after 95 lines it repeats, and so do these bytes. */
const PATTERN: Uint8Array<ArrayBuffer> = /* @__PURE__ */ pattern();

function pattern(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PRINTABLE * (LINE + 2));
  let at = 0;
  for (let line = 0; line < PRINTABLE; line++) {
    for (let i = 0; i < LINE; i++) bytes[at++] = 32 + (line + i) % PRINTABLE;
    bytes[at++] = 13;
    bytes[at++] = 10;
  }
  return bytes;
}

/** Sends characters without end, and drops what comes in; it goes on after the client's FIN, until the client is gone. */
export class Chargen implements TcpUser {
  #at: number = 0;

  /** Drops what came in. */
  readable(connection: TcpConnection): void {
    connection.consume(connection.readable);
  }

  /** Fills the room that there is. */
  writable(connection: TcpConnection): void {
    while (connection.writable > 0) {
      this.#at = (this.#at + connection.write(PATTERN.subarray(this.#at))) % PATTERN.length;
    }
  }
}
