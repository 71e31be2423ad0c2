/**
 * TCP (RFC 9293) that only opens connections: for apps that connect and never listen, a smaller `tcp()`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcpClient } from "@bonsai/net/protocols/tcp_client";
 *
 * const [driver] = memory("ip");
 * const net = stack({
 *   driver,
 *   protocols: [ipv4({ address: "10.0.0.2/24", gateway: "10.0.0.1" }), tcpClient()],
 * });
 * const conn = await net.tcp.connect({ hostname: "10.0.0.1", port: 7 });
 * await conn.write(new TextEncoder().encode("hello\n"));
 * ```
 *
 * @module
 */

import type { Ip } from "../core/ip.ts";
import type { Protocol } from "../core/protocol.ts";
import type { TcpClient } from "./tcp.ts";
import { TcpLayer } from "./tcp/layer.ts";
import { settle, type TcpOptions } from "./tcp/settings.ts";

export type { TcpClient, TcpConn, TcpConnection, TcpConnectOptions, TcpUser } from "./tcp.ts";
export type { TcpOptions } from "./tcp/settings.ts";

/** The {@linkcode tcpClient} protocol. */
export interface TcpClientProtocol extends Protocol<"tcpClient", { ip: Ip }, { tcp: TcpClient }> {}

/**
 * TCP over IPv4, IPv6 or both, without listeners: whoever asks to connect is refused.
 *
 * @param options Limits and times.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function tcpClient(options: TcpOptions = {}): TcpClientProtocol {
  const settings = settle("tcpClient", options);
  return {
    name: "tcpClient",
    needs: { ip: "required" },
    start: (core, { ip }) => ({ tcp: new TcpLayer(core, ip, settings) }),
  };
}
