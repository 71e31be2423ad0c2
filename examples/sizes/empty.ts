// budget: 2.6 kB
// without: ethernet arp ndp ipv4 ipv6 icmp udp tcp http

import { type Driver, stack } from "../../mod.ts";

declare const driver: Driver<"ip">;

await stack({ driver, protocols: [] }).run();
