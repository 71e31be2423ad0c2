/**
 * What a server grants: an address for a while, and what a host needs to know of the network.
 *
 * @module
 */

import { readName } from "../../core/domain_name.ts";
import { formatIpv4, type Ipv4Address, type Ipv4Cidr, prefixMask } from "../../core/ipv4_address.ts";
import { getI32 } from "../../core/packet.ts";
import {
  type DhcpMessage,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_MTU,
  OPTION_ROUTER,
  OPTION_ROUTES,
  OPTION_SEARCH,
  OPTION_SERVER,
  OPTION_T1,
  OPTION_T2,
  wordsOf,
} from "./message.ts";

/** A route that a server tells. */
export interface DhcpRoute {
  /** Where it leads. */
  readonly target: Ipv4Cidr;
  /** The router; 0 for hosts on our own link. */
  readonly gateway: Ipv4Address;
}

/** A lease. Times are the clock's milliseconds; infinity where it never ends. */
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
  /** Bytes of the largest packet, where the server tells; 0 otherwise. */
  readonly mtu: number;
  /** The server. */
  readonly server: Ipv4Address;
  /** When to renew it, T1. */
  readonly renewal: number;
  /** When to ask any server, T2. */
  readonly rebinding: number;
  /** When it ends. */
  readonly expiry: number;
}

/** Seconds of a lease that never ends. */
const FOREVER = 0xffffffff;

/**
 * Reads the lease that a message grants.
 *
 * @param message The message: an ACK.
 * @param since When it was asked for, in the clock's milliseconds.
 * @returns The lease; null when the message grants none.
 */
export function readLease({ yiaddr, options }: DhcpMessage, since: number): DhcpLease | null {
  const [seconds, server] = [OPTION_LEASE, OPTION_SERVER].map((code) => wordsOf(options, code)[0]);
  if (!yiaddr || seconds === undefined || server === undefined) return null;
  const lease = seconds >>> 0;
  // Without a mask, that of the address's class (RFC 950, 2.1).
  const mask = wordsOf(options, OPTION_MASK)[0] ?? (yiaddr > 0 ? -1 << 24 : yiaddr >>> 30 === 2 ? -1 << 16 : -1 << 8);
  const prefix = Math.clz32(~mask);
  const address = yiaddr as Ipv4Address;
  const t1 = (wordsOf(options, OPTION_T1)[0] ?? -1) >>> 0;
  const t2 = (wordsOf(options, OPTION_T2)[0] ?? -1) >>> 0;
  const sane = t1 < t2 && t2 < lease;
  const after = (seconds: number): number => lease === FOREVER ? Infinity : since + 1000 * seconds;
  const router = wordsOf(options, OPTION_ROUTER)[0];
  const mtu = options.get(OPTION_MTU);
  const domain = options.get(OPTION_DOMAIN);
  const search = readSearch(options.get(OPTION_SEARCH));
  return {
    address: formatIpv4(address),
    cidr: { address, prefix, mask: prefixMask(prefix) },
    // Who knows the newer option does not look at the older one (RFC 3442).
    routes: readRoutes(options.get(OPTION_ROUTES)) ??
      (router ? [{ target: { address: 0, prefix: 0, mask: 0 }, gateway: router } as DhcpRoute] : []),
    servers: wordsOf(options, OPTION_DNS).map((word) => formatIpv4(word as Ipv4Address)),
    search: search.length > 0 || !domain ? search : [new TextDecoder().decode(domain).replace(/[\0.]+$/, "")],
    mtu: mtu?.length === 2 ? mtu[0]! << 8 | mtu[1]! : 0,
    server: server as Ipv4Address,
    renewal: after(sane ? t1 : lease / 2),
    rebinding: after(sane ? t2 : lease * 0.875),
    expiry: after(lease),
  };
}

/** Reads domains, whose pointers count from the option's start (RFC 3397). */
function readSearch(bytes: Uint8Array | undefined): string[] {
  const domains: string[] = [];
  for (let at = 0; bytes && at < bytes.length;) {
    const read = readName(bytes, at);
    if (!read) break;
    domains.push(read.name);
    at = read.end;
  }
  return domains;
}

/** Reads routes: each a prefix, as many bytes of the target as it needs, and a router (RFC 3442). */
function readRoutes(bytes: Uint8Array<ArrayBuffer> | undefined): DhcpRoute[] | null {
  if (!bytes) return null;
  const routes: DhcpRoute[] = [];
  for (let at = 0; at < bytes.length;) {
    const prefix = bytes[at++]!;
    const size = prefix + 7 >> 3;
    if (prefix > 32 || at + size + 4 > bytes.length) return null;
    const address = getI32(Uint8Array.of(...bytes.subarray(at, at += size), 0, 0, 0, 0), 0) as Ipv4Address;
    routes.push({ target: { address, prefix, mask: prefixMask(prefix) }, gateway: getI32(bytes, at) as Ipv4Address });
    at += 4;
  }
  return routes;
}
