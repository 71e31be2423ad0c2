/**
 * HTTP/1.1 (RFC 9110, RFC 9112): a server in the shape of `Deno.serve`, and `fetch`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { http } from "@bonsai/net/protocols/http";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp(), http()] });
 * net.http.serve((request) => new Response(`You asked for ${request.url}\n`), { port: 80 });
 * ```
 *
 * @module
 */

import type { Ip } from "../core/ip.ts";
import { checkOptions } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import type { Tcp } from "./tcp.ts";
import { Client, HTTP_OPTIONS, type HttpFetching, type HttpOptions } from "./http/client.ts";
import { HttpCounters } from "./http/counters.ts";
import { type HttpServing, Servers } from "./http/server.ts";

export { HTTP_OPTIONS, type HttpFetching, type HttpOptions } from "./http/client.ts";
export type { HttpCounters } from "./http/counters.ts";
export type { HttpServer, HttpServing } from "./http/server.ts";
export { rememberBodies } from "./http/remembered_response.ts";
export * from "./http/settings.ts";

/** The HTTP layer. */
export interface Http extends HttpServing, HttpFetching {}

/** The {@linkcode http} protocol. */
export interface HttpProtocol extends Protocol<"http", { tcp: Tcp; ip?: Ip }, { http: Http }> {}

/**
 * HTTP/1.1 over TCP: servers and a client. `httpServer()` of `http_server.ts` leaves the client out, `httpClient()` of
 * `http_client.ts` the servers.
 *
 * @param options How to make the client; servers have their options in `serve`.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function http(options: HttpOptions = {}): HttpProtocol {
  checkOptions("http", HTTP_OPTIONS, options);
  return {
    name: "http",
    needs: { tcp: "required", ip: "optional" },
    start: (core, { tcp, ip }) => ({ http: layer(core, tcp, ip, options) }),
  };
}

function layer(core: Core, tcp: Tcp, ip: Ip | undefined, options: HttpOptions): Http {
  const counters = new HttpCounters();
  core.count("http", counters);
  const servers = new Servers(core, tcp, counters) as HttpServing;
  const client = new Client(core, tcp, counters, () => ip?.resolver ?? null, options);
  return {
    serve: servers.serve.bind(servers) as HttpServing["serve"],
    fetch: (input, init) => client.fetch(input, init),
  };
}
