/** A server on TCP in memory. */

import { httpServer, type HttpServing, type ServeHandler, type ServeOptions } from "../../protocols/http_server.ts";
import { app } from "./app.ts";
import { FakeNet, type RawClient } from "./fake_tcp.ts";

/** Serves on port 80. */
export function bench(handler: ServeHandler = app, options: ServeOptions = {}): { net: FakeNet; http: HttpServing } {
  const net = new FakeNet();
  const { http } = httpServer().start(net.core, { tcp: net.tcp });
  http.serve(handler, { port: 80, ...options });
  return { net, http };
}

/** The plainest request. */
export const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Sends, and takes what comes back. */
export async function ask(net: FakeNet, client: RawClient, text: string): Promise<string> {
  client.send(text);
  await net.settle();
  return client.take();
}
