/** Bytes that a client sends, and what RFC 9110 and RFC 9112 say must come back. */

/** The statuses that come back, in order, and whether the server then closes. */
export interface RawCase {
  name: string;
  send: string;
  /** One status for each response; a list stands for any of it. */
  status: (number | number[])[];
  /** The status of one more response, which may come. */
  rest?: number;
  /** Whether the server closes its direction; true for everything from 400 on unless it says so. */
  closes?: boolean;
  /** What the last response must hold. */
  includes?: string;
  /** What no response may hold. */
  excludes?: string;
  /** Whether the client closes its direction after what it sends. */
  end?: boolean;
}

/** The least that a request says besides its first line. */
export const H = "Host: a\r\n";
/** GET with fields. */
export const get = (fields: string): string => `GET / HTTP/1.1\r\n${fields}\r\n`;
/** POST with fields and content. */
export const post = (fields: string, content = ""): string => `POST /echo HTTP/1.1\r\n${H}${fields}\r\n${content}`;
/** POST with content in chunks. */
export const chunked = (content: string): string => post("Transfer-Encoding: chunked\r\n", content);
/** It is refused, and the connection closes. */
export const bad = (name: string, send: string, status: number | number[] = 400): RawCase => ({
  name,
  send,
  status: [status],
  closes: true,
});
/** It is answered, and the connection stays. */
export const good = (name: string, send: string, includes?: string): RawCase => ({
  name,
  send,
  status: [200],
  closes: false,
  ...includes !== undefined && { includes },
});
