import { type Driver, stack } from "@bonsai/net";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import type { Network } from "./echo.ts";

/** The service's own network: what is not listed is not in the bundle. */
export function network(driver: Driver<"ip">, address: string): Network {
  return stack({ driver, protocols: [ipv4({ address }), tcp()] });
}
