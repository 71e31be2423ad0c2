/**
 * The options of the IPv4 layer.
 *
 * @module
 */

import { type Ipv4Address, type Ipv4Cidr, parseIpv4, parseIpv4Cidr } from "../../core/ipv4_address.ts";
import { checkOptions, type OptionsSchema } from "../../core/options.ts";
import type { Route } from "../../core/routes.ts";

/** A route, as an option. */
export interface Ipv4RouteOptions {
  /** Where it leads, such as `"10.1.0.0/16"`. */
  readonly to: string;
  /** The router, such as `"10.0.0.254"`; hosts on our own link when left out. */
  readonly via?: string;
}

/** How to make the IPv4 layer. */
export interface Ipv4Options {
  /** Our address and its network, such as `"10.0.0.2/24"`. A host that asks for one later (DHCP) leaves it out. */
  readonly address?: string;
  /** Further addresses of ours. */
  readonly addresses?: readonly string[];
  /** The router for every network without a route of its own. */
  readonly gateway?: string;
  /** Routes; the longest prefix wins. */
  readonly routes?: readonly Ipv4RouteOptions[];
  /** Hops that packets may take, 1 to 255; 64 when left out. */
  readonly ttl?: number;
  /** Datagrams to put together from fragments at once, each in 64 KiB; 64 when left out. */
  readonly reassembly?: number;
}

/** The JSON Schema of {@linkcode Ipv4Options}. */
export const IPV4_OPTIONS: OptionsSchema<Ipv4Options> = {
  type: "object",
  additionalProperties: false,
  properties: {
    address: { type: "string", pattern: "^\\d+(\\.\\d+){3}/\\d+$", examples: ["10.0.0.2/24"] },
    addresses: {
      type: "array",
      items: { type: "string", pattern: "^\\d+(\\.\\d+){3}/\\d+$", examples: ["10.0.0.2/24"] },
    },
    gateway: { type: "string", pattern: "^\\d+(\\.\\d+){3}$", examples: ["10.0.0.1"] },
    routes: { type: "array", items: {} },
    ttl: { type: "integer", minimum: 1, maximum: 255 },
    reassembly: { type: "integer", minimum: 1, maximum: 4096 },
  },
};

/** The options, read. */
export interface Ipv4Settings {
  /** Our addresses and their networks, the preferred one first. */
  readonly addresses: readonly Ipv4Cidr[];
  /** Routes beyond those to our own networks. */
  readonly routes: readonly Route<Ipv4Address>[];
  /** Hops that packets may take. */
  readonly ttl: number;
  /** Datagrams to put together from fragments at once. */
  readonly reassembly: number;
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
export function readOptions(options: Ipv4Options): Ipv4Settings {
  checkOptions("ipv4", IPV4_OPTIONS, options);
  const { address, addresses = [], gateway, routes = [], ttl = 64, reassembly = 64 } = options;
  const all = gateway === undefined ? routes : [...routes, { to: "0.0.0.0/0", via: gateway }];
  return {
    addresses: (address === undefined ? addresses : [address, ...addresses]).map(parseIpv4Cidr),
    routes: all.map(({ to, via }) => ({
      target: parseIpv4Cidr(to),
      gateway: via === undefined ? null : parseIpv4(via),
    })),
    ttl,
    reassembly,
  };
}
