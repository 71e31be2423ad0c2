/**
 * Routers that send us to better ones (RFC 1122, 3.2.2.2).
 *
 * @module
 */

import type { IpObserver } from "../../core/ip_family.ts";
import type { Ipv4Address, Ipv4Cidr } from "../../core/ipv4_address.ts";
import type { Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { Ipv4 } from "../ipv4.ts";
import { ICMP_HEADER } from "./message.ts";

/** Redirects followed at once. */
const MOST = 64;
/** Milliseconds for which one is followed: long enough not to be told again and again, and no forged one stays for good. */
const LIFETIME = 600_000;

interface Redirect {
  readonly target: Ipv4Cidr;
  readonly gateway: Ipv4Address;
  readonly expires: number;
}

/** The redirects that are followed, each a route to one host. */
export class Redirects implements IpObserver<Ipv4Address> {
  readonly #core: Core;
  readonly #ipv4: Ipv4;
  /** The oldest first. */
  readonly #redirects: Redirect[] = [];
  readonly #expire: Timer = new Timer((now) => {
    for (const redirect of this.#redirects.filter(({ expires }) => expires <= now)) this.#forget(redirect);
    if (this.#redirects.length > 0) this.#core.timers.arm(this.#expire, this.#redirects[0]!.expires);
  });

  /**
   * Follows none yet.
   *
   * @param core The core.
   * @param ipv4 Whose routes it changes.
   */
  constructor(core: Core, ipv4: Ipv4) {
    this.#core = core;
    this.#ipv4 = ipv4;
    ipv4.observers.push(this);
  }

  /**
   * Reads a redirect. One about a network is taken for one about the host, as nobody tells the network's size.
   *
   * @param packet The message, its window at the ICMP header.
   * @returns Whether it is followed: it comes from the router in use for the host, and names another one on our link.
   */
  receive(packet: Packet): boolean {
    const ipv4 = this.#ipv4;
    if (packet.length < ICMP_HEADER + 28 || packet.u8(1) > 3 || packet.u8(ICMP_HEADER) >> 4 !== 4) return false;
    const gateway = packet.i32(4) as Ipv4Address;
    const source = packet.i32(ICMP_HEADER + 12);
    const destination = packet.i32(ICMP_HEADER + 16) as Ipv4Address;
    if (
      !ipv4.addresses.some(({ address }) => address === source) || ipv4.isLocal(destination) ||
      ipv4.isMany(destination) || ipv4.isLocal(gateway) || ipv4.isMany(gateway) ||
      ipv4.nextHop(gateway) !== gateway || ipv4.nextHop(destination) !== ipv4.source(packet) ||
      // A neighbour is reached by itself, and no router has a say in that.
      ipv4.nextHop(destination) === destination ||
      ipv4.source(packet) === gateway
    ) return false;
    this.unreachable(destination);
    if (this.#redirects.length === MOST) this.#forget(this.#redirects[0]!);
    const expires = this.#core.now() + LIFETIME;
    const redirect = { target: { address: destination, prefix: 32, mask: -1 }, gateway, expires };
    this.#redirects.push(redirect);
    ipv4.addRoute(redirect.target, gateway);
    if (!this.#expire.armed) this.#core.timers.arm(this.#expire, expires);
    return true;
  }

  /** Hears that nobody answers on the way to a host: it is tried the old way again. */
  unreachable(destination: Ipv4Address): void {
    const old = this.#redirects.find(({ target }) => target.address === destination);
    if (old) this.#forget(old);
  }

  #forget(redirect: Redirect): void {
    this.#redirects.splice(this.#redirects.indexOf(redirect), 1);
    this.#ipv4.removeRoute(redirect.target, redirect.gateway);
  }
}
