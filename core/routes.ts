/**
 * The routing table: the longest prefix wins (RFC 1122, 3.3.1; RFC 1812, 5.2.4.3).
 *
 * @module
 */

import { type IpAddress, sameAddress } from "./ip.ts";

/**
 * A network: an address in it, and how many of its bits all of its hosts share.
 *
 * @typeParam A The addresses of its family.
 */
export interface IpPrefix<A> {
  /** The address. */
  readonly address: A;
  /** Bits of the prefix. */
  readonly prefix: number;
}

/**
 * A route.
 *
 * @typeParam A The addresses of its family.
 */
export interface Route<A> {
  /** Where it leads: any host whose address has this prefix. */
  readonly target: IpPrefix<A>;
  /** The router to hand packets to; null, or 0.0.0.0, for the hosts of our own link. */
  readonly gateway: A | null;
}

/**
 * Routes, the longest prefixes first.
 *
 * @typeParam A The addresses of its family.
 */
export class Routes<A extends IpAddress> {
  readonly #routes: Route<A>[] = [];
  readonly #commonPrefix: (a: A, b: A) => number;

  /**
   * Makes an empty table.
   *
   * @param commonPrefix Counts the first bits that two addresses share.
   */
  constructor(commonPrefix: (a: A, b: A) => number) {
    this.#commonPrefix = commonPrefix;
  }

  /**
   * Adds a route, before others to the same hosts.
   *
   * @param route The route.
   */
  add(route: Route<A>): void {
    const at = this.#routes.findIndex(({ target }) => target.prefix <= route.target.prefix);
    this.#routes.splice(at < 0 ? this.#routes.length : at, 0, route);
  }

  /**
   * Removes a route that was added with the same parts.
   *
   * @param route The route, or one like it.
   */
  remove({ target: { address, prefix }, gateway }: Route<A>): void {
    const at = this.#routes.findIndex((route) =>
      route.target.prefix === prefix && this.#commonPrefix(route.target.address, address) >= prefix &&
      (route.gateway === gateway || !!gateway && !!route.gateway && sameAddress(route.gateway, gateway))
    );
    if (at >= 0) this.#routes.splice(at, 1);
  }

  /**
   * Finds whom to hand a packet to.
   *
   * @param destination Whom it is for.
   * @returns The router, or the host itself on our own link; null without a route.
   */
  nextHop(destination: A): A | null {
    for (const { target, gateway } of this.#routes) {
      if (this.#commonPrefix(destination, target.address) >= target.prefix) return gateway || destination;
    }
    return null;
  }
}
