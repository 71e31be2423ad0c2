/**
 * Interface identifiers that are stable on a network, and tell nothing of the host elsewhere (RFC 7217).
 *
 * @module
 */

import { Ipv6Address } from "../../core/ipv6_address.ts";
import { KeyedHash } from "../../core/keyed_hash.ts";
import type { Random } from "../../core/random.ts";

/** Makes interface identifiers from a secret. */
export class InterfaceIdentifiers {
  readonly #high: KeyedHash;
  readonly #low: KeyedHash;

  /**
   * Takes a secret.
   *
   * @param random Where to draw one, without a text.
   * @param secret The text.
   */
  constructor(random: Random, secret: string | undefined) {
    let draws = 0;
    const spread = secret === undefined ? null : new KeyedHash(() => 0);
    const draw = spread ? () => spread.hash(`${secret} ${draws++}`) : random;
    this.#high = new KeyedHash(draw);
    this.#low = new KeyedHash(draw);
  }

  /**
   * Makes the address of a network.
   *
   * @param prefix The network: the first 64 bits count.
   * @param attempt How many addresses of it were found to be taken.
   * @returns The address.
   */
  address({ a, b }: Ipv6Address, attempt: number): Ipv6Address {
    const name = `${a} ${b} ${attempt}`;
    return new Ipv6Address(a, b, this.#high.hash(name), this.#low.hash(name));
  }
}
