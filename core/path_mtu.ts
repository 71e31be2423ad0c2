/**
 * What is known of the MTU of ways beyond our own link (RFC 1191, RFC 8201), whichever family goes them.
 *
 * @module
 */

import type { Core } from "./protocol.ts";
import { Timer } from "./timers.ts";

/** Milliseconds after which a larger packet is tried again (RFC 1191, 6.3; RFC 8201, 4). */
const LIFETIME = 600_000;
/** Hosts remembered at once. */
const MOST = 256;

/** MTUs of hosts, where they are smaller than our link's. */
export class PathMtus {
  readonly #core: Core;
  readonly #least: number;
  readonly #changed: () => void;
  /** The oldest first. */
  readonly #known: Map<number, { readonly mtu: number; readonly expires: number }> = new Map();
  readonly #timer: Timer = new Timer((now) => this.#expire(now));

  /**
   * Makes an empty table.
   *
   * @param core The core.
   * @param least Bytes below which an MTU is not believed.
   * @param changed Called when what `get` says has changed.
   */
  constructor(core: Core, least: number, changed: () => void) {
    this.#core = core;
    this.#least = least;
    this.#changed = changed;
  }

  /**
   * Tells the MTU of the way to a host.
   *
   * @param destination The host: an IPv4 address, or a hash of an IPv6 one; hosts that collide share the smaller MTU.
   * @param link The MTU of our link.
   * @returns The MTU; negative where what was told is too small to be believed, so that routers must be let fragment.
   */
  get(destination: number, link: number): number {
    const mtu = this.#known.get(destination)?.mtu ?? link;
    return mtu < link ? mtu : link;
  }

  /**
   * Hears of a smaller MTU.
   *
   * @param destination The host: an IPv4 address, or a hash of an IPv6 one; hosts that collide share the smaller MTU.
   * @param mtu The MTU; one that is not smaller than what is known changes nothing.
   * @param link The MTU of our link.
   */
  limit(destination: number, mtu: number, link: number): void {
    if (mtu >= Math.abs(this.get(destination, link))) return;
    this.#known.delete(destination);
    if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!);
    const expires = this.#core.now() + LIFETIME;
    this.#known.set(destination, { mtu: mtu < this.#least ? -Math.min(this.#least, link) : mtu, expires });
    if (!this.#timer.armed) this.#core.timers.arm(this.#timer, expires);
    this.#changed();
  }

  #expire(now: number): void {
    for (const [destination, { expires }] of this.#known) {
      if (expires > now) {
        this.#core.timers.arm(this.#timer, expires);
        break;
      }
      this.#known.delete(destination);
    }
    this.#changed();
  }
}
