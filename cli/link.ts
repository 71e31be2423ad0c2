/**
 * The options of the commands that speak to the network through a TAP or TUN device, or a packet socket.
 *
 * @module
 */

import {
  IPV4_ANY,
  IPV4_BROADCAST,
  type Ipv4Cidr,
  isIpv4Multicast,
  parseIpv4,
  parseIpv4Cidr,
} from "../core/ipv4_address.ts";
import { parseIpv6, parseIpv6Cidr } from "../core/ipv6_address.ts";
import type { NetError } from "../core/net_error.ts";
import { afPacket, type AfPacketDriver } from "../drivers/af_packet.ts";
import { tap, type TapDriver, type TapOptions } from "../drivers/tap.ts";
import { tun } from "../drivers/tun.ts";
import { type CommandValues, UsageError } from "./command.ts";

/** The options, for {@linkcode readOptions}. */
export const LINK_OPTIONS = {
  driver: { type: "string", choices: ["tap", "tun", "packet"] },
  name: { type: "string" },
  address: { type: "string" },
  address6: { type: "string" },
  gateway: { type: "string" },
  gateway6: { type: "string" },
  host: { type: "string" },
  host6: { type: "string" },
  mtu: { type: "string" },
} as const;

/** The same for `--help`. */
export const LINK_HELP =
  `  --driver KIND      tap: a device for Ethernet frames; tun: a device for bare IP packets; packet: a packet socket on a
                     network interface that is there, beside the kernel
  --name NAME        the device; tap0 or tun0 when left out, and "tap%d" takes the first free number; with packet the
                     interface, eth0 when left out
  --address CIDR     our IPv4 address and prefix, such as 10.0.0.2/24
  --address6 CIDR    our IPv6 address and prefix, such as fd00::2/64, or "auto" (not over TUN)
  --gateway ADDRESS  the IPv4 router for what is not on the link
  --gateway6 ADDRESS the IPv6 router; over Ethernet those that announce themselves are used too
  --host CIDR        gives the kernel's end of the link this IPv4 address and switches it on
  --host6 CIDR       the same for IPv6
  --mtu BYTES        sets the MTU of the link (these three with tap and tun)`;

/** An open device; what it carries tells its kind. */
export type LinkDriver = TapDriver<"ethernet"> | TapDriver<"ip"> | AfPacketDriver;

const DEFAULT_NAMES = { tap: "tap0", tun: "tun0", packet: "eth0" } as const;

/** Where a command stands on the network. */
export interface LinkSettings {
  /** Opens the device. */
  open(onLost: (error: NetError) => void): LinkDriver;
  /** Our IPv4 address and prefix. */
  readonly address: string;
  /** Our IPv6 address and prefix, or `"auto"` for those that routers tell of; undefined where IPv6 is not wanted. */
  readonly address6: string | undefined;
  /** The IPv4 router; undefined when there is none. */
  readonly gateway: string | undefined;
  /** The IPv6 router; undefined when there is none. */
  readonly gateway6: string | undefined;
}

/**
 * Reads the options.
 *
 * @param values What was given.
 * @returns The settings; nothing is opened yet.
 * @throws {UsageError} When one is missing or wrong.
 */
export function readLink(values: CommandValues<typeof LINK_OPTIONS>): LinkSettings {
  const { driver, address, address6, gateway, gateway6, host, host6, mtu } = values;
  if (driver === undefined) throw new UsageError("say --driver tap, --driver tun or --driver packet");
  if (address6 === "auto") {
    if (driver === "tun") {
      throw new UsageError("--address6 auto needs --driver tap or packet: routers are found over Ethernet");
    }
  } else if (address6 !== undefined) readAddress("--address6", address6, parseIpv6Cidr);
  if (address === undefined) throw new UsageError("say --address, such as --address 10.0.0.2/24");
  const ours = ownAddress("--address", address);
  if (host !== undefined && ownAddress("--host", host).address === ours.address) {
    throw new UsageError("--host and --address are the same; each end has its own");
  }
  if (gateway !== undefined) readAddress("--gateway", gateway, parseIpv4);
  if (gateway6 !== undefined) readAddress("--gateway6", gateway6, parseIpv6);
  if (host6 !== undefined) readAddress("--host6", host6, parseIpv6Cidr);
  const options: TapOptions = {
    ...(host === undefined ? {} : { host }),
    ...(host6 === undefined ? {} : { host6 }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
  };
  const stray = driver === "packet" ? (["host", "host6", "mtu"] as const).find((name) => name in values) : undefined;
  if (stray) {
    throw new UsageError(`--${stray} is for --driver tap and --driver tun: the interface is the kernel's already`);
  }
  const name = values.name ?? DEFAULT_NAMES[driver];
  return {
    address,
    address6,
    gateway,
    gateway6,
    open(onLost) {
      try {
        if (driver === "packet") return afPacket(name);
        return (driver === "tap" ? tap : tun)(name, { ...options, onLost });
      } catch (error) {
        // The name and the numbers are the user's.
        if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message);
        throw error;
      }
    },
  };
}

/**
 * Reads an address among the options.
 *
 * @param option The option, such as `"--gateway"`.
 * @param text What was given.
 * @param parse Reads it.
 * @returns The address.
 * @throws {UsageError} When it is none.
 */
export function readAddress<T>(option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

/** Reads an address that a host can have: no group, no broadcast, and not the absence of one (RFC 1122, 3.2.1.3). */
function ownAddress(option: string, text: string): Ipv4Cidr {
  const cidr = readAddress(option, text, parseIpv4Cidr);
  const { address, prefix, mask } = cidr;
  // A network of two has no broadcast, and one of one is the host (RFC 3021).
  const isEdge = prefix < 31 && ((address & ~mask) === 0 || (address | mask) === -1);
  if (isEdge || address === IPV4_ANY || address === IPV4_BROADCAST || isIpv4Multicast(address)) {
    throw new UsageError(`${option}: ${text} is no host's: it names a network, a group or everybody`);
  }
  return cidr;
}
