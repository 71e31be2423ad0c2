import { type Driver, stack } from "@bonsai/net";
import { httpServer, type HttpServing } from "@bonsai/net/protocols/http_server";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";

/** What the app needs of a network, be it this stack's or the host's. */
export interface Network {
  readonly http: HttpServing;
  close(): void;
}

/** The app's own network: what is not listed is not in the bundle. */
export function network(driver: Driver<"ip">, address: string): Network {
  return stack({ driver, protocols: [ipv4({ address }), tcp(), httpServer()] });
}
