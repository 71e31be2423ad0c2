/**
 * Options of a DHCP server's messages (RFC 2132).
 *
 * @module
 */

import { writeName } from "../../core/domain_name.ts";
import { type Ipv4Cidr, parseIpv4 } from "../../core/ipv4_address.ts";
import { OPTION_DNS, OPTION_DOMAIN, OPTION_MASK, OPTION_MTU, OPTION_ROUTER, OPTION_SEARCH } from "../dhcp/codes.ts";
import { wordOption } from "../dhcp/message.ts";
import type { DhcpServerOptions } from "./settings.ts";

/**
 * Writes an option, in parts where it is longer than one can be (RFC 3396).
 *
 * @param code The option.
 * @param bytes Its bytes.
 * @returns Code, length and bytes of each part; nothing where there are no bytes.
 */
export function longOption(code: number, bytes: readonly number[]): number[] {
  const parts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const part = bytes.slice(at, at += 255);
    parts.push(code, part.length, ...part);
  }
  return parts;
}

/**
 * Writes a text as an option.
 *
 * @param code The option.
 * @param text The text.
 * @returns Code, length and bytes.
 */
export function textOption(code: number, text: string): number[] {
  return longOption(code, [...new TextEncoder().encode(text)]);
}

/**
 * Writes the domains in which clients look for names (RFC 3397).
 *
 * @param search The domains.
 * @returns The option; nothing where there are none.
 * @throws {SyntaxError} When one is no domain name.
 */
export function searchOption(search: readonly string[]): number[] {
  return longOption(
    OPTION_SEARCH,
    search.flatMap((name) => {
      const bytes = writeName(name);
      if (!bytes) throw new SyntaxError(`Cannot parse "${name}" as a domain name such as "example.com"`);
      return [...bytes];
    }),
  );
}

/**
 * Writes what every client is told of the network.
 *
 * @param own Our address and the network.
 * @param options What there is to tell.
 * @returns The options.
 * @throws {SyntaxError} When an address is none.
 */
export function networkOptions(own: Ipv4Cidr, options: DhcpServerOptions): number[] {
  const { router, dns = [], search = [], mtu } = options;
  const told = wordOption(OPTION_MASK, own.mask);
  if (router !== undefined) told.push(...wordOption(OPTION_ROUTER, parseIpv4(router)));
  told.push(...longOption(OPTION_DNS, dns.flatMap((address) => wordOption(0, parseIpv4(address)).slice(2))));
  const [domain] = search;
  if (domain !== undefined) told.push(...textOption(OPTION_DOMAIN, domain));
  if (mtu !== undefined) told.push(OPTION_MTU, 2, mtu >> 8, mtu);
  return told;
}
