/**
 * The routing table: the longest prefix wins.
 *
 * @module
 */

import { commonPrefix, type Ipv6Address, type Ipv6Cidr } from "../../core/ipv6_address.ts";

/** A route. */
export interface Ipv6Route {
  /** Where it leads: any host whose address has this prefix. */
  readonly target: Ipv6Cidr;
  /** The router to hand packets to; null for the hosts of our own link. */
  readonly gateway: Ipv6Address | null;
}

/** Routes, the longest prefixes first. */
export class Ipv6Routes {
  readonly #routes: Ipv6Route[] = [];

  /**
   * Adds a route, before others to the same hosts.
   *
   * @param target Where it leads.
   * @param gateway The router, or null.
   */
  add(target: Ipv6Cidr, gateway: Ipv6Address | null): void {
    const at = this.#routes.findIndex((route) => route.target.prefix <= target.prefix);
    this.#routes.splice(at < 0 ? this.#routes.length : at, 0, { target, gateway });
  }

  /**
   * Removes a route that was added with the same parts.
   *
   * @param target Where it leads.
   * @param gateway The router, or null.
   */
  remove({ address, prefix }: Ipv6Cidr, gateway: Ipv6Address | null): void {
    const at = this.#routes.findIndex((route) =>
      route.target.prefix === prefix && commonPrefix(route.target.address, address) >= prefix &&
      (gateway ? route.gateway?.equals(gateway) : !route.gateway)
    );
    if (at >= 0) this.#routes.splice(at, 1);
  }

  /**
   * Finds whom to hand a packet to.
   *
   * @param destination Whom it is for.
   * @returns The router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: Ipv6Address): Ipv6Address | null {
    for (const { target, gateway } of this.#routes) {
      if (commonPrefix(destination, target.address) >= target.prefix) return gateway ?? destination;
    }
    return null;
  }
}
