/**
 * A stack on tap0 that routers configure: prints what they made of it whenever that changes. Run as a program inside a
 * namespace.
 *
 * @module
 */

import process from "node:process";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { mld } from "../../protocols/mld.ts";
import { ndp } from "../../protocols/ndp.ts";
import { slaac } from "../../protocols/slaac.ts";
import { udp } from "../../protocols/udp.ts";

const net = stack({
  driver: tap("tap0"),
  protocols: [
    ethernet(),
    ndp({ dad: "wait" }),
    ipv6({ secret: "the same" }),
    icmpv6(),
    slaac({ temporary: true }),
    mld(),
    udp(),
  ],
});
let before = "";
const timer = setInterval(() => {
  const { addresses, mtu, ttl } = net.ipv6;
  const far = net.ipv6.parse("2001:db8:ffff::1")!;
  const state = JSON.stringify({
    addresses: addresses.slice(1).map(({ address, temporary, usable, deprecated }) => ({
      address: `${address}`,
      temporary,
      usable,
      deprecated,
    })),
    source: `${net.ipv6.sourceFor(far)}`,
    reachesFar: net.ipv6.nextHop(far) !== null,
    mtu,
    ttl,
    retransmit: net.ndp.retransmit,
    names: net.ip.nameServers.get("ndp") ?? null,
  });
  if (state !== before) console.log(before = state);
}, 50);
process.once("SIGTERM", () => {
  clearInterval(timer);
  net.close();
});
