/** What tests/captures/conversations/server.py and client.py do, on a live stack: the same payloads, byte for byte. */

import { createHash } from "node:crypto";
import { Timer } from "../../core/timers.ts";
import type { TcpConn } from "@bonsai/net/protocols/tcp";
import type { ReplayStack } from "@bonsai/net/testing";

const encoder = new TextEncoder();

/** Lines of text, as the server's function of that name makes them. */
export function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i} of a text that goes on for a while\n`).join("");
}

/** A connection that is read line by line, or to its end. */
export class Reader {
  readonly #conn: TcpConn;
  #text: string = "";

  constructor(conn: TcpConn) {
    this.#conn = conn;
  }

  async #more(): Promise<boolean> {
    const piece = new Uint8Array(65_536);
    const size = await this.#conn.read(piece);
    if (size === null) return false;
    this.#text += new TextDecoder("latin1").decode(piece.subarray(0, size));
    return true;
  }

  /** The text up to and with an end; null when the connection ends before. */
  async until(end: string): Promise<string | null> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) return this.#cut(at + end.length);
      if (!await this.#more()) return null;
    }
  }

  #cut(size: number): string {
    const text = this.#text.slice(0, size);
    this.#text = this.#text.slice(size);
    return text;
  }

  async take(size: number): Promise<string> {
    while (this.#text.length < size && await this.#more());
    return this.#cut(size);
  }

  /** SHA-256 of the next bytes, none of which are kept. */
  async hash(size: number): Promise<string> {
    const hash = createHash("sha256");
    for (let left = size; left > 0;) {
      if (this.#text.length === 0 && !await this.#more()) break;
      const piece = this.#cut(left);
      hash.update(piece, "latin1");
      left -= piece.length;
    }
    return hash.digest("hex");
  }

  async all(): Promise<string> {
    while (await this.#more());
    return this.#cut(Infinity);
  }
}

/** Writes a text whole. */
export async function write(conn: TcpConn, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

async function http(conn: TcpConn): Promise<void> {
  const reader = new Reader(conn);
  for (;;) {
    const head = await reader.until("\r\n\r\n");
    if (head === null) break;
    const size = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const body = head.startsWith("POST")
      ? `${size} bytes, SHA-256 ${await reader.hash(size)}\n`
      : lines(Number(/^GET \/(\d+)/.exec(head)![1]));
    await write(conn, `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
  conn.close();
}

async function halfClose(conn: TcpConn): Promise<void> {
  const text = await new Reader(conn).all();
  await write(conn, [...text].reverse().join(""));
  conn.close();
}

async function reset(conn: TcpConn, net: ReplayStack): Promise<void> {
  await conn.read(new Uint8Array(4096));
  await write(conn, lines(10));
  await new Promise<void>((resolve) => {
    net.core.timers.arm(new Timer(() => resolve()), net.core.now() + 50);
    net.core.wake();
  });
  conn.abort();
}

async function dialog(conn: TcpConn): Promise<void> {
  const reader = new Reader(conn);
  await write(conn, "220 ready\r\n");
  for (;;) {
    const line = await reader.until("\n");
    if (line === null || line.startsWith("QUIT")) break;
    await write(conn, `250 ${line}`);
  }
  await write(conn, "221 bye\r\n");
  conn.close();
}

async function big(conn: TcpConn): Promise<void> {
  await conn.read(new Uint8Array(4096));
  await write(conn, lines(8000));
  conn.close();
}

/** Knows one name, as the server's function does. */
export function dns(query: Uint8Array): Uint8Array {
  const end = query.indexOf(0, 12) + 5;
  const question = query.subarray(12, end);
  const known = new TextDecoder("latin1").decode(question.subarray(0, -4)).toLowerCase() === "\x03www\x07example\x00";
  const type = question.at(-3);
  const data = type === 1 ? [192, 0, 2, 7] : type === 28 ? [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 7] : null;
  const answer = known && data ? [0xc0, 12, 0, type!, 0, 1, 0, 0, 0, 60, 0, data.length, ...data] : [];
  const counts = [0, 1, 0, answer.length > 0 ? 1 : 0, 0, 0, 0, 0];
  return Uint8Array.from([query[0]!, query[1]!, 0x85, known ? 0x80 : 0x83, ...counts, ...question, ...answer]);
}

/** Starts all servers. */
export function serve(net: ReplayStack): void {
  const accept = async (port: number, handle: (conn: TcpConn, net: ReplayStack) => Promise<void>): Promise<void> => {
    for await (const conn of net.tcp.listen({ port })) {
      conn.setNoDelay();
      void handle(conn, net).catch(() => {});
    }
  };
  void accept(80, http);
  void accept(7000, halfClose);
  void accept(7001, reset);
  void accept(7002, dialog);
  void accept(7003, big);
  const echo = net.udp.bind({ port: 7 }, (data, address, port) => void echo.send(data, address, port));
  const names = net.udp.bind({ port: 53 }, (data, address, port) => void names.send(dns(data), address, port));
}
