/**
 * One stack on a TAP or TUN device, which serves the kernel's clients.
 *
 * @module
 */

import type { TcpEndpoint } from "../../protocols/tcp.ts";
import type { Hop } from "../home/facts.ts";
import { ConnectionLog } from "../home/log.ts";
import { endText } from "../home/words.ts";
import { host } from "../host.ts";
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
  const ours = [settings.address, settings.address6].filter((cidr) => cidr !== undefined && cidr !== "auto")
    .map((cidr) => ({ hostname: cidr!.split("/")[0]!, port }));
  const told: Set<string> = new Set();
  const log = new ConnectionLog(port);
  const net = host(driver, settings, [log.plugin, ...plugins]);
  const urls = ours.map((end) => `http://${endText(end).replace(/:80$/, "")}/`);
  return {
    net,
    log,
    port,
    medium: driver.medium,
    sentence: `Your request came through the device ${driver.name}, and no TCP/IP but this answers it.`,
    lost: lost.signal,
    open: () =>
      Promise.resolve(
        `Open ${urls.join(" or ")}\n  clients → ${driver.name} → bonsai ${endText(ours[0]!)} → app`,
      ),
    visit(remote, answer) {
      const from = endText(remote);
      if (!told.has(from)) {
        if (told.size >= TOLD) told.clear();
        told.add(from);
        print(`${from} → ${endText(log.of(remote)?.local ?? ours[0]!)}`);
      }
      return answer();
    },
    hops: (remote) => hops(driver, log.of(remote)?.local ?? ours[0]!, remote),
    roundTripTime: () => null,
    stop() {},
    close: () => net.close(),
  };
}

function hops({ name, medium, mtu }: LinkDriver, local: TcpEndpoint, remote: TcpEndpoint): Hop[] {
  const layers = local.hostname.includes(":") ? ["NDP", "IPv6"] : ["ARP", "IPv4"];
  if (medium === "ethernet") layers.unshift("Ethernet");
  else layers.shift();
  const frames = medium === "ethernet" ? "Ethernet frames" : "IP packets";
  return [
    {
      name: "You",
      address: endText(remote),
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
      address: endText(local),
      text: `${layers.join(", ")}, TCP and HTTP of bonsai, in this process.`,
      ours: true,
    },
  ];
}
