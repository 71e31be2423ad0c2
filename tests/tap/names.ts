/**
 * Stacks that get their address, and names, from the network, or give them out; run as a program inside a namespace.
 *
 * - `names.ts client COMMAND…` gets a lease over tap0, prints every lease as a line of JSON, and does each command after
 *   the first: `lookup:NAME`, `resolve:NAME:TYPE`, `connect:NAME:PORT`, `ping:NAME:SIZE`, `trace:NAME`, `mtu:NAME`. SIGUSR1
 *   renews the lease.
 * - `names.ts server` gives addresses out over tap0, and serves the zone `home.example`.
 *
 * @module
 */

import process from "node:process";
import type { Loop } from "../../core/loop.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { dhcp } from "../../protocols/dhcp.ts";
import { everyOption, hostname } from "../../protocols/dhcp_options.ts";
import { dhcpServer } from "../../protocols/dhcp_server.ts";
import { dns } from "../../protocols/dns.ts";
import { resolve } from "../../protocols/dns_records.ts";
import { dnsServer } from "../../protocols/dns_server.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { discoverPathMtu, ping, traceroute } from "../../protocols/icmp_tools.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { mdns } from "../../protocols/mdns.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const [what, ...commands] = process.argv.slice(2);
const print = (value: unknown): void => console.log(JSON.stringify(value));

/** SIGUSR1 does something, SIGTERM ends the program in good order. */
function onSignals(net: Loop, action: () => void): void {
  process.on("SIGUSR1", action);
  process.once("SIGTERM", () => {
    process.off("SIGUSR1", action);
    print(net.counters());
    net.close();
  });
}

async function client(): Promise<void> {
  const net = stack({
    driver: tap("tap0"),
    protocols: [
      ethernet({ mac: "02:00:00:00:77:01" }),
      arp(),
      ipv4(),
      icmp(),
      udp(),
      tcp(),
      dhcp({ options: [hostname("bonsai"), ...everyOption] }),
      dns({ timeout: 1000 }),
    ],
  });
  net.ipv4.observers.push({
    addressed: () => {
      const { lease } = net.dhcp;
      const { address = null, servers = [], search = [], mtu = 0 } = lease ?? {};
      print({
        lease: address,
        servers,
        search,
        mtu,
        seconds: lease && Math.round((lease.expiry - lease.renewal) / 500),
      });
    },
  });
  onSignals(net, () => net.dhcp.renew());
  print("ready");
  await net.dhcp.bound();
  for (const command of commands) {
    const [verb, name = "", more = ""] = command.split(":");
    const done = async (): Promise<unknown> => {
      switch (verb) {
        case "lookup":
          return await net.dns.lookup(name);
        case "resolve":
          return await resolve(net, name, more as "A");
        case "connect":
          return (await net.tcp.connect({ hostname: name, port: Number(more) })).remoteAddr.hostname;
        case "ping": {
          const { sent, received } = await ping(net, name, { count: 3, interval: 20, size: Number(more) });
          return `${received} of ${sent}`;
        }
        case "trace":
          return (await traceroute(net, name, { timeout: 2000 })).map(({ from }) => from);
        case "mtu":
          return await discoverPathMtu(net, name);
      }
      throw new Error(`There is no command ${verb}`);
    };
    print({ [command]: await done().catch((error) => `${error.code ?? error.name}: ${error.message}`) });
  }
  print("done");
}

function server(): void {
  const address = "10.9.0.2";
  const net = stack({
    driver: tap("tap0"),
    protocols: [
      ethernet(),
      arp(),
      ipv4({ address: `${address}/24` }),
      icmp(),
      udp(),
      tcp(),
      mdns({ hostname: "lamp", services: [{ name: "Lamp", type: "_http._tcp", port: 80 }] }),
      dhcpServer({
        range: "10.9.0.100-10.9.0.110",
        router: address,
        dns: [address],
        search: ["home.example", "example"],
        lease: 600,
        mtu: 1400,
      }),
      dnsServer({
        zone: "home.example",
        records: [
          { name: "www.home.example", type: "CNAME", data: "web.home.example" },
          { name: "web.home.example", type: "A", data: "10.9.0.2" },
          { name: "web.home.example", type: "AAAA", data: "fd00::2" },
          { name: "home.example", type: "MX", data: { preference: 10, exchange: "web.home.example" } },
          { name: "txt.home.example", type: "TXT", data: ["one two", "three"] },
          {
            name: "_http._tcp.home.example",
            type: "SRV",
            data: { priority: 0, weight: 5, port: 80, target: "web.home.example" },
          },
          ...Array.from(
            { length: 200 },
            (_, i) => ({ name: "big.home.example", type: "A", data: `10.1.0.${i}` }) as const,
          ),
        ],
      }),
    ],
  });
  onSignals(net, () => print(net.dhcpServer.leases.map(({ address }) => address)));
  print("ready");
}

if (what === "client") await client();
else server();
