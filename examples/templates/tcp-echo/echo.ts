import type { HostTcp } from "@bonsai/net/host";

/** What the service needs of a network: both a stack and the host give it. */
export interface Network {
  readonly tcp: HostTcp;
  close(): void;
}

/** Sends back what comes in (RFC 862), on every connection, until the listener is closed. */
export async function echo(net: Network, where: { port: number; hostname?: string }): Promise<void> {
  for await (const conn of net.tcp.listen(where)) {
    conn.readable.pipeTo(conn.writable).catch((error) => console.error(String(error))).finally(() => conn.close());
  }
}
