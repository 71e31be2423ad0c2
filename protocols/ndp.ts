/**
 * Neighbour discovery: finds the MAC addresses of IPv6 neighbours and keeps them fresh (RFC 4861), asks whether our addresses
 * are free (RFC 4862, RFC 4429, RFC 7527), and defends them. Routers are the matter of `slaac()`.
 *
 * Its messages are taken out of the packets that come up from Ethernet: they are never fragmented (RFC 6980), and those behind
 * extension headers, which nobody sends, are ignored.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 * import { ndp } from "@bonsai/net/protocols/ndp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), ndp(), ipv6({ address: "2001:db8::2/64" }), icmpv6()] });
 * console.log(net.counters().ndp);
 * ```
 *
 * @module
 */

import type { Claim, Dad } from "../core/claim.ts";
import type { Link, Neighbour, Receiver } from "../core/driver.ts";
import { ETHERTYPE_IPV6 } from "../core/ether_type.ts";
import {
  IPV6_ALL_NODES,
  IPV6_ANY,
  type Ipv6Address,
  isIpv6Multicast,
  readIpv6,
  solicitedNode,
} from "../core/ipv6_address.ts";
import { formatMac, type MacAddress } from "../core/mac_address.ts";
import type { CachedNeighbour } from "../core/neighbour.ts";
import { NeighbourLink } from "../core/neighbour_link.ts";
import { checkOptions } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import type { Ethernet, EthernetPath } from "./ethernet.ts";
import {
  checkMessage,
  findOption,
  isDiscovery,
  isFromUnspecified,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_SOLICITATION,
  NONCE,
  OVERRIDE,
  ROUTER_ADVERTISEMENT,
  ROUTER_SOLICITATION,
  SOLICITED,
  SOURCE_LINK_LAYER,
  TARGET_LINK_LAYER,
  writeNeighbourMessage,
} from "./ndp/message.ts";
import { NDP_OPTIONS, NdpCounters, type NdpOptions } from "./ndp/settings.ts";

export { NDP_OPTIONS, NdpCounters, type NdpOptions } from "./ndp/settings.ts";

/** An entry of the neighbour cache. */
export type NdpNeighbour = CachedNeighbour<Ipv6Address, EthernetPath>;

