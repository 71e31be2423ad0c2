/**
 * Options of DHCP that the client does not know by itself, to list in `dhcp({ options: […] })`.
 *
 * ```ts
 * import { dhcp } from "@bonsai/net/protocols/dhcp";
 * import { classlessRoutes, clientId, hostname, searchList } from "@bonsai/net/protocols/dhcp_options";
 *
 * const protocol = dhcp({ options: [hostname("lamp"), classlessRoutes, searchList, clientId("ff00000001")] });
 * console.log(protocol.name);
 * ```
 *
 * @module
 */

import { readName } from "../core/domain_name.ts";
import { type Ipv4Address, prefixMask } from "../core/ipv4_address.ts";
import { getI32 } from "../core/packet.ts";
import {
  OPTION_CLIENT,
  OPTION_DOMAIN,
  OPTION_HOSTNAME,
  OPTION_MTU,
  OPTION_ROUTES,
  OPTION_SEARCH,
} from "./dhcp/codes.ts";
import type { DhcpRoute } from "./dhcp/lease.ts";
import type { DhcpOption } from "./dhcp/settings.ts";

export type { DhcpLease, DhcpRoute } from "./dhcp/lease.ts";
export type { DhcpOption } from "./dhcp/settings.ts";

function word(bytes: readonly number[]): Ipv4Address {
  return getI32(Uint8Array.from(bytes), 0) as Ipv4Address;
}

/** Routes to single networks, which take the place of the router (RFC 3442). */
export const classlessRoutes: DhcpOption = {
  code: OPTION_ROUTES,
  read(bytes) {
    const routes: DhcpRoute[] = [];
    for (let at = 0; at < bytes.length;) {
      // A prefix, as many bytes of the target as it needs, and a router.
      const prefix = bytes[at++]!;
      const size = prefix + 7 >> 3;
      if (prefix > 32 || at + size + 4 > bytes.length) return {};
      const address = word(bytes.slice(at, at += size));
      routes.push({ target: { address, prefix, mask: prefixMask(prefix) }, gateway: word(bytes.slice(at, at + 4)) });
      at += 4;
    }
    return { routes };
  },
};

/** The domain in which names are looked for (RFC 2132, 3.17). */
export const domainName: DhcpOption = {
  code: OPTION_DOMAIN,
  // Some servers end it with a zero, which is to be taken off.
  read: (bytes) => ({ search: [String.fromCharCode(...bytes).replace(/[\0.]+$/, "")] }),
};

/** The MTU of the link (RFC 2132, 5.1). */
export const interfaceMtu: DhcpOption = {
  code: OPTION_MTU,
  read: (bytes) => bytes.length === 2 ? { mtu: bytes[0]! << 8 | bytes[1]! } : {},
};

/** The domains in which names are looked for, where there are several (RFC 3397). */
export const searchList: DhcpOption = {
  code: OPTION_SEARCH,
  read(bytes) {
    const search: string[] = [];
    for (let at = 0; at < bytes.length;) {
      // Pointers count from the option's start.
      const read = readName(Uint8Array.from(bytes), at);
      if (!read) break;
      search.push(read.name);
      at = read.end;
    }
    return search.length > 0 ? { search } : {};
  },
};

/**
 * The name that we tell the server, which may give it to its DNS (RFC 2132, 3.14).
 *
 * @param name The name, at most 255 bytes.
 * @returns The option.
 * @throws {SyntaxError} When it is empty or too long.
 */
export function hostname(name: string): DhcpOption {
  const value = [...new TextEncoder().encode(name)];
  if (value.length < 1 || value.length > 255) throw new SyntaxError(`Cannot tell "${name}" as a host's name`);
  return { code: OPTION_HOSTNAME, value };
}

/**
 * What the server knows us by, in the place of our MAC address (RFC 2132, 9.14; RFC 4361).
 *
 * @param hex Its bytes in hexadecimal, at least two: the type and what identifies us, such as `"ff00000001…"`.
 * @returns The option.
 * @throws {SyntaxError} When the text is none.
 */
export function clientId(hex: string): DhcpOption {
  if (!/^([0-9a-f]{2}){2,255}$/i.test(hex)) throw new SyntaxError(`Cannot parse "${hex}" as a client identifier`);
  return { code: OPTION_CLIENT, value: hex.match(/../g)!.map((octet) => parseInt(octet, 16)) };
}

/** All that the client can ask for, for hosts that need not be small. */
export const everyOption: readonly DhcpOption[] = [domainName, searchList, interfaceMtu, classlessRoutes];
