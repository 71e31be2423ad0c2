/**
 * ARP: finds the MAC addresses of IPv4 neighbours (RFC 826), keeps them fresh, and defends our addresses (RFC 5227).
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" })] });
 * console.log(net.counters().arp);
 * ```
 *
 * @module
 */

import type { Claim, Dad } from "../core/claim.ts";
import type { Link, LinkReceiver, Neighbour, Receiver } from "../core/driver.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../core/ether_type.ts";
import { IPV4_BROADCAST, type Ipv4Address, isIpv4Multicast } from "../core/ipv4_address.ts";
import { formatMac, type MacAddress } from "../core/mac_address.ts";
import type { CachedNeighbour } from "../core/neighbour.ts";
import { NeighbourLink, NeighbourLinkCounters, type NeighbourLinkOptions } from "../core/neighbour_link.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { type Packet, UNICAST } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { ARP_REPLY, ARP_REQUEST, isSaneArp, writeArp } from "./arp/message.ts";
import type { Ethernet, EthernetPath } from "./ethernet.ts";

/** An entry of the ARP cache. */
export type ArpNeighbour = CachedNeighbour<Ipv4Address, EthernetPath>;

/** How to make the ARP layer. */
export interface ArpOptions extends NeighbourLinkOptions<Ipv4Address> {
  /** Milliseconds for which an answer is believed, before the neighbour is asked again; 30,000 when left out. */
  readonly lifetime?: number;
  /** Whether to ask for seven seconds, before an address is used, if another host has it (RFC 5227, 2.1); false when left out. */
  readonly probe?: boolean;
}

/** The JSON Schema of {@linkcode ArpOptions}. */
export const ARP_OPTIONS: OptionsSchema<ArpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    lifetime: { type: "integer", minimum: 1, maximum: 86_400_000 },
    neighbours: { type: "integer", minimum: 1, maximum: 65_536 },
    queue: { type: "integer", minimum: 1, maximum: 1024 },
    probe: { type: "boolean" },
    onConflict: {},
  },
};

/** What the ARP layer counts. */
export class ArpCounters extends NeighbourLinkCounters {
  /** Requests sent. */
  requests: number = 0;
  /** Requests answered. */
  replies: number = 0;
}

