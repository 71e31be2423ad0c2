/**
 * The stack of the commands that find out whether, and how, a host can be reached.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { tryParseIpv4 } from "../../core/ipv4_address.ts";
import { tryParseIpv6 } from "../../core/ipv6_address.ts";
import { stack } from "../../core/stack.ts";
import { arp } from "../../protocols/arp.ts";
import { dns } from "../../protocols/dns.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import type { EchoStack } from "../../protocols/icmp_tools.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { type Ipv6, ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { slaac } from "../../protocols/slaac.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";
import { LINK_HELP, LINK_OPTIONS, type LinkDriver, type LinkSettings, readLink } from "../link.ts";
import { type CommandValues, UsageError } from "../command.ts";

/** The options. */
export const REACH_OPTIONS = {
  ...LINK_OPTIONS,
  dns: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** The same for `--help`. */
export const REACH_HELP = `${LINK_HELP}
  --dns ADDRESS      whom to ask for the host's address, where HOST is a name
  --help             prints this`;

/** A stack with ICMP that can be closed. */
export interface ReachStack extends EchoStack {
  /** IPv6, where it is wanted. */
  readonly ipv6?: Ipv6;
  /** NDP, where IPv6 has neighbours. */
  readonly ndp?: object;
  /** Closes it. */
  close(): void;
}

function compose(driver: LinkDriver, settings: LinkSettings, server: string | undefined): ReachStack {
  const { address, address6, gateway } = settings;
  const ip = ipv4({ address, ...(gateway === undefined ? {} : { gateway }) });
  const ip6 = ipv6(address6 === undefined || address6 === "auto" ? {} : { address: address6 });
  const names = dns(server === undefined ? {} : { servers: [server] });
  if (driver.medium === "ip") {
    const tun = driver as LinkDriver & { medium: "ip" };
    return stack({ driver: tun, protocols: [ip, icmp(), ip6, icmpv6(), udp(), tcp(), names] });
  }
  const tap = driver as LinkDriver & { medium: "ethernet" };
  return address6 === undefined
    ? stack({ driver: tap, protocols: [ethernet(), arp(), ip, icmp(), udp(), tcp(), names] })
    : stack({
      driver: tap,
      protocols: [ethernet(), arp(), ip, icmp(), ndp(), ip6, icmpv6(), slaac(), udp(), tcp(), names],
    });
}

/** Milliseconds within which an IPv6 address is found to be free, or a router tells of one. */
const PATIENCE = 5000;

/** Milliseconds for which an address might be another host's (RFC 4862, 5.4.2 and 5.1). */
const OPTIMISM = 2100;

/** Waits until an IPv6 address that is known beyond the link may be used. */
async function settled({ core, ipv6, ndp }: ReachStack, signal: AbortSignal): Promise<void> {
  const end = core.clock.now() + PATIENCE;
  const isThere = () => ipv6?.addresses.some(({ usable, address }) => usable && address.a >>> 22 !== 0x3fa) ?? true;
  while (!isThere() && core.clock.now() < end && !signal.aborted) await delay(20);
  // While it might still be another host's, neighbours may not learn ours, and answer us nothing (RFC 4429, 3.2).
  if (ndp) await delay(OPTIMISM);
}

/**
 * Lets a command use a stack, and closes it whatever happens.
 *
 * @param values The command's options.
 * @param host Whom it is to reach.
 * @param use What the command does; its signal aborts at Ctrl-C, or when the device is lost.
 * @throws {UsageError} When there is no host, or an option is wrong.
 */
export async function withStack(
  values: CommandValues<typeof REACH_OPTIONS>,
  host: string | undefined,
  use: (net: ReachStack, host: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (host === undefined) throw new UsageError("say which host");
  const settings = readLink(values);
  const { dns: server } = values;
  if (server !== undefined && tryParseIpv4(server) === null && tryParseIpv6(server) === null) {
    throw new UsageError(`--dns takes the address of a server, not "${server}"`);
  }
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const driver = settings.open((error) => ending.abort(error));
  const net = compose(driver, settings, server);
  process.once("SIGINT", end);
  try {
    if (tryParseIpv4(host) === null) await settled(net, ending.signal);
    await use(net, host, ending.signal);
  } catch (error) {
    // A number that is out of its range is the user's.
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  } finally {
    process.off("SIGINT", end);
    net.close();
  }
  if (ending.signal.reason instanceof Error && ending.signal.reason.name === "NetError") throw ending.signal.reason;
}

/**
 * Reads a number among the options.
 *
 * @param option The option, such as `"--count"`.
 * @param text What was given; undefined when nothing was.
 * @returns The number, as an option of a function.
 * @throws {UsageError} When it is none.
 */
export function number<K extends string>(option: K, text: string | undefined): { readonly [N in K]?: number } {
  if (text === undefined) return {};
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`--${option} must be a number, not "${text}"`);
  return { [option]: Number(text) } as { readonly [N in K]?: number };
}
