/**
 * One stack on a TAP or TUN device, which serves the kernel's clients.
 *
 * @module
 */

import type { Plugin } from "../../core/driver.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { type Http, http } from "../../protocols/http.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp, type TcpEndpoint } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import type { Hop } from "../home/facts.ts";
import { ConnectionLog } from "../home/log.ts";
import type { LinkDriver, LinkSettings } from "../link.ts";
import type { Place, PlaceOptions } from "./place.ts";

const PORT = 80;
/** Connections whose first request was told; beyond them all are forgotten, and told again. */
const TOLD = 10_000;

/**
 * Opens the device and makes a stack on it.
 *
 * @param settings The device.
 * @param options The stack's port and plugins.
 * @returns The place.
 * @throws {NetError} When the system refuses, in a sentence that names the command that helps.
 */
export function onDevice(settings: LinkSettings, { port = PORT, plugins, print }: PlaceOptions): Place {
  const lost = new AbortController();
  const driver = settings.open((error) => lost.abort(error));
  const hostname = settings.address.split("/")[0]!;
  const local: TcpEndpoint = { hostname, port };
  const told: Set<string> = new Set();
  const log = new ConnectionLog(port);
  const net = compose(driver, settings, [log.plugin, ...plugins]);
  const url = `http://${hostname}${port === 80 ? "" : `:${port}`}/`;
  return {
    net,
    log,
    local,
    medium: driver.medium,
    sentence: `Your request came from the kernel of this machine, through the device ${driver.name}.`,
    lost: lost.signal,
    open: () =>
      Promise.resolve(`Open ${url}\n  the kernel’s clients → ${driver.name} → bonsai ${hostname}:${port} → app`),
    visit(remote, answer) {
      const from = `${remote.hostname}:${remote.port}`;
      if (!told.has(from)) {
        if (told.size >= TOLD) told.clear();
        told.add(from);
        print(`${from} → ${hostname}:${port}`);
      }
      return answer();
    },
    hops: (remote) => hops(driver, local, remote),
    roundTripTime: () => null,
    stop() {},
    close: () => net.close(),
  };
}

/** Composes the stack for what the device carries. */
function compose(
  driver: LinkDriver,
  { address, gateway }: LinkSettings,
  plugins: readonly Plugin[],
): Stack<{ http: Http }> {
  const ip = ipv4({ address, ...(gateway === undefined ? {} : { gateway }) });
  return driver.medium === "ethernet"
    ? stack({
      driver: driver as LinkDriver & { medium: "ethernet" },
      plugins,
      protocols: [ethernet(), arp(), ip, icmp(), udp(), tcp(), http()],
    })
    : stack({
      driver: driver as LinkDriver & { medium: "ip" },
      plugins,
      protocols: [ip, icmp(), udp(), tcp(), http()],
    });
}

function hops({ name, medium, mtu }: LinkDriver, local: TcpEndpoint, remote: TcpEndpoint): Hop[] {
  const frames = medium === "ethernet" ? "Ethernet frames" : "IP packets";
  return [
    {
      name: "You",
      address: `${remote.hostname}:${remote.port}`,
      text: "Your program’s socket: TCP/IP of the kernel.",
      ours: false,
    },
    {
      name: "Device",
      address: name,
      text: `The kernel hands over its ${frames}, of ${mtu} bytes at most.`,
      ours: false,
    },
    {
      name: "Stack",
      address: `${local.hostname}:${local.port}`,
      text: `${medium === "ethernet" ? "Ethernet, ARP, " : ""}IPv4, TCP and HTTP of bonsai, in this process.`,
      ours: true,
    },
  ];
}
