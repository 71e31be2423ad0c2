/**
 * HTTP/1.1 (RFC 9110, RFC 9112), the server alone: for apps that serve and never fetch, a smaller `http()`.
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
