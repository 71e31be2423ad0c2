/**
 * The options of the IPv6 layer.
 *
 * @module
 */

import { type Ipv6Address, type Ipv6Cidr, parseIpv6, parseIpv6Cidr } from "../../core/ipv6_address.ts";
import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import type { Route } from "../../core/routes.ts";

/** A route, as an option. */
export interface Ipv6RouteOptions {
  /** Where it leads, such as `"2001:db8::/32"`. */
  readonly to: string;
  /** The router, such as `"fe80::1"`; hosts on our own link when left out. */
  readonly via?: string;
}

/** How to make the IPv6 layer. */
export interface Ipv6Options {
  /** Our addresses and their networks, such as `"fd00::2/64"`; beside them there is always one of the link. */
  readonly address?: string | readonly string[];
  /** The router for every network without a route of its own. */
  readonly gateway?: string;
  /** Routes; the longest prefix wins. */
  readonly routes?: readonly Ipv6RouteOptions[];
  /** Hops that packets may take, 1 to 255; 64 when left out, or what routers say. */
  readonly hopLimit?: number;
  /** Datagrams to put together from fragments at once, each in 64 KiB; 64 when left out. */
  readonly reassembly?: number;
  /**
   * What our addresses on the link, and those made by `slaac()`, are derived from (RFC 7217): the same secret gives the same
   * addresses on the same network; new ones at every start when left out.
   */
  readonly secret?: string;
}

/** The JSON Schema of {@linkcode Ipv6Options}. */
export const IPV6_OPTIONS: OptionsSchema<Ipv6Options> = {
  type: "object",
  additionalProperties: false,
  properties: {
    address: {},
    gateway: { type: "string", pattern: "^[\\da-fA-F:.]+$", examples: ["fe80::1"] },
    routes: { type: "array", items: {} },
    hopLimit: { type: "integer", minimum: 1, maximum: 255 },
    reassembly: { type: "integer", minimum: 1, maximum: 4096 },
    secret: { type: "string" },
  },
};

/** The options, read. */
export interface Ipv6Settings {
  /** Our addresses and their networks. */
  readonly addresses: readonly Ipv6Cidr[];
  /** Routes beyond those to our own networks. */
  readonly routes: readonly Route<Ipv6Address>[];
  /** Hops that packets may take. */
  readonly hopLimit: number;
  /** Datagrams to put together from fragments at once. */
  readonly reassembly: number;
  /** What interface identifiers are derived from; undefined for one drawn at the start. */
  readonly secret: string | undefined;
}

/**
 * Checks and reads the options.
 *
 * @param options The options.
 * @returns The same, read.
 * @throws {TypeError} When one is unknown or of another type.
 * @throws {RangeError} When one is out of its range.
 * @throws {SyntaxError} When a text is no address.
 */
export function readOptions(options: Ipv6Options): Ipv6Settings {
  checkOptions("ipv6", IPV6_OPTIONS, options);
  const { address = [], gateway, routes = [], hopLimit = 64, reassembly = 64, secret } = options;
  const all = gateway === undefined ? routes : [...routes, { to: "::/0", via: gateway }];
  return {
    addresses: [address].flat().map(parseIpv6Cidr),
    routes: all.map(({ to, via }) => ({
      target: parseIpv6Cidr(to),
      gateway: via === undefined ? null : parseIpv6(via),
    })),
    hopLimit,
    reassembly,
    secret,
  };
}
