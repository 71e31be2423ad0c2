/**
 * Two stacks of one process at the ends of a wire in memory, in real time, each with its own loop.
 *
 * @module
 */

import { stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { httpServer } from "@bonsai/net/protocols/http_server";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udp } from "@bonsai/net/protocols/udp";

/** Where the second stack is. */
export const SERVER = "10.0.0.2";

/** Makes them: MTU 1500, everything else as it is by default. */
// deno-lint-ignore explicit-module-boundary-types -- the composition is the type
export function pair() {
  const [left, right] = memory("ethernet");
  return {
    client: stack({
      driver: left,
      protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.1/24" }), icmp(), udp(), tcp()],
    }),
    server: stack({
      driver: right,
      protocols: [ethernet(), arp(), ipv4({ address: `${SERVER}/24` }), icmp(), udp(), tcp(), httpServer()],
    }),
  };
}
