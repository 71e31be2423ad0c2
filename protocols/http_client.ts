/**
 * HTTP/1.1 (RFC 9110, RFC 9112), the client alone: for apps that fetch and never serve, a smaller `http()`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { httpClient } from "@bonsai/net/protocols/http_client";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcpClient } from "@bonsai/net/protocols/tcp_client";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcpClient(), httpClient()] });
 * const response = await net.http.fetch("http://10.0.0.1/");
 * ```
 *
 * @module
 */

import type { Ip } from "../core/ip.ts";
import { checkOptions } from "../core/options.ts";
import type { Protocol } from "../core/protocol.ts";
import type { TcpClient } from "./tcp.ts";
import { Client, HTTP_OPTIONS, type HttpFetching, type HttpOptions } from "./http/client.ts";
import { HttpCounters } from "./http/counters.ts";

export { HTTP_OPTIONS, type HttpFetching, type HttpOptions } from "./http/client.ts";
export type { HttpCounters } from "./http/counters.ts";

/** The {@linkcode httpClient} protocol. */
export interface HttpClientProtocol
  extends Protocol<"httpClient", { tcp: TcpClient; ip?: Ip }, { http: HttpFetching }> {}

/**
 * `fetch` over TCP, which may be `tcpClient()`.
 *
 * @param options How to make the client.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function httpClient(options: HttpOptions = {}): HttpClientProtocol {
  checkOptions("httpClient", HTTP_OPTIONS, options);
  return {
    name: "httpClient",
    needs: { tcp: "required", ip: "optional" },
    start(core, { tcp, ip }) {
      const counters = new HttpCounters();
      core.count("http", counters);
      return { http: new Client(core, tcp, counters, () => ip?.resolver ?? null, options) };
    },
  };
}