/** The NDP layer: IPv6 packets to neighbours. */
export class Ndp extends NeighbourLink<Ipv6Address, EthernetPath> implements Receiver {
  /** What it does and drops. */
  readonly counters: NdpCounters = new NdpCounters();
  /** Entries in use become stale before they are asked for (RFC 4861, 7.3.2). */
  readonly patient = true;
  /** Questions for an address of ours (DupAddrDetectTransmits). */
  readonly questions: number;
  /** Announcements of an address of ours. */
  readonly announcements = 1;
  /** Hears that a neighbour does not answer, or was told to be no router. */
  onFailed: ((address: Ipv6Address) => void) | null = null;
  /** How an address is asked for before it is used. */
  protected readonly dad: Dad;
  readonly #ethernet: Ethernet;
  readonly #handlers: Map<number, Receiver> = new Map();

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ethernet What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ethernet: Ethernet, options: NdpOptions) {
    super(core, ethernet.mtu, 0, options);
    this.dad = options.dad ?? "optimistic";
    this.questions = options.transmits ?? 1;
    this.#ethernet = ethernet;
    this.setReachableTime(options.lifetime ?? 30_000);
    ethernet.attach(ETHERTYPE_IPV6, this);
    core.count("ndp", this.counters);
  }

  /** Milliseconds between two questions (RetransTimer). */
  get interval(): number {
    return this.retransmit;
  }

  /** Milliseconds after the last question. */
  get wait(): number {
    return this.retransmit;
  }

  /**
   * Sets for how long answers are believed: half to one and a half times as long, so that hosts do not ask all at once (RFC
   * 4861, 6.3.2).
   *
   * @param base Milliseconds (BaseReachableTime).
   */
  setReachableTime(base: number): void {
    this.lifetime = base * (0.5 + this.fraction());
  }

  /**
   * Names who reads the valid messages of a type besides this layer.
   *
   * @param type The ICMPv6 type.
   * @param receiver Who reads them, the window at the ICMPv6 header and `network` at the IPv6 header.
   */
  attachType(type: number, receiver: Receiver): void {
    this.#handlers.set(type, receiver);
  }

  /** Finds the way to a neighbour. */
  neighbour(nextHop: Ipv6Address): Neighbour {
    if (isIpv6Multicast(nextHop)) return this.#ethernet.path(groupMac(nextHop), ETHERTYPE_IPV6);
    return this.#entry(nextHop, true)!;
  }

  /** Lets packets for a group through. */
  join(group: Ipv6Address): void {
    this.#ethernet.join(groupMac(group));
  }

  /** Lets packets for a group through no more. */
  leave(group: Ipv6Address): void {
    this.#ethernet.leave(groupMac(group));
  }

  /** Reads one packet: messages of its own here, everything else above. */
  receive(packet: Packet): void {
    if (isDiscovery(packet)) this.#discover(packet);
    else this.receiver?.receive(packet);
  }

  #discover(packet: Packet): void {
    const { bytes, start: at } = packet;
    const option = checkMessage(packet);
    if (option < 0) {
      this.counters.malformed++;
      return;
    }
    // What the link carried here by mistake is not for us, and our own may be brought back by it.
    if (
      bytes[at + 24] !== 255 && !this.#find(bytes, at + 24) ||
      this.#find(bytes, at + 8)?.settled && this.#isOwn(bytes, option)
    ) return;
    const type = bytes[at + 40]!;
    if (type === NEIGHBOUR_SOLICITATION) this.#solicited(packet, option);
    else if (type === NEIGHBOUR_ADVERTISEMENT) this.#advertised(packet);
    // Hosts do not listen to solicitations of routers (RFC 4861, 6.2.6).
    else if (type === ROUTER_SOLICITATION) return;
    else if (type === ROUTER_ADVERTISEMENT && option) {
      // A default router is no stranger: it finds room, however many hosts that do not answer are asked for.
      const stranger = (bytes[at + 46]! | bytes[at + 47]!) === 0;
      this.learn(readIpv6(bytes, at + 8), bytes, option + 2, stranger);
    }
    packet.start = packet.transport = at + 40;
    this.#handlers.get(type)?.receive(packet);
  }

  /** Reads a solicitation (RFC 4861, 7.2.3; RFC 4862, 5.4.3). */
  #solicited(packet: Packet, option: number): void {
    const { bytes, start: at } = packet;
    const claim = this.#find(bytes, at + 48);
    if (!claim) return;
    const unspecified = isFromUnspecified(packet);
    if (unspecified && !claim.settled) {
      const nonce = findOption(packet, NONCE);
      if (!nonce || claim.nonce.some((byte, i) => byte !== bytes[nonce + 2 + i])) this.conflict(claim, "");
      return;
    }
    if (!claim.usable) return;
    if (unspecified) return this.announce(claim);
    const source = readIpv6(bytes, at + 8);
    if (option) this.learn(source, bytes, option + 2, true);
    // Who does not say where it is, is asked for first (RFC 4861, 7.2.4).
    const neighbour = this.cache.get(key(source)) ?? (claim.settled ? this.#entry(source, false) : null);
    // Neither of two that are optimistic says so: they find the answer where everybody is told.
    if (!neighbour || !neighbour.path && !claim.settled) return this.announce(claim);
    this.#advertise(claim, SOLICITED | (claim.settled ? OVERRIDE : 0), source, neighbour.path ?? neighbour);
  }

  /** Reads an advertisement (RFC 4861, 7.2.5). */
  #advertised(packet: Packet): void {
    const { bytes, start: at } = packet;
    const option = findOption(packet, TARGET_LINK_LAYER);
    const claim = this.#find(bytes, at + 48);
    if (claim) {
      if (!this.#isOwn(bytes, option)) this.conflict(claim, option ? formatMac(bytes, option + 2) : "");
      return;
    }
    const entry = this.cache.get(key(readIpv6(bytes, at + 48)));
    if (!entry || !entry.path && !option) return;
    const flags = bytes[at + 44]!;
    const same = !option || entry.path?.leadsTo(bytes, option + 2);
    if (entry.path && !same && (flags & OVERRIDE) === 0) {
      if (entry.state === "reachable") entry.suspect();
    } else {
      const path = same ? entry.path! : this.#ethernet.path(bytes.subarray(option + 2, option + 8), ETHERTYPE_IPV6);
      entry.learn(path, (flags & SOLICITED) !== 0);
    }
  }

  /**
   * Tells our MAC address, for a Source Link-Layer Address option.
   *
   * @param address The address of ours that a message comes from.
   * @returns The MAC address; null while the other address may still turn out to be another's, for then the option must not
   * change what others know of it (RFC 4429, 3.2).
   */
  macFor(address: Ipv6Address): MacAddress | null {
    return this.claimOf(address)?.settled ? this.#ethernet.mac : null;
  }

  /**
   * Takes up where a neighbour is.
   *
   * @param address The neighbour.
   * @param bytes Where its MAC address lies.
   * @param at The first byte of that.
   * @param stranger Whether only to fill room that is free with it.
   */
  learn(address: Ipv6Address, bytes: Uint8Array, at: number, stranger: boolean = false): void {
    const entry = this.#entry(address, !stranger);
    if (!entry) return;
    const same = entry.path?.leadsTo(bytes, at);
    entry.learn(same ? entry.path! : this.#ethernet.path(bytes.subarray(at, at + 6), ETHERTYPE_IPV6), false);
  }

  /** Asks for a neighbour's MAC address: everybody, or that neighbour alone where it is known (RFC 4861, 7.2.2). */
  ask(entry: NdpNeighbour): void {
    const waiting = entry.queue[0];
    const wanted = waiting && this.#find(waiting.bytes, waiting.start + 8);
    if (wanted) entry.asker = wanted.address;
    const claim = wanted ?? this.claims.find((one) => one.usable && one.address === entry.asker) ??
      this.claims.find((one) => one.usable);
    if (!claim?.usable) return;
    const destination = entry.path ? entry.address : solicitedNode(entry.address);
    const mac = this.macFor(claim.address);
    this.#solicit(claim.address, destination, entry.address, SOURCE_LINK_LAYER, mac, entry.path);
  }

  /** Asks everybody whether another host has an address. */
  inquire({ address, nonce }: Claim<Ipv6Address>): void {
    for (let i = 0; i < 6; i++) nonce[i] = this.core.random();
    this.#solicit(IPV6_ANY, solicitedNode(address), address, NONCE, nonce, null);
  }

  /** Tells everybody that an address is ours. */
  announce(claim: Claim<Ipv6Address>): void {
    this.#advertise(claim, claim.settled ? OVERRIDE : 0, IPV6_ALL_NODES, this.neighbour(IPV6_ALL_NODES));
  }

  /** Hears that a neighbour does not answer. */
  failed(entry: NdpNeighbour): void {
    this.onFailed?.(entry.address);
  }

  #entry(address: Ipv6Address, wanted: boolean): NdpNeighbour | null {
    const name = key(address);
    return this.cache.get(name) ?? this.cache.insert(name, address, wanted);
  }

  #find(bytes: Uint8Array, at: number): Claim<Ipv6Address> | undefined {
    return this.claims.find(({ address }) => address.at(bytes, at));
  }

  /** Whether an option holds our own MAC address. */
  #isOwn(bytes: Uint8Array, option: number): boolean {
    return option > 0 && this.#ethernet.mac.every((byte, i) => byte === bytes[option + 2 + i]);
  }

  #solicit(
    source: Ipv6Address,
    destination: Ipv6Address,
    target: Ipv6Address,
    option: number,
    data: Uint8Array | null,
    path: EthernetPath | null,
  ): void {
    this.counters.solicitations++;
    const way = path ?? this.neighbour(destination);
    this.#send(way, NEIGHBOUR_SOLICITATION, 0, source, destination, target, option, data);
  }

  #advertise({ address }: Claim<Ipv6Address>, flags: number, destination: Ipv6Address, way: Neighbour): void {
    this.counters.advertisements++;
    const { mac } = this.#ethernet;
    this.#send(way, NEIGHBOUR_ADVERTISEMENT, flags, address, destination, address, TARGET_LINK_LAYER, mac);
  }

  #send(way: Neighbour, ...message: NeighbourMessage): void {
    const { pool } = this.core;
    const packet = pool.take();
    writeNeighbourMessage(packet, ...message);
    way.transmit(packet);
    pool.give(packet);
  }
}

/** What {@linkcode writeNeighbourMessage} writes. */
type NeighbourMessage = Parameters<typeof writeNeighbourMessage> extends [Packet, ...infer Rest] ? Rest : never;

function key({ a, b, c, d }: Ipv6Address): string {
  return `${a},${b},${c},${d}`;
}

/** The MAC address of a group: the low 32 bits of its address (RFC 2464, 7). */
function groupMac({ d }: Ipv6Address): MacAddress {
  return Uint8Array.of(0x33, 0x33, d >>> 24, d >>> 16, d >>> 8, d) as MacAddress;
}

/** The {@linkcode ndp} protocol. */
export interface NdpProtocol extends Protocol<"ndp", { ethernet: Ethernet }, { ndp: Ndp; link6: Link<Ipv6Address> }> {}

/**
 * Neighbour discovery for IPv6 over Ethernet.
 *
 * @param options Limits, and how to ask whether addresses are free.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function ndp(options: NdpOptions = {}): NdpProtocol {
  checkOptions("ndp", NDP_OPTIONS, options);
  return {
    name: "ndp",
    needs: { ethernet: "required" },
    start: (core, { ethernet }) => {
      const layer = new Ndp(core, ethernet, options);
      return { ndp: layer, link6: layer };
    },
  };
}