/** The ARP layer: IPv4 packets to neighbours. */
export class Arp extends NeighbourLink<Ipv4Address, EthernetPath> implements Receiver {
  /** What it does and drops. */
  readonly counters: ArpCounters = new ArpCounters();
  /** Entries in use are asked for before they become stale. */
  readonly patient = false;
  /** Questions for an address of ours (PROBE_NUM). */
  readonly questions = 3;
  /** Announcements of an address of ours (ANNOUNCE_NUM). */
  readonly announcements = 2;
  /** Milliseconds after the last question and between two announcements (ANNOUNCE_WAIT, ANNOUNCE_INTERVAL). */
  readonly wait = 2000;
  /** How an address is asked for before it is used. */
  protected readonly dad: Dad;
  readonly #ethernet: Ethernet;
  readonly #all: EthernetPath;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ethernet What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ethernet: Ethernet, options: ArpOptions) {
    super(core, ethernet.mtu, options.lifetime ?? 30_000, options);
    this.dad = options.probe ? "wait" : "none";
    this.#ethernet = ethernet;
    this.#all = ethernet.path(new Uint8Array(6).fill(255), ETHERTYPE_ARP);
    ethernet.attach(ETHERTYPE_ARP, this);
    core.count("arp", this.counters);
  }

  /** Milliseconds between two questions, from one second up to two (PROBE_MIN, PROBE_MAX). */
  get interval(): number {
    return 1000 * (1 + this.fraction());
  }

  /** Names who reads the packets, and who hears that a neighbour does not answer. */
  override attach(receiver: LinkReceiver): void {
    super.attach(receiver);
    this.#ethernet.attach(ETHERTYPE_IPV4, receiver);
  }

  /**
   * Asks for some seconds whether another host has an address (RFC 5227, 2.1), and answers for it from then on if none has.
   *
   * @param address One that is to be ours.
   * @param done Hears whether it is; not called after {@linkcode Arp.release}.
   * @param yields Whether to give it up, and say so, when another host uses it in spite of a defence (RFC 5227, 2.4, b).
   */
  probe(address: Ipv4Address, done: (ours: boolean) => void, yields: boolean = false): void {
    this.release(address);
    this.take(address, "wait", yields, done);
  }

  /** Finds the way to a neighbour. */
  neighbour(nextHop: Ipv4Address): Neighbour {
    if (nextHop === IPV4_BROADCAST) return this.#ethernet.path(new Uint8Array(6).fill(255), ETHERTYPE_IPV4);
    if (isIpv4Multicast(nextHop)) return this.#ethernet.path(groupMac(nextHop), ETHERTYPE_IPV4);
    return this.cache.get(nextHop) ?? this.cache.insert(nextHop, nextHop, true)!;
  }

  /** Lets packets for a group through. */
  join(group: Ipv4Address): void {
    this.#ethernet.join(groupMac(group));
  }

  /** Lets packets for a group through no more. */
  leave(group: Ipv4Address): void {
    this.#ethernet.leave(groupMac(group));
  }

  /** Reads one message. */
  receive(packet: Packet): void {
    const { bytes, start: at } = packet;
    if (!isSaneArp(packet)) {
      this.counters.malformed++;
      return;
    }
    const sender = packet.i32(14) as Ipv4Address;
    const target = packet.i32(24) as Ipv4Address;
    const request = packet.u16(6) === ARP_REQUEST;
    if (isOwnMac(this.#ethernet.mac, bytes, at + 8)) return;
    // Another host uses our address, or probes for one that we are still probing for ourselves.
    const wanted = this.claimOf(target);
    const claimed = this.claimOf(sender) ?? (sender === 0 ? wanted : undefined);
    if (claimed && (sender !== 0 || !claimed.settled)) return this.conflict(claimed, formatMac(bytes, at + 8));
    const forUs = wanted?.settled === true;
    if (sender !== 0) {
      // RFC 826 merges what it knows already, and takes up who asks for us, for an answer will be wanted soon.
      const entry = this.cache.get(sender) ?? (forUs && request ? this.cache.insert(sender, sender, false) : null);
      if (entry) {
        const path = entry.path?.leadsTo(bytes, at + 8)
          ? entry.path
          : this.#ethernet.path(bytes.subarray(at + 8, at + 14), ETHERTYPE_IPV4);
        entry.learn(path, forUs && !request && packet.cast === UNICAST);
      }
    }
    if (forUs && request) {
      this.counters.replies++;
      const path = isOfLink(target) ? this.#all : this.#ethernet.path(bytes.subarray(at + 8, at + 14), ETHERTYPE_ARP);
      this.#send(path, ARP_REPLY, target, bytes, at + 8, sender);
    }
  }

  /** Asks for an entry's address. */
  ask(entry: ArpNeighbour): void {
    const waiting = entry.queue[0];
    const asker = waiting && this.claimOf(waiting.i32(12) as Ipv4Address);
    if (asker) entry.asker = asker.address;
    const claim = this.claims.find(({ address }) => address === entry.asker) ?? this.claims[0];
    if (!claim?.settled) return;
    this.counters.requests++;
    const path = entry.path && !isOfLink(claim.address) ? entry.path.withType(ETHERTYPE_ARP) : this.#all;
    this.#send(path, ARP_REQUEST, claim.address, null, 0, entry.address);
  }

  /** Asks everybody whether another host has an address: in the name of nobody (RFC 5227, 2.1.1). */
  inquire({ address }: Claim<Ipv4Address>): void {
    this.#send(this.#all, ARP_REQUEST, 0, null, 0, address);
  }

  /** Tells everybody that an address is ours (RFC 5227, 2.3). */
  announce({ address }: Claim<Ipv4Address>): void {
    this.#send(this.#all, ARP_REQUEST, address, null, 0, address);
  }

  #send(
    path: EthernetPath,
    operation: number,
    sender: number,
    targetMac: Uint8Array | null,
    targetAt: number,
    target: number,
  ): void {
    const { pool } = this.core;
    const packet = pool.take();
    writeArp(packet, operation, this.#ethernet.mac, sender, targetMac, targetAt, target);
    path.transmit(packet);
    pool.give(packet);
  }
}

/** The MAC address of a group: the low 23 bits of its address (RFC 1112, 6.4). */
function groupMac(group: Ipv4Address): MacAddress {
  return Uint8Array.of(1, 0, 0x5e, group >>> 16 & 0x7f, group >>> 8, group) as MacAddress;
}

/** Whether all must hear of an address: one of 169.254.0.0/16, so that conflicts are seen (RFC 3927, 2.5). */
function isOfLink(address: Ipv4Address): boolean {
  return address >>> 16 === 0xa9fe;
}

function isOwnMac(mac: MacAddress, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== mac[i]) return false;
  return true;
}

/** The {@linkcode arp} protocol. */
export interface ArpProtocol extends Protocol<"arp", { ethernet: Ethernet }, { arp: Arp; link: Link<Ipv4Address> }> {}

/**
 * ARP for IPv4 over Ethernet.
 *
 * @param options Limits, and whether to probe.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function arp(options: ArpOptions = {}): ArpProtocol {
  checkOptions("arp", ARP_OPTIONS, options);
  return {
    name: "arp",
    needs: { ethernet: "required" },
    start: (core, { ethernet }) => {
      const layer = new Arp(core, ethernet, options);
      return { arp: layer, link: layer };
    },
  };
}
