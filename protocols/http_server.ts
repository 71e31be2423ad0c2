/**
 * HTTP/1.1 (RFC 9110, RFC 9112), the server alone: for apps that serve and never fetch, a smaller `http()`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { httpServer } from "@bonsai/net/protocols/http_server";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp(), httpServer()] });
 * net.http.serve((request) => new Response(`You asked for ${request.url}\n`), { port: 80 });
 * ```
 *
 * @module
 */

import type { Protocol } from "../core/protocol.ts";
import type { Tcp } from "./tcp.ts";
import { HttpCounters } from "./http/counters.ts";
import { type HttpServing, Servers } from "./http/server.ts";

export type { HttpCounters } from "./http/counters.ts";
export type { HttpServer, HttpServing } from "./http/server.ts";
export { rememberBodies } from "./http/remembered_response.ts";
export * from "./http/settings.ts";

/** The {@linkcode httpServer} protocol. */
export interface HttpServerProtocol extends Protocol<"httpServer", { tcp: Tcp }, { http: HttpServing }> {}

/**
 * HTTP/1.1 servers over TCP.
 *
 * @returns The protocol.
 */
export function httpServer(): HttpServerProtocol {
  return {
    name: "httpServer",
    needs: { tcp: "required" },
    start(core, { tcp }) {
      const counters = new HttpCounters();
      core.count("http", counters);
      return { http: new Servers(core, tcp, counters) as HttpServing };
    },
  };
}
