/**
 * The stack of the commands that speak to the kernel: a whole host, for what the device carries.
 *
 * @module
 */

import type { Plugin } from "../core/driver.ts";
import { stack } from "../core/stack.ts";
import { arp } from "../protocols/arp.ts";
import { ethernet } from "../protocols/ethernet.ts";
import { httpServer } from "../protocols/http_server.ts";
import { icmp } from "../protocols/icmp.ts";
import { icmpv6 } from "../protocols/icmpv6.ts";
import { igmp } from "../protocols/igmp.ts";
import { ipv4 } from "../protocols/ipv4.ts";
import { ipv6 } from "../protocols/ipv6.ts";
import { mld } from "../protocols/mld.ts";
import { ndp } from "../protocols/ndp.ts";
import { slaac } from "../protocols/slaac.ts";
import { tcp } from "../protocols/tcp.ts";
import { udp } from "../protocols/udp.ts";
import type { LinkDriver, LinkSettings } from "./link.ts";

/**
 * Composes the stack.
 *
 * @param driver The device.
 * @param settings Its addresses.
 * @param plugins What stands between the device and the first protocol.
 * @returns The stack, with UDP, TCP and HTTP servers.
 */
// deno-lint-ignore explicit-module-boundary-types -- the composition is the type
export function host(
  driver: LinkDriver,
  { address, address6, gateway, gateway6 }: LinkSettings,
  plugins: readonly Plugin[] = [],
) {
  const ip = ipv4({ address, ...(gateway === undefined ? {} : { gateway }) });
  const ip6 = ipv6({
    ...(address6 === undefined || address6 === "auto" ? {} : { address: address6 }),
    ...(gateway6 === undefined ? {} : { gateway: gateway6 }),
  });
  if (driver.medium === "ip") {
    const tun = driver as LinkDriver & { medium: "ip" };
    return address6 === undefined
      ? stack({ driver: tun, plugins, protocols: [ip, icmp(), udp(), tcp(), httpServer()] })
      : stack({ driver: tun, plugins, protocols: [ip, icmp(), ip6, icmpv6(), udp(), tcp(), httpServer()] });
  }
  const tap = driver as LinkDriver & { medium: "ethernet" };
  return address6 === undefined
    ? stack({ driver: tap, plugins, protocols: [ethernet(), arp(), ip, icmp(), igmp(), udp(), tcp(), httpServer()] })
    : stack({
      driver: tap,
      plugins,
      // deno-fmt-ignore
      protocols: [
        ethernet(), arp(), ip, icmp(), igmp(), ndp(), ip6, icmpv6(), mld(), slaac(), udp(), tcp(), httpServer(),
      ],
    });
}
