/**
 * Neighbour discovery: finds the MAC addresses of IPv6 neighbours and keeps them fresh (RFC 4861), asks whether our addresses
 * are free (RFC 4862, RFC 4429, RFC 7527), and defends them. Routers are the matter of `slaac()`.
 *
 * Its messages are taken out of the packets that come up from Ethernet: they are never fragmented (RFC 6980), and those behind
 * extension headers, which nobody sends, are ignored.
 *
 * @module
 */

import type { Link, LinkReceiver, Neighbour, Receiver } from "../core/driver.ts";
import { ETHERTYPE_IPV6 } from "../core/ether_type.ts";
import { PROTOCOL_ICMPV6 } from "../core/ip.ts";
import {
  IPV6_ALL_NODES,
  IPV6_ANY,
  type Ipv6Address,
  isIpv6Multicast,
  readIpv6,
  solicitedNode,
} from "../core/ipv6_address.ts";
import { formatMac, type MacAddress } from "../core/mac_address.ts";
import {
  type CachedNeighbour,
  NeighbourCache,
  type NeighbourCounters,
  type NeighbourUser,
} from "../core/neighbour_cache.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { getI32, type Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import type { Ethernet, EthernetPath } from "./ethernet.ts";
import { Claim, type ClaimHolder, type Dad } from "./ndp/claim.ts";
import {
  findOption,
  isSaneMessage,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_SOLICITATION,
  NONCE,
  OVERRIDE,
  REDIRECT,
  ROUTER_SOLICITATION,
  SOLICITED,
  SOURCE_LINK_LAYER,
  TARGET_LINK_LAYER,
  writeNeighbourMessage,
} from "./ndp/message.ts";

export type { Claim, ClaimHolder, Dad } from "./ndp/claim.ts";

/** An entry of the neighbour cache. */
export type NdpNeighbour = CachedNeighbour<Ipv6Address, EthernetPath>;

/** Hears that another host uses an address of ours. */
export type OnIpv6Conflict = (address: Ipv6Address, mac: string) => void;

/** How to make the NDP layer. */
export interface NdpOptions {
  /** Milliseconds for which an answer is believed, on average; 30,000 when left out, or what routers say. */
  readonly lifetime?: number;
  /** Neighbours kept at once; 512 when left out. */
  readonly neighbours?: number;
  /** Packets that wait for one neighbour's answer; 64 when left out, which a datagram of 65,527 bytes fits into. */
  readonly queue?: number;
  /**
   * What to do while it is asked, for one to two seconds, whether another host has an address of ours: `"wait"`, use it
   * already (`"optimistic"`, RFC 4429, as when left out), or do not ask at all (`"none"`).
   */
  readonly dad?: Dad;
  /** How often that is asked; 1 when left out. */
  readonly transmits?: number;
  /** Hears that another host uses an address of ours: the address, and the host's MAC address in text. */
  readonly onConflict?: OnIpv6Conflict;
}

/** The JSON Schema of {@linkcode NdpOptions}. */
export const NDP_OPTIONS: OptionsSchema<NdpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    lifetime: { type: "integer", minimum: 1, maximum: 3_600_000 },
    neighbours: { type: "integer", minimum: 1, maximum: 65_536 },
    queue: { type: "integer", minimum: 1, maximum: 1024 },
    dad: { type: "string", enum: ["wait", "optimistic", "none"] },
    transmits: { type: "integer", minimum: 1, maximum: 10 },
    onConflict: {},
  },
};

/** What the NDP layer counts. */
export class NdpCounters implements NeighbourCounters {
  /** Messages that are not valid. */
  malformed: number = 0;
  /** Solicitations sent. */
  solicitations: number = 0;
  /** Advertisements sent. */
  advertisements: number = 0;
  /** Messages of hosts that use an address of ours. */
  conflicts: number = 0;
  /** Packets dropped because too many wait already. */
  overflow: number = 0;
  /** Packets dropped because their neighbour did not answer. */
  unreachable: number = 0;
  /** Neighbours dropped to make room. */
  evicted: number = 0;
}

