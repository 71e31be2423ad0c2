/**
 * The addresses of a DHCP server, and who has them (RFC 2131, 4.3.1).
 *
 * @module
 */

import type { Ipv4Address } from "../../core/ipv4_address.ts";

/** Milliseconds for which an offered address is kept. */
const OFFER_TIME = 60_000;
/** Milliseconds for which an address is not given out that a client found in use. */
const DECLINED_TIME = 3_600_000;

/** An address and who has, or had, it. */
export interface Binding {
  /** The address. */
  readonly address: Ipv4Address;
  /** Which client; empty for one that was found in use by somebody else. */
  readonly client: string;
  /** Until when, in the clock's milliseconds; one that has passed is remembered until the address is needed. */
  expires: number;
}

/** The addresses. */
export class DhcpPool {
  readonly #first: number;
  readonly #last: number;
  /** Addresses that belong to a client for good. */
  readonly #reserved: ReadonlyMap<string, Ipv4Address>;
  readonly #ours: (address: Ipv4Address) => boolean;
  readonly #byClient: Map<string, Binding> = new Map();
  readonly #byAddress: Map<number, Binding> = new Map();

  /**
   * Makes a pool of which nothing is given out.
   *
   * @param first The first address.
   * @param last The last one.
   * @param reserved Addresses that belong to a client for good, in the pool or outside.
   * @param ours Tells which addresses are the server's own.
   */
  constructor(
    first: Ipv4Address,
    last: Ipv4Address,
    reserved: ReadonlyMap<string, Ipv4Address>,
    ours: (address: Ipv4Address) => boolean,
  ) {
    this.#first = first;
    this.#last = last;
    this.#reserved = reserved;
    this.#ours = ours;
  }

  /** What was given out. */
  get bindings(): Iterable<Binding> {
    return this.#byAddress.values();
  }

  /**
   * Finds what a client has or had.
   *
   * @param client The client.
   * @returns It; undefined where that is nothing, or now another client's.
   */
  of(client: string): Binding | undefined {
    return this.#byClient.get(client);
  }

  /**
   * Finds an address for a client: its own, its last, the one it wishes for, one that nobody had, or the one that is free
   * for longest.
   *
   * @param client The client.
   * @param wish The address that it wishes for, or 0.
   * @param now The time.
   * @returns What it is offered; null when the pool is empty.
   */
  offer(client: string, wish: Ipv4Address, now: number): Binding | null {
    const known = this.#byClient.get(client);
    if (known) {
      known.expires = Math.max(known.expires, now + OFFER_TIME);
      return known;
    }
    const address = this.#reserved.get(client) ?? (this.isFree(wish, client, now) ? wish : this.#free(client, now));
    return address === null ? null : this.bind(client, address, now + OFFER_TIME);
  }

  /**
   * Gives an address to a client.
   *
   * @param client The client.
   * @param address The address: one that is free for it.
   * @param expires Until when.
   * @returns The binding.
   */
  bind(client: string, address: Ipv4Address, expires: number): Binding {
    this.#forget(this.#byClient.get(client));
    this.#forget(this.#byAddress.get(address));
    const binding: Binding = { address, client, expires };
    this.#byClient.set(client, binding);
    this.#byAddress.set(address, binding);
    return binding;
  }

  /**
   * Tells whether a client may have an address.
   *
   * @param address The address.
   * @param client The client.
   * @param now The time.
   * @returns Whether it is one of the pool or the client's own, and nobody else has it.
   */
  isFree(address: Ipv4Address, client: string, now: number): boolean {
    const own = this.#reserved.get(client);
    if (own !== undefined) return own === address;
    const holder = this.#byAddress.get(address);
    return (address >>> 0) >= this.#first >>> 0 && (address >>> 0) <= this.#last >>> 0 && !this.#ours(address) &&
      (!holder || holder.client === client || holder.expires <= now) && !this.#isReserved(address);
  }

  /**
   * Does not give an address out for an hour, for a client found it in use.
   *
   * @param binding What the client was given.
   * @param now The time.
   */
  decline(binding: Binding, now: number): void {
    this.#forget(binding);
    this.#byAddress.set(binding.address, { address: binding.address, client: "", expires: now + DECLINED_TIME });
  }

  #isReserved(address: Ipv4Address): boolean {
    for (const other of this.#reserved.values()) if (other === address) return true;
    return false;
  }

  #forget(binding: Binding | undefined): void {
    if (!binding) return;
    this.#byAddress.delete(binding.address);
    if (this.#byClient.get(binding.client) === binding) this.#byClient.delete(binding.client);
  }

  #free(client: string, now: number): Ipv4Address | null {
    let oldest: Binding | null = null;
    for (let value = this.#first >>> 0; value <= this.#last >>> 0; value++) {
      const address = (value | 0) as Ipv4Address;
      if (!this.isFree(address, client, now)) continue;
      const holder = this.#byAddress.get(address);
      if (!holder) return address;
      if (!oldest || holder.expires < oldest.expires) oldest = holder;
    }
    return oldest?.address ?? null;
  }
}

/**
 * Writes a client's name as servers know it.
 *
 * @param bytes The client identifier, or the hardware type and the MAC address.
 * @returns The name: `01:` and a MAC address for most.
 */
export function clientName(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
