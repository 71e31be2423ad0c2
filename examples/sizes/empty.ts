// budget: 5 kB
// without: ethernet arp ndp ipv4 ipv6 icmp udp tcp http

import { memory } from "../../drivers/memory.ts";
import { stack } from "../../mod.ts";

const [driver] = memory("ip");
await stack({ driver, protocols: [] }).run();
