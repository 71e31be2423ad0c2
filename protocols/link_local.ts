/**
 * Addresses of the link for IPv4 (RFC 3927): a host that nobody gives an address takes one of 169.254.0.0/16 that is free,
 * and reaches the other hosts of its link from it.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { linkLocal } from "@bonsai/net/protocols/link_local";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), arp(), ipv4(), linkLocal()] });
 * console.log(net.counters().linkLocal);
 * ```
 *
 * @module
 */

import type { IpObserver } from "../core/ip_family.ts";
import { formatIpv4, type Ipv4Address, type Ipv4Cidr } from "../core/ipv4_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { type Random, seededRandom } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import type { Arp } from "./arp.ts";
import type { Dhcp } from "./dhcp.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Ipv4 } from "./ipv4.ts";

/** The network of all such addresses, 169.254.0.0/16. */
const NETWORK = 0xa9fe0000 | 0;
/** Ones over its bits. */
const MASK = 0xffff0000 | 0;
/** Addresses to choose from: all but the first 256 and the last, which are reserved. */
const ADDRESSES = 65_024;
/** Where they begin. */
const FIRST = 256;
/** Conflicts before addresses are tried more rarely (MAX_CONFLICTS). */
const MOST_CONFLICTS = 10;
/** Milliseconds from one to the next then (RATE_LIMIT_INTERVAL). */
const RATE_LIMIT = 60_000;
/** Milliseconds for which a DHCP server may answer first. */
const DHCP_DELAY = 10_000;
/** The other hosts of the link, whichever address they have: "ARP for everything" (RFC 3927, 2.6.2). */
const EVERYTHING = { address: 0, prefix: 0, mask: 0 } as Ipv4Cidr;

/** Hears of the address, or that there is none any more: null. */
export type OnAddress = (address: string | null) => void;

/** How to find an address. */
export interface LinkLocalOptions {
  /** Milliseconds without an address before one is looked for; 10,000 when left out where there is `dhcp()`, 0 otherwise. */
  readonly delay?: number;
  /** Hears of the address, or that there is none any more: null. */
  readonly onAddress?: OnAddress;
}

/** The JSON Schema of {@linkcode LinkLocalOptions}. */
export const LINK_LOCAL_OPTIONS: OptionsSchema<LinkLocalOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { delay: { type: "integer", minimum: 0, maximum: 3_600_000 }, onAddress: {} },
};

/** What it counts. */
export class LinkLocalCounters {
  /** Addresses tried. */
  tried: number = 0;
  /** Addresses that another host had, or took. */
  conflicts: number = 0;
}

/** The address of the link. */
export class LinkLocal implements IpObserver<Ipv4Address> {
  /** What it does. */
  readonly counters: LinkLocalCounters = new LinkLocalCounters();
  readonly #core: Core;
  readonly #ipv4: Ipv4;
  readonly #arp: Arp;
  readonly #options: LinkLocalOptions;
  readonly #delay: number;
  readonly #random: Random;
  readonly #timer: Timer = new Timer(() => this.#try());
  readonly #waiters: ((address: string) => void)[] = [];
  /** The address in use, and what it is tried for; 0 before. */
  #wanted: Ipv4Address = 0 as Ipv4Address;
  #state: "idle" | "waiting" | "trying" | "using" = "idle";

  /**
   * Starts it.
   *
   * @param core The core.
   * @param below What it configures, and what asks for addresses.
   * @param options How, checked already.
   */
  constructor(
    core: Core,
    { ethernet: { mac }, ipv4, arp, dhcp }: { ethernet: Ethernet; ipv4: Ipv4; arp: Arp; dhcp?: Dhcp },
    options: LinkLocalOptions,
  ) {
    this.#core = core;
    this.#ipv4 = ipv4;
    this.#arp = arp;
    this.#options = options;
    this.#delay = options.delay ?? (dhcp ? DHCP_DELAY : 0);
    // Seeded so that a host finds the address again that it had before (RFC 3927, 2.1).
    this.#random = seededRandom(mac.reduce((seed, byte) => seed * 31 + byte | 0, 0));
    // No router ever takes what is for such an address, not even that of a host which has another (RFC 3927, 2.6.2).
    ipv4.addRoute(cidr(NETWORK), 0 as Ipv4Address);
    ipv4.observers.push(this);
    core.count("linkLocal", this.counters);
    this.addressed();
  }

