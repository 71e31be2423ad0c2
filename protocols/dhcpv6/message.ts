/**
 * DHCPv6 messages (RFC 8415, 8) and the options that a host without state reads (RFC 3646; RFC 8415, 21).
 *
 * @module
 */

import { readName } from "../../core/domain_name.ts";
import { formatIpv6, readIpv6 } from "../../core/ipv6_address.ts";
import { getI32 } from "../../core/packet.ts";

/** Message type: a server answers. */
export const REPLY = 7;
/** Message type: a client asks for all but addresses. */
export const INFORMATION_REQUEST = 11;

/** Option: which client. */
export const OPTION_CLIENTID = 1;
/** Option: which server. */
export const OPTION_SERVERID = 2;
/** Option: which options the client wants. */
export const OPTION_ORO = 6;
/** Option: hundredths of a second since the client began. */
export const OPTION_ELAPSED_TIME = 8;
/** Option: whether the server could do it. */
export const OPTION_STATUS_CODE = 13;
/** Option: DNS servers. */
export const OPTION_DNS_SERVERS = 23;
/** Option: the domains in which names are looked for. */
export const OPTION_DOMAIN_LIST = 24;
/** Option: seconds until the client asks again. */
export const OPTION_REFRESH_TIME = 32;
/** Option: seconds between two requests, at most. */
export const OPTION_INF_MAX_RT = 83;

/** Servers, and domains, that are taken up of one reply. */
const MOST = 8;

/** The options of a message, by their code. */
export type Dhcpv6OptionMap = Map<number, Uint8Array>;

/** A message. */
export interface Dhcpv6Message {
  /** What it is. */
  readonly type: number;
  /** Which messages belong together: 24 bits. */
  readonly xid: number;
  /** The options; of one that stands twice the first. */
  readonly options: Dhcpv6OptionMap;
}

/**
 * Reads a message between clients and servers.
 *
 * @param bytes The message.
 * @returns It, not copied; null when it is none.
 */
export function readDhcpv6(bytes: Uint8Array): Dhcpv6Message | null {
  if (bytes.length < 4) return null;
  const options: Dhcpv6OptionMap = new Map();
  for (let at = 4; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const code = bytes[at]! << 8 | bytes[at + 1]!;
    const end = at + 4 + (bytes[at + 2]! << 8 | bytes[at + 3]!);
    if (end > bytes.length) return null;
    if (!options.has(code)) options.set(code, bytes.subarray(at + 4, end));
    at = end;
  }
  return { type: bytes[0]!, xid: bytes[1]! << 16 | bytes[2]! << 8 | bytes[3]!, options };
}

/**
 * Writes a message.
 *
 * @param message The message.
 * @returns Its bytes.
 */
export function writeDhcpv6({ type, xid, options }: Dhcpv6Message): Uint8Array<ArrayBuffer> {
  const bytes = [type, xid >> 16, xid >> 8, xid];
  for (const [code, value] of options) bytes.push(code >> 8, code, value.length >> 8, value.length, ...value);
  return Uint8Array.from(bytes);
}

/**
 * Reads an option of 32 bits.
 *
 * @param options The options.
 * @param code Which one.
 * @returns What it says, unsigned; undefined when it is not there, or of another size.
 */
export function secondsOf(options: Dhcpv6OptionMap, code: number): number | undefined {
  const bytes = options.get(code);
  return bytes?.length === 4 ? getI32(bytes, 0) >>> 0 : undefined;
}

/**
 * Reads the DNS servers that a message tells.
 *
 * @param options Its options.
 * @returns The servers in text.
 */
export function serversOf(options: Dhcpv6OptionMap): string[] {
  const bytes = options.get(OPTION_DNS_SERVERS) ?? new Uint8Array(0);
  const list: string[] = [];
  for (let at = 0; at + 16 <= bytes.length && list.length < MOST; at += 16) list.push(formatIpv6(readIpv6(bytes, at)));
  return list;
}

/**
 * Reads the domains that a message tells.
 *
 * @param options Its options.
 * @returns The domains.
 */
export function searchOf(options: Dhcpv6OptionMap): string[] {
  const bytes = options.get(OPTION_DOMAIN_LIST) ?? new Uint8Array(0);
  const list: string[] = [];
  for (let at = 0; at < bytes.length && list.length < MOST;) {
    const read = readName(bytes, at);
    if (!read) break;
    if (read.name) list.push(read.name);
    at = read.end;
  }
  return list;
}