/** The NDP layer: IPv6 packets to neighbours. */
export class Ndp implements Link<Ipv6Address>, Receiver, NeighbourUser<Ipv6Address, EthernetPath>, ClaimHolder {
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** What it does and drops. */
  readonly counters: NdpCounters = new NdpCounters();
  /** Milliseconds for which an answer is believed (ReachableTime). */
  lifetime: number = 0;
  /** Milliseconds between two solicitations (RetransTimer). */
  retransmit: number = 1000;
  /** Questions for an address of ours (DupAddrDetectTransmits). */
  readonly transmits: number;
  /** Entries in use become stale before they are asked for. */
  readonly patient = true;
  /** Hears that a neighbour does not answer, or was told to be no router. */
  onFailed: ((address: Ipv6Address) => void) | null = null;
  readonly #core: Core;
  readonly #ethernet: Ethernet;
  readonly #options: NdpOptions;
  readonly #cache: NeighbourCache<Ipv6Address, EthernetPath>;
  readonly #claims: Claim[] = [];
  readonly #handlers: Map<number, Receiver> = new Map();
  #receiver: LinkReceiver | null = null;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ethernet What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ethernet: Ethernet, options: NdpOptions) {
    this.#core = core;
    this.#ethernet = ethernet;
    this.#options = options;
    this.mtu = ethernet.mtu;
    this.transmits = options.transmits ?? 1;
    this.setReachableTime(options.lifetime ?? 30_000);
    this.#cache = new NeighbourCache(core, this, options.neighbours ?? 512, options.queue ?? 64);
    ethernet.attach(ETHERTYPE_IPV6, this);
    core.count("ndp", this.counters);
  }

  /**
   * Sets for how long answers are believed: half to one and a half times as long, so that hosts do not ask all at once (RFC
   * 4861, 6.3.2).
   *
   * @param base Milliseconds (BaseReachableTime).
   */
  setReachableTime(base: number): void {
    this.lifetime = base * (0.5 + fraction(() => this.#core.random()));
  }

  /** Names who reads the packets, and who hears that a neighbour does not answer. */
  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
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

  /** Answers for an address from now on, or once nobody else does. */
  claim(address: Ipv6Address): boolean {
    let claim = this.#claims.find((one) => one.address.equals(address));
    if (!claim) {
      claim = new Claim(this.#core, this, address, this.#options.dad ?? "optimistic");
      this.#claims.push(claim);
    }
    return claim.usable;
  }

  /** Answers for an address no more. */
  release(address: Ipv6Address): void {
    const at = this.#claims.findIndex((one) => one.address.equals(address));
    if (at >= 0) this.#claims.splice(at, 1)[0]!.end();
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
    const { bytes, start: at } = packet;
    const type = bytes[at + 40]! - ROUTER_SOLICITATION;
    if (
      bytes[at + 6] === PROTOCOL_ICMPV6 && type >= 0 && type <= REDIRECT - ROUTER_SOLICITATION && packet.length > 40
    ) {
      this.#discover(packet);
    } else this.#receiver?.receive(packet);
  }

  #discover(packet: Packet): void {
    const { bytes, start: at } = packet;
    if (!isSaneMessage(packet)) {
      this.counters.malformed++;
      return;
    }
    packet.network = at;
    // What the link carried here by mistake is not for us.
    if (bytes[at + 24] !== 255 && !this.#find(bytes, at + 24)) return;
    const type = bytes[at + 40]!;
    const unspecified = getI32(bytes, at + 8) === 0;
    const neighbour = type === NEIGHBOUR_SOLICITATION || type === NEIGHBOUR_ADVERTISEMENT;
    const option = findOption(packet, SOURCE_LINK_LAYER);
    if (
      neighbour && bytes[at + 48] === 255 ||
      // Who asks for an address of its own has none to give, and asks the group of those who may have it.
      unspecified && (type !== NEIGHBOUR_SOLICITATION || option || !isSolicitedNode(bytes, at + 24)) ||
      type === NEIGHBOUR_ADVERTISEMENT && bytes[at + 24] === 255 && (bytes[at + 44]! & SOLICITED) !== 0 ||
      // Routers and redirects speak from the link.
      !neighbour && type !== ROUTER_SOLICITATION && getI32(bytes, at + 8) >>> 22 !== 0x3fa
    ) {
      this.counters.malformed++;
      return;
    }
    // Our own, that the link brought back.
    if (this.#find(bytes, at + 8)?.settled && this.#isOwn(bytes, option)) return;
    if (type === NEIGHBOUR_SOLICITATION) this.#solicited(packet, option, unspecified);
    else if (type === NEIGHBOUR_ADVERTISEMENT) this.#advertised(packet);
    else if (option && type !== REDIRECT) this.learn(readIpv6(bytes, at + 8), bytes, option + 2, true);
    packet.start = packet.transport = at + 40;
    this.#handlers.get(type)?.receive(packet);
  }

  /** Reads a solicitation (RFC 4861, 7.2.3; RFC 4862, 5.4.3). */
  #solicited(packet: Packet, option: number, unspecified: boolean): void {
    const { bytes, start: at } = packet;
    const claim = this.#find(bytes, at + 48);
    if (!claim) return;
    if (unspecified && !claim.settled) {
      const nonce = findOption(packet, NONCE);
      if (!nonce || claim.nonce.some((byte, i) => byte !== bytes[nonce + 2 + i])) this.#conflict(claim, "");
      return;
    }
    if (!claim.usable) return;
    if (unspecified) return this.announce(claim);
    const source = readIpv6(bytes, at + 8);
    if (option) this.learn(source, bytes, option + 2, true);
    // Who does not say where it is, is asked for first (RFC 4861, 7.2.4).
    const neighbour = this.#cache.get(key(source)) ?? (claim.settled ? this.#entry(source, false) : null);
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
      if (!this.#isOwn(bytes, option)) this.#conflict(claim, option ? formatMac(bytes, option + 2) : "");
      return;
    }
    const entry = this.#cache.get(key(readIpv6(bytes, at + 48)));
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
    const claim = wanted ?? this.#claims.find((one) => one.usable && one.address === entry.asker) ??
      this.#claims.find((one) => one.usable);
    if (!claim?.usable) return;
    const destination = entry.path ? entry.address : solicitedNode(entry.address);
    // An address that may still turn out to be another's must not change what others know of it (RFC 4429, 3.2).
    const mac = claim.settled ? this.#ethernet.mac : null;
    this.#solicit(claim.address, destination, entry.address, SOURCE_LINK_LAYER, mac, entry.path);
  }

  /** Asks everybody whether another host has an address. */
  probe(claim: Claim): void {
    this.#solicit(IPV6_ANY, solicitedNode(claim.address), claim.address, NONCE, claim.nonce, null);
  }

  /** Tells everybody that an address is ours. */
  announce(claim: Claim): void {
    this.#advertise(claim, claim.settled ? OVERRIDE : 0, IPV6_ALL_NODES, this.neighbour(IPV6_ALL_NODES));
  }

  /** Hears that nobody else has an address. */
  settled(claim: Claim): void {
    this.#receiver?.claimed?.(claim.address, true);
  }

  /** Hears that a packet is lost, for its neighbour did not answer. */
  unreachable(packet: Packet): void {
    this.#receiver?.unreachable(packet);
  }

  /** Hears that a neighbour does not answer. */
  failed(entry: NdpNeighbour): void {
    this.onFailed?.(entry.address);
  }

  #entry(address: Ipv6Address, wanted: boolean): NdpNeighbour | null {
    const name = key(address);
    return this.#cache.get(name) ?? this.#cache.insert(name, address, wanted);
  }

  #find(bytes: Uint8Array, at: number): Claim | undefined {
    for (const claim of this.#claims) if (claim.address.at(bytes, at)) return claim;
    return undefined;
  }

  /** Whether an option holds our own MAC address. */
  #isOwn(bytes: Uint8Array, option: number): boolean {
    const { mac } = this.#ethernet;
    return option > 0 && mac.every((byte, i) => byte === bytes[option + 2 + i]);
  }

  #conflict(claim: Claim, mac: string): void {
    this.counters.conflicts++;
    if (claim.conflict()) {
      this.release(claim.address);
      this.#receiver?.claimed?.(claim.address, false);
    }
    try {
      this.#options.onConflict?.(claim.address, mac);
    } catch (error) {
      this.#core.report(error);
    }
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
    this.#send(
      path ?? this.neighbour(destination),
      NEIGHBOUR_SOLICITATION,
      0,
      source,
      destination,
      target,
      option,
      data,
    );
  }

  #advertise({ address }: Claim, flags: number, destination: Ipv6Address, path: Neighbour): void {
    this.counters.advertisements++;
    const { mac } = this.#ethernet;
    this.#send(path, NEIGHBOUR_ADVERTISEMENT, flags, address, destination, address, TARGET_LINK_LAYER, mac);
  }

  #send(
    path: Neighbour,
    type: number,
    flags: number,
    source: Ipv6Address,
    destination: Ipv6Address,
    target: Ipv6Address,
    option: number,
    data: Uint8Array | null,
  ): void {
    const { pool } = this.#core;
    const packet = pool.take();
    writeNeighbourMessage(packet, type, flags, source, destination, target, option, data);
    path.transmit(packet);
    pool.give(packet);
  }
}

function key({ a, b, c, d }: Ipv6Address): string {
  return `${a},${b},${c},${d}`;
}

/** The MAC address of a group: the low 32 bits of its address (RFC 2464, 7). */
function groupMac({ d }: Ipv6Address): MacAddress {
  return Uint8Array.of(0x33, 0x33, d >>> 24, d >>> 16, d >>> 8, d) as MacAddress;
}

function isSolicitedNode(bytes: Uint8Array, at: number): boolean {
  return getI32(bytes, at) === 0xff020000 << 0 && getI32(bytes, at + 4) === 0 && getI32(bytes, at + 8) === 1 &&
    bytes[at + 12] === 255;
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
