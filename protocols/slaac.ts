/**
 * Stateless address autoconfiguration and router discovery for IPv6 (RFC 4861, 6.3; RFC 4862; RFC 4191; RFC 7217; RFC 8106):
 * a host that lists it learns its addresses, routers, MTU and resolvers from the link, and follows redirects.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 * import { ndp } from "@bonsai/net/protocols/ndp";
 * import { slaac } from "@bonsai/net/protocols/slaac";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), ndp(), ipv6(), icmpv6(), slaac()] });
 * console.log(net.ipv6.addresses); // those that a router told of, once it has
 * ```
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import type { Receiver } from "../core/driver.ts";
import { type Ip, PROTOCOL_ICMPV6 } from "../core/ip.ts";
import type { IpObserver } from "../core/ip_family.ts";
import { Ipv6Address, isIpv6LinkLocal, isIpv6Multicast, readIpv6 } from "../core/ipv6_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import type { Ipv6, Ipv6Assigned } from "./ipv6.ts";
import type { Ndp } from "./ndp.ts";
import { type Advertisement, readAdvertisement } from "./slaac/advertisement.ts";
import { Prefixes } from "./slaac/prefixes.ts";
import { Routers } from "./slaac/routers.ts";

export type { AdvertisedPrefix, Advertisement } from "./slaac/advertisement.ts";

/** The group of all routers on the link. */
const ALL_ROUTERS: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xff020000, 0, 0, 2);
/** Type: Router Solicitation. */
const ROUTER_SOLICITATION = 133;
/** Type: Router Advertisement. */
const ROUTER_ADVERTISEMENT = 134;
/** Type: Neighbour Advertisement. */
const NEIGHBOUR_ADVERTISEMENT = 136;
/** Type: Redirect. */
const REDIRECT = 137;
/** Option: Source Link-Layer Address. */
const SOURCE_LINK_LAYER = 1;
/** Option: Target Link-Layer Address. */
const TARGET_LINK_LAYER = 2;
/** Milliseconds within which the first solicitation is sent (MAX_RTR_SOLICITATION_DELAY). */
const FIRST_DELAY = 1000;
/** Milliseconds to the second (RTR_SOLICITATION_INTERVAL). */
const INTERVAL = 4000;
/** Milliseconds between two solicitations, at most (RFC 7559, MRT). */
const LONGEST_INTERVAL = 3_600_000;
/** The longest time that a router may set, in milliseconds. */
const LONGEST = 3_600_000;
/** The shortest, so that one forged message does not make every packet ask for its neighbour. */
const SHORTEST = 100;
/** Resolvers and domains kept at once, of each. */
const MOST_NAMES = 8;

/** How to configure. */
export interface SlaacOptions {
  /** Whether to make temporary addresses too, which what we begin goes out from (RFC 8981); false when left out. */
  readonly temporary?: boolean;
  /** Whether to follow redirects; true when left out. */
  readonly redirects?: boolean;
  /** Hears of every advertisement, after it was taken up. */
  readonly onAdvertisement?: (advertisement: Advertisement) => void;
}

/** The JSON Schema of {@linkcode SlaacOptions}. */
export const SLAAC_OPTIONS: OptionsSchema<SlaacOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { temporary: { type: "boolean" }, redirects: { type: "boolean" }, onAdvertisement: {} },
};

/** What autoconfiguration counts. */
export class SlaacCounters {
  /** Solicitations sent. */
  solicitations: number = 0;
  /** Advertisements taken up. */
  advertisements: number = 0;
  /** Redirects followed. */
  redirects: number = 0;
  /** Redirects that did not come from the router in use, or make no sense. */
  badRedirects: number = 0;
}

