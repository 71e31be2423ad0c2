/**
 * The routing table: the longest prefix wins (RFC 1122, 3.3.1; RFC 1812, 5.2.4.3).
 *
 * @module
 */

import type { Ipv4Address, Ipv4Cidr } from "../../core/ipv4_address.ts";

/** A route. */
export interface Ipv4Route {
  /** Where it leads: any host whose address has this prefix. */
  readonly target: Ipv4Cidr;
  /** The router to hand packets to; 0 for the hosts of our own link. */
  readonly gateway: Ipv4Address;
}

/** Routes, the longest prefixes first. */
export class Ipv4Routes {
  readonly #routes: Ipv4Route[] = [];

  /**
   * Adds a route.
   *
   * @param target Where it leads.
   * @param gateway The router, or 0.
   */
  add(target: Ipv4Cidr, gateway: Ipv4Address): void {
    const routes = this.#routes;
    let at = 0;
    while (at < routes.length && routes[at]!.target.prefix >= target.prefix) at++;
    routes.splice(at, 0, { target, gateway });
  }

  /**
   * Removes a route that was added with the same parts.
   *
   * @param target Where it leads.
   * @param gateway The router, or 0.
   */
  remove(target: Ipv4Cidr, gateway: Ipv4Address): void {
    const routes = this.#routes;
    const at = routes.findIndex((route) =>
      route.gateway === gateway && route.target.prefix === target.prefix &&
      route.target.address === target.address
    );
    if (at >= 0) routes.splice(at, 1);
  }

  /**
   * Finds whom to hand a packet to.
   *
   * @param destination Whom it is for.
   * @returns The router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: Ipv4Address): Ipv4Address | null {
    for (const { target, gateway } of this.#routes) {
      if (((destination ^ target.address) & target.mask) === 0) return gateway || destination;
    }
    return null;
  }
}
