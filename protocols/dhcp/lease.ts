/**
 * What a server grants: an address for a while, and what a host needs to know of the network.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address, type Ipv4Cidr, isIpv4Loopback, parseIpv4Cidr } from "../../core/ipv4_address.ts";
import { getI32 } from "../../core/packet.ts";
import { OPTION_DNS, OPTION_LEASE, OPTION_MASK, OPTION_ROUTER, OPTION_T1, OPTION_T2, YIADDR } from "./codes.ts";
import { type DhcpOptionList, wordOf } from "./message.ts";

/** A route that a server tells. */
export interface DhcpRoute {
  /** Where it leads. */
  readonly target: Ipv4Cidr;
  /** The router; 0 for hosts on our own link. */
  readonly gateway: Ipv4Address;
}

/** A lease. Times are the clock's milliseconds. */
export interface DhcpLease {
  /** The address, in text. */
  readonly address: string;
  /** The address and its network. */
  readonly cidr: Ipv4Cidr;
  /** The routes, most often one to everywhere. */
  readonly routes: readonly DhcpRoute[];
  /** The DNS servers, in text. */
  readonly servers: readonly string[];
  /** The domains in which names are looked for. */
  readonly search: readonly string[];
  /** Bytes of the largest packet, where the server was asked and told. */
  readonly mtu?: number;
  /** When to renew it, T1. */
  readonly renewal: number;
  /** When to ask any server, T2. */
  readonly rebinding: number;
  /** When it ends. */
  readonly expiry: number;
}

/**
 * Reads the lease that an ACK grants.
 *
 * @param bytes The message.
 * @param options Its options.
 * @param since When it was asked for, in the clock's milliseconds.
 * @returns The lease; null when the message grants none.
 */
export function readLease(
  bytes: Uint8Array,
  options: DhcpOptionList,
  since: number,
): DhcpLease | null {
  const word = (code: number): number => wordOf(options, code);
  const address = getI32(bytes, YIADDR) as Ipv4Address;
  const lease = word(OPTION_LEASE) >>> 0;
  // A lease that ends at once is none, and groups, everybody and the loopback are no host's.
  if (!address || !lease || address >>> 28 > 13 || isIpv4Loopback(address)) return null;
  const text = formatIpv4(address);
  const t1 = word(OPTION_T1) >>> 0;
  const t2 = word(OPTION_T2) >>> 0;
  const sane = t1 && t1 < t2 && t2 < lease;
  const gateway = word(OPTION_ROUTER) as Ipv4Address;
  return {
    address: text,
    cidr: parseIpv4Cidr(`${text}/${Math.clz32(~(word(OPTION_MASK) || -1 << 8))}`),
    routes: gateway ? [{ target: parseIpv4Cidr("0.0.0.0/0"), gateway }] : [],
    servers: options[OPTION_DNS]?.join(".").match(/(\d+\.){3}\d+/g) ?? [],
    search: [],
    renewal: since + 1000 * (sane ? t1 : lease / 2),
    rebinding: since + 1000 * (sane ? t2 : lease * 0.875),
    expiry: since + 1000 * lease,
  };
}