  /** The address, in text; null while there is none. */
  get address(): string | null {
    return this.#state === "using" ? formatIpv4(this.#wanted) : null;
  }

  /**
   * Waits for an address of the link. Where another one is there none is looked for.
   *
   * @returns The address, at once when there is one.
   */
  configured(): Promise<string> {
    const { address } = this;
    return address ? Promise.resolve(address) : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Hears that the addresses are others: who has one that is known beyond the link needs none of it (RFC 3927, 1.9). */
  addressed(): void {
    const routable = this.#ipv4.addresses.some(({ address }) => (address & MASK) !== NETWORK);
    if (routable) this.#stop();
    else if (this.#state === "idle") this.#wait(this.#delay);
  }

  #wait(delay: number): void {
    this.#state = "waiting";
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
    this.#core.wake();
  }

  #try(): void {
    this.#state = "trying";
    this.counters.tried++;
    this.#wanted ||= this.#choose();
    this.#arp.probe(this.#wanted, (ours) => ours ? this.#use() : this.#conflict(), true);
  }

  #choose(): Ipv4Address {
    return NETWORK + FIRST + (this.#random() >>> 0) % ADDRESSES as Ipv4Address;
  }

  #use(): void {
    this.#state = "using";
    this.#ipv4.assign(cidr(this.#wanted));
    this.#ipv4.addRoute(EVERYTHING, 0 as Ipv4Address);
    const text = formatIpv4(this.#wanted);
    for (const resolve of this.#waiters.splice(0)) resolve(text);
    this.#tell(text);
  }

  /** Another host has the address, or has taken it in spite of our defence (RFC 3927, 2.5): the next one. */
  #conflict(): void {
    const taken = this.#wanted;
    this.#stop();
    do this.#wanted = this.#choose(); while (this.#wanted === taken);
    this.#wait(++this.counters.conflicts >= MOST_CONFLICTS ? RATE_LIMIT : 0);
  }

  #stop(): void {
    const state = this.#state;
    this.#state = "idle";
    this.#core.timers.disarm(this.#timer);
    if (state === "trying") this.#arp.release(this.#wanted);
    if (state !== "using") return;
    // Not idle meanwhile, for it will hear of it.
    this.#state = "waiting";
    this.#ipv4.removeRoute(EVERYTHING, 0 as Ipv4Address);
    this.#ipv4.withdraw(cidr(this.#wanted));
    this.#state = "idle";
    this.#tell(null);
  }

  #tell(address: string | null): void {
    try {
      this.#options.onAddress?.(address);
    } catch (error) {
      this.#core.report(error);
    }
  }
}

function cidr(address: number): Ipv4Cidr {
  return { address: address as Ipv4Address, prefix: 16, mask: MASK };
}

/** The {@linkcode linkLocal} protocol. */
export interface LinkLocalProtocol extends
  Protocol<
    "linkLocal",
    { ethernet: Ethernet; arp: Arp; ipv4: Ipv4; dhcp?: Dhcp },
    { linkLocal: LinkLocal }
  > {}

/**
 * An address of the link, for as long as `ipv4()` has no other: neither by its options nor by `dhcp()`, which stands before
 * this in the list.
 *
 * @param options How to find it.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function linkLocal(options: LinkLocalOptions = {}): LinkLocalProtocol {
  checkOptions("linkLocal", LINK_LOCAL_OPTIONS, options);
  return {
    name: "linkLocal",
    needs: { ethernet: "required", arp: "required", ipv4: "required", dhcp: "optional" },
    start: (core, below) => ({ linkLocal: new LinkLocal(core, below, options) }),
  };
}
