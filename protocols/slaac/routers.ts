/**
 * The routers of the link, and where they send us (RFC 4861, 6.3.4 to 6.3.6 and 8; RFC 4191).
 *
 * @module
 */

import { IPV6_ANY, type Ipv6Address, type Ipv6Cidr } from "../../core/ipv6_address.ts";
import type { Ipv6 } from "../ipv6.ts";

/** Routers kept at once. */
const MOST_ROUTERS = 16;
/** Redirects kept at once. */
const MOST_REDIRECTS = 64;
/** Every network without a route of its own. */
const EVERYWHERE: Ipv6Cidr = { address: IPV6_ANY, prefix: 0 };

interface Router {
  readonly address: Ipv6Address;
  expires: number;
  preference: number;
  /** Whether it did not answer when it was asked last. */
  failed: boolean;
}

interface Redirect {
  readonly target: Ipv6Cidr;
  readonly via: Ipv6Address | null;
}

/** Default routers, the best of which is the route to everywhere. */
export class Routers {
  readonly #ipv6: Ipv6;
  readonly #routers: Router[] = [];
  readonly #redirects: Redirect[] = [];
  #current: Ipv6Address | null = null;

  /**
   * Makes an empty list.
   *
   * @param ipv6 Whose routes it keeps.
   */
  constructor(ipv6: Ipv6) {
    this.#ipv6 = ipv6;
  }

  /** The router that packets go to; null without one. */
  get current(): Ipv6Address | null {
    return this.#current;
  }

  /** When the first router is a router no more; infinity without one. */
  get next(): number {
    return Math.min(...this.#routers.map(({ expires }) => expires));
  }

  /**
   * Hears of a router.
   *
   * @param address The router.
   * @param expires Until when it is one.
   * @param preference How much to prefer it: -1, 0 or 1.
   */
  advertised(address: Ipv6Address, expires: number, preference: number): void {
    const known = this.#routers.find((router) => router.address.equals(address));
    if (known) Object.assign(known, { expires, preference, failed: false });
    else if (this.#routers.length < MOST_ROUTERS) this.#routers.push({ address, expires, preference, failed: false });
  }

  /**
   * Hears that a neighbour does not answer: another router is better, and what was redirected there goes its old way.
   *
   * @param address The neighbour.
   */
  failed(address: Ipv6Address): void {
    for (const router of this.#routers) if (router.address.equals(address)) router.failed = true;
    for (const redirect of [...this.#redirects]) {
      if ((redirect.via ?? redirect.target.address).equals(address)) this.#forget(redirect);
    }
  }

  /**
   * Hears that a neighbour is no router.
   *
   * @param address The neighbour.
   */
  remove(address: Ipv6Address): void {
    this.failed(address);
    for (const router of this.#routers) if (router.address.equals(address)) router.expires = -Infinity;
  }

  /**
   * Hears that a destination is better reached another way.
   *
   * @param destination The destination.
   * @param via The router to hand its packets to; null where it is a neighbour itself.
   */
  redirected(destination: Ipv6Address, via: Ipv6Address | null): void {
    const old = this.#redirects.find(({ target }) => target.address.equals(destination));
    if (old) this.#forget(old);
    if (this.#redirects.length >= MOST_REDIRECTS) this.#forget(this.#redirects[0]!);
    const redirect: Redirect = { target: { address: destination, prefix: 128 }, via };
    this.#redirects.push(redirect);
    this.#ipv6.addRoute(redirect.target, via);
  }

  /**
   * Drops routers whose time is over, and takes the best one.
   *
   * @param now The time.
   */
  choose(now: number): void {
    const routers = this.#routers;
    for (let i = routers.length; i-- > 0;) if (routers[i]!.expires <= now) routers.splice(i, 1);
    let best: Router | null = null;
    for (const router of routers) {
      // One that answers is better than one that does not (RFC 4191, 3.2); of equals the one in use stays.
      if (!best || rank(router, this.#current) > rank(best, this.#current)) best = router;
    }
    const address = best?.address ?? null;
    if (address === this.#current) return;
    if (this.#current) this.#ipv6.removeRoute(EVERYWHERE, this.#current);
    if (address) this.#ipv6.addRoute(EVERYWHERE, address);
    this.#current = address;
  }

  #forget(redirect: Redirect): void {
    this.#redirects.splice(this.#redirects.indexOf(redirect), 1);
    this.#ipv6.removeRoute(redirect.target, redirect.via);
  }
}

function rank({ address, preference, failed }: Router, current: Ipv6Address | null): number {
  return (failed ? 0 : 100) + preference * 10 + (address === current ? 1 : 0);
}
