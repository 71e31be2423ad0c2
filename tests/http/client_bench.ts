/** A client on TCP in memory, and servers that answer from a script. */

import { assert } from "@std/assert";
import type { Ip, Resolver } from "../../core/ip.ts";
import { type Http, http, type HttpOptions } from "../../protocols/http.ts";
import type { TcpConnection, TcpUser } from "../../protocols/tcp.ts";
import { FakeNet } from "./fake_tcp.ts";

/** A client on TCP in memory, and a server for whoever wants one. */
export function bench(options: HttpOptions = {}, resolver: Resolver | null = null): { net: FakeNet; http: Http } {
  const net = new FakeNet();
  const ip = { resolver } as unknown as Ip;
  return { net, ...http(options).start(net.core, { tcp: net.tcp, ip }) };
}

/** Waits for a promise while the net turns. */
export async function get<T>(net: FakeNet, promise: Promise<T>): Promise<T> {
  let done = false;
  void promise.then(() => done = true, () => done = true);
  for (let i = 0; i < 50 && !done; i++) await net.settle();
  assert(done, "it settles");
  return promise;
}

/** A server that answers each connection's first bytes with a text; what was received is collected. */
export function script(net: FakeNet, ...answers: (string | ((connection: TcpConnection) => void))[]): string[] {
  const seen: string[] = [];
  const begun = new Map<TcpConnection, string>();
  net.tcp.accept({ port: 80 }, (): TcpUser => ({
    readable(connection) {
      const bytes = new Uint8Array(connection.readable);
      connection.read(bytes);
      const text = (begun.get(connection) ?? "") + Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
      begun.set(connection, text);
      if (connection.readEnded) return connection.close();
      if (!text.includes("\r\n\r\n")) return;
      seen.push(text);
      begun.delete(connection);
      const answer = answers.shift();
      if (typeof answer === "function") answer(connection);
      else if (answer) connection.write(Uint8Array.from(answer, (c) => c.charCodeAt(0)));
    },
  }));
  return seen;
}