/** Autoconfiguration. */
export class Slaac implements Receiver, IpObserver<Ipv6Address> {
  /** What it does and drops. */
  readonly counters: SlaacCounters = new SlaacCounters();
  /** The last advertisement; null before the first. */
  last: Advertisement | null = null;
  /** Protocols that hear of every advertisement, after it was taken up. */
  readonly listeners: ((told: Advertisement) => void)[] = [];
  readonly #core: Core;
  readonly #ip: Ip;
  readonly #ipv6: Ipv6;
  readonly #ndp: Ndp;
  readonly #options: SlaacOptions;
  readonly #routers: Routers;
  readonly #prefixes: Prefixes;
  readonly #servers: Map<string, number> = new Map();
  readonly #search: Map<string, number> = new Map();
  readonly #solicit: Timer = new Timer((now) => this.#ask(now));
  readonly #expire: Timer = new Timer((now) => this.#update(now));
  readonly #waiters: ((own: Ipv6Assigned) => void)[] = [];
  #interval: number = INTERVAL;
  #reachable: number = 0;

  /**
   * Starts it.
   *
   * @param core The core.
   * @param ip Who hears of resolvers.
   * @param ipv6 What it configures.
   * @param ndp What brings the messages.
   * @param options How, checked already.
   */
  constructor(core: Core, ip: Ip, ipv6: Ipv6, ndp: Ndp, options: SlaacOptions) {
    this.#core = core;
    this.#ip = ip;
    this.#ipv6 = ipv6;
    this.#ndp = ndp;
    this.#options = options;
    this.#routers = new Routers(ipv6);
    this.#prefixes = new Prefixes(core, ipv6, options.temporary ?? false);
    for (const type of [ROUTER_ADVERTISEMENT, NEIGHBOUR_ADVERTISEMENT, REDIRECT]) ndp.attachType(type, this);
    ndp.onFailed = (address) => {
      this.#routers.failed(address);
      this.#routers.choose(core.now());
    };
    ipv6.observers.push(this);
    core.count("slaac", this.counters);
    core.timers.arm(this.#solicit, core.now() + FIRST_DELAY * fraction(() => core.random()));
  }

  /** The default router in use; null without one. */
  get router(): Ipv6Address | null {
    return this.#routers.current;
  }

  /**
   * Waits for an address that is known beyond the link.
   *
   * @returns The address, at once where there is one.
   */
  configured(): Promise<Ipv6Assigned> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#tell();
    });
  }

  /** Reads one message, which is valid. */
  receive(packet: Packet): void {
    const type = packet.u8(0);
    if (type === ROUTER_ADVERTISEMENT) this.#advertised(readAdvertisement(packet));
    else if (type === REDIRECT) this.#redirected(packet);
    else if ((packet.u8(4) & 0x80) === 0) this.#routers.remove(readIpv6(packet.bytes, packet.start + 8));
    this.#update(this.#core.now());
  }

  /** Hears what became of an address. */
  claimed(address: Ipv6Address, ours: boolean): void {
    if (!ours) this.#prefixes.taken(address);
    this.#tell();
  }

  #advertised(told: Advertisement): void {
    const ndp = this.#ndp;
    const now = this.#core.now();
    this.counters.advertisements++;
    this.last = told;
    if (told.hopLimit > 0) this.#ipv6.ttl = told.hopLimit;
    if (told.reachable > 0 && told.reachable !== this.#reachable) {
      this.#reachable = told.reachable;
      ndp.setReachableTime(Math.min(Math.max(told.reachable, SHORTEST), LONGEST));
    }
    if (told.retransmit > 0) ndp.retransmit = Math.min(Math.max(told.retransmit, SHORTEST), LONGEST);
    if (told.mtu >= 1280 && told.mtu <= ndp.mtu) this.#ipv6.mtu = told.mtu;
    this.#routers.advertised(told.router, now + told.lifetime, told.preference);
    for (const prefix of told.prefixes) this.#prefixes.advertised(prefix);
    for (const [server, lifetime] of told.servers) remember(this.#servers, this.#ipv6.format(server), now + lifetime);
    for (const [domain, lifetime] of told.search) remember(this.#search, domain, now + lifetime);
    // A router has spoken: nobody needs to be asked (RFC 7559, 2.1).
    if (told.lifetime > 0) this.#core.timers.disarm(this.#solicit);
    this.#tell();
    for (const listener of this.listeners) listener(told);
    try {
      this.#options.onAdvertisement?.(told);
    } catch (error) {
      this.#core.report(error);
    }
  }

  /** Reads a redirect (RFC 4861, 8.1 and 8.3). */
  #redirected(packet: Packet): void {
    const { bytes, network, start: at } = packet;
    const router = readIpv6(bytes, network + 8);
    const target = readIpv6(bytes, at + 8);
    const destination = readIpv6(bytes, at + 24);
    const neighbour = target.equals(destination);
    if (
      this.#options.redirects === false || isIpv6Multicast(destination) || !neighbour && !isIpv6LinkLocal(target) ||
      !this.#ipv6.nextHop(destination)?.equals(router)
    ) {
      this.counters.badRedirects++;
      return;
    }
    this.counters.redirects++;
    for (let option = at + 40; option < packet.end; option += bytes[option + 1]! << 3) {
      if (bytes[option] === TARGET_LINK_LAYER) this.#ndp.learn(target, bytes, option + 2);
    }
    this.#routers.redirected(destination, neighbour ? null : target);
  }

  #update(now: number): void {
    this.#prefixes.expire(now);
    this.#routers.choose(now);
    let next = Math.min(this.#prefixes.next, this.#routers.next);
    for (const names of [this.#servers, this.#search]) {
      for (const [name, expires] of names) {
        if (expires <= now) names.delete(name);
        else next = Math.min(next, expires);
      }
    }
    if (this.#servers.size > 0) {
      this.#ip.nameServers.set("ndp", { servers: [...this.#servers.keys()], search: [...this.#search.keys()] });
    } else this.#ip.nameServers.delete("ndp");
    if (next < Infinity) this.#core.timers.arm(this.#expire, Math.max(next, now + 1));
  }

  /** Asks for routers, ever more rarely while none answers (RFC 7559). */
  #ask(now: number): void {
    const own = this.#ipv6.addresses.find(({ address, usable }) => usable && isIpv6LinkLocal(address));
    const path = own ? this.#ipv6.path(ALL_ROUTERS, own.address) : "EADDRNOTAVAIL";
    if (typeof path === "string") return this.#core.timers.arm(this.#solicit, now + FIRST_DELAY);
    const { pool } = this.#core;
    const packet = pool.take();
    // So that routers need not ask for us (RFC 4861, 4.1).
    const mac = this.#ndp.macFor(path.source);
    const length = mac ? 16 : 8;
    packet.end += length;
    packet.setI32(0, ROUTER_SOLICITATION << 24);
    packet.setI32(4, 0);
    if (mac) {
      packet.setU16(8, SOURCE_LINK_LAYER << 8 | 1);
      packet.bytes.set(mac, packet.start + 10);
    }
    const sum = path.addressSum + PROTOCOL_ICMPV6 + length;
    packet.setU16(2, foldChecksum(sumPacket(packet, packet.start, packet.end, sum)));
    path.ttl = 255;
    path.transmit(packet, PROTOCOL_ICMPV6);
    pool.give(packet);
    this.counters.solicitations++;
    this.#core.timers.arm(this.#solicit, now + this.#interval * (0.9 + 0.2 * fraction(() => this.#core.random())));
    this.#interval = Math.min(2 * this.#interval, LONGEST_INTERVAL);
  }

  #tell(): void {
    const own = this.#ipv6.addresses.find(({ address, usable, deprecated }) =>
      usable && !deprecated && !isIpv6LinkLocal(address)
    );
    if (own) { for (const resolve of this.#waiters.splice(0)) resolve(own); }
  }
}

function remember(names: Map<string, number>, name: string, expires: number): void {
  if (names.has(name) || names.size < MOST_NAMES) names.set(name, expires);
}

/** The {@linkcode slaac} protocol. */
export interface SlaacProtocol extends Protocol<"slaac", { ip: Ip; ipv6: Ipv6; ndp: Ndp }, { slaac: Slaac }> {}

/**
 * Stateless address autoconfiguration and router discovery.
 *
 * @param options How.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 */
export function slaac(options: SlaacOptions = {}): SlaacProtocol {
  checkOptions("slaac", SLAAC_OPTIONS, options);
  return {
    name: "slaac",
    needs: { ip: "required", ipv6: "required", ndp: "required" },
    start: (core, { ip, ipv6, ndp }) => ({ slaac: new Slaac(core, ip, ipv6, ndp, options) }),
  };
}
