/**
 * Prefixes of the link, and the addresses made of them (RFC 4861, 6.3.4; RFC 4862, 5.5; RFC 8981).
 *
 * @module
 */

import { commonPrefix, Ipv6Address, type Ipv6Cidr, isIpv6LinkLocal, isIpv6Multicast } from "../../core/ipv6_address.ts";
import type { Core } from "../../core/protocol.ts";
import { fraction } from "../../core/random.ts";
import type { Ipv6, Ipv6Assigned } from "../ipv6.ts";
import type { AdvertisedPrefix } from "./advertisement.ts";

/** Prefixes, and addresses, kept at once. */
const MOST = 16;
/** Milliseconds: a lifetime that is not believed to be shorter, so that a forger cannot end an address (RFC 4862, 5.5.3 (e)). */
const TWO_HOURS = 7_200_000;
/** Addresses that are tried for one prefix (RFC 7217, IDGEN_RETRIES). */
const ATTEMPTS = 3;
/** Milliseconds for which a temporary address is valid, at most (TEMP_VALID_LIFETIME). */
const TEMPORARY_VALID = 172_800_000;
/** Milliseconds for which it is preferred, at most (TEMP_PREFERRED_LIFETIME). */
const TEMPORARY_PREFERRED = 86_400_000;
/** Milliseconds by which the next one is made before that (REGEN_ADVANCE). */
const REGENERATE = 5000;

/** A prefix whose hosts are on our link. */
interface OnLink {
  readonly cidr: Ipv6Cidr;
  expires: number;
}

/** An address that was made. */
interface Made {
  own: Ipv6Assigned;
  readonly prefix: Ipv6Address;
  valid: number;
  preferred: number;
  attempt: number;
  /** When its lifetimes end, whatever routers say, and whether the next one was made already; null where it is stable. */
  temporary: { readonly valid: number; readonly preferred: number; renewed: boolean } | null;
}

/** Prefixes and addresses, with their lifetimes. */
export class Prefixes {
  readonly #core: Core;
  readonly #ipv6: Ipv6;
  readonly #temporary: boolean;
  readonly #onLink: OnLink[] = [];
  readonly #made: Made[] = [];

  /**
   * Makes an empty list.
   *
   * @param core The core.
   * @param ipv6 Whose addresses and routes it keeps.
   * @param temporary Whether to make temporary addresses too.
   */
  constructor(core: Core, ipv6: Ipv6, temporary: boolean) {
    this.#core = core;
    this.#ipv6 = ipv6;
    this.#temporary = temporary;
  }

  /** When something ends; infinity when nothing does. */
  get next(): number {
    let next = Math.min(...this.#onLink.map(({ expires }) => expires));
    for (const { own, valid, preferred, temporary } of this.#made) {
      next = Math.min(next, valid, own.deprecated ? Infinity : preferred);
      if (temporary && !temporary.renewed) next = Math.min(next, preferred - REGENERATE);
    }
    return next;
  }

  /**
   * Hears of a prefix.
   *
   * @param told What a router tells of it.
   */
  advertised({ prefix, length, onLink, autonomous, valid, preferred }: AdvertisedPrefix): void {
    if (isIpv6LinkLocal(prefix) || isIpv6Multicast(prefix) || preferred > valid) return;
    const now = this.#core.now();
    if (onLink) {
      const known = this.#onLink.find(({ cidr }) =>
        cidr.prefix === length && commonPrefix(cidr.address, prefix) >= length
      );
      if (known) known.expires = now + valid;
      else if (valid > 0 && this.#onLink.length < MOST) {
        const cidr = { address: prefix, prefix: length };
        this.#onLink.push({ cidr, expires: now + valid });
        this.#ipv6.addRoute(cidr, null);
      }
    }
    if (!autonomous || length !== 64) return;
    let known = false;
    for (const made of this.#made) {
      if (commonPrefix(made.prefix, prefix) < 64) continue;
      known = true;
      const left = made.valid - now;
      if (valid > TWO_HOURS || valid > left) made.valid = now + valid;
      else if (left > TWO_HOURS) made.valid = now + TWO_HOURS;
      made.preferred = now + preferred;
      if (made.temporary) {
        made.valid = Math.min(made.valid, made.temporary.valid);
        made.preferred = Math.min(made.preferred, made.temporary.preferred);
      }
      made.own.deprecated = made.preferred <= now;
    }
    if (known || valid === 0 || this.#made.length >= MOST) return;
    this.#make(prefix, now + valid, now + preferred, false);
    if (this.#temporary) this.#make(prefix, now + valid, now + preferred, true);
  }

  /**
   * Hears that another host has an address: another one is made.
   *
   * @param address The address.
   */
  taken(address: Ipv6Address): void {
    const at = this.#made.findIndex(({ own }) => own.address.equals(address));
    if (at < 0) return;
    const made = this.#made[at]!;
    if (++made.attempt >= ATTEMPTS) this.#made.splice(at, 1);
    else made.own = this.#assign(made.prefix, made.attempt, made.temporary !== null);
  }

  /**
   * Ends what is to end.
   *
   * @param now The time.
   */
  expire(now: number): void {
    for (const one of this.#onLink.filter(({ expires }) => expires <= now)) {
      this.#onLink.splice(this.#onLink.indexOf(one), 1);
      this.#ipv6.removeRoute(one.cidr, null);
    }
    for (const made of [...this.#made]) {
      const { own, prefix, valid, preferred, temporary } = made;
      if (valid <= now) {
        this.#made.splice(this.#made.indexOf(made), 1);
        this.#ipv6.withdraw(own);
        continue;
      }
      own.deprecated = preferred <= now;
      if (!temporary || temporary.renewed || preferred - REGENERATE > now) continue;
      temporary.renewed = true;
      // It goes on for as long as the stable address does.
      const stable = this.#made.find((other) => !other.temporary && commonPrefix(other.prefix, prefix) >= 64);
      if (stable && stable.preferred - now > REGENERATE) this.#make(prefix, stable.valid, stable.preferred, true);
    }
  }

  #make(prefix: Ipv6Address, valid: number, preferred: number, temporary: boolean): void {
    const now = this.#core.now();
    // Hosts that began together do not change their addresses together (DESYNC_FACTOR).
    const limits = temporary
      ? {
        valid: now + TEMPORARY_VALID,
        preferred: now + TEMPORARY_PREFERRED * (1 - 0.4 * fraction(() => this.#core.random())),
        renewed: false,
      }
      : null;
    this.#made.push({
      own: this.#assign(prefix, 0, temporary),
      prefix,
      valid: Math.min(valid, limits?.valid ?? Infinity),
      preferred: Math.min(preferred, limits?.preferred ?? Infinity),
      attempt: 0,
      temporary: limits,
    });
    this.#made.at(-1)!.own.deprecated = this.#made.at(-1)!.preferred <= now;
  }

  #assign(prefix: Ipv6Address, attempt: number, temporary: boolean): Ipv6Assigned {
    const address = temporary
      ? new Ipv6Address(prefix.a, prefix.b, this.#core.random(), this.#core.random())
      : this.#ipv6.identifiers.address(prefix, attempt);
    return this.#ipv6.assign({ address, prefix: 64 }, { onLink: false, temporary });
  }
}
