/**
 * IPv4 over Ethernet to one neighbour whose MAC address is known: what a permanent entry of an ARP table is elsewhere.
 *
 * Everything that is sent goes to that neighbour, be it the host that an app talks to or its router. Whoever asks for our
 * address gets an answer, so that nobody needs a permanent entry for us; nobody is asked, no conflict is seen, and there is
 * no other protocol beside IPv4. It takes the place of `ethernet()` and `arp()`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { staticArp } from "@bonsai/net/protocols/static_arp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({
 *   driver,
 *   protocols: [
 *     staticArp({ mac: "02:00:00:00:00:02", neighbour: "02:00:00:00:00:01" }),
 *     ipv4({ address: "10.0.0.2/24" }),
 *   ],
 * });
 * ```
 *
 * @module
 */

import type { Link, LinkReceiver, Neighbour, Receiver, Wire } from "../core/driver.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../core/ether_type.ts";
import type { Ipv4Address } from "../core/ipv4_address.ts";
import { parseMac } from "../core/mac_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { BROADCAST, MULTICAST, type Packet } from "../core/packet.ts";
import type { Protocol } from "../core/protocol.ts";

/** Bytes of the Ethernet header. */
const HEADER = 14;
/** Where the hosts of an ARP message lie in a frame: the sender's MAC and IPv4 address, then the target's. */
const SENDER = 22;
/** Where the target lies. */
const TARGET = 32;
/** Bytes of a frame with an ARP message. */
const ARP_END = 42;

/** How to make the link. */
export interface StaticArpOptions {
  /** Our MAC address, such as `"02:00:00:00:00:02"`. */
  readonly mac: string;
  /** The neighbour's. */
  readonly neighbour: string;
}

/** The JSON Schema of {@linkcode StaticArpOptions}. */
export const STATIC_ARP_OPTIONS: OptionsSchema<StaticArpOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["mac", "neighbour"],
  properties: { mac: { type: "string" }, neighbour: { type: "string" } },
};

/** What the link counts. */
export class StaticArpCounters {
  /** Frames for another host, or shorter than a header. */
  foreign: number = 0;
  /** Frames of a protocol that nobody reads. */
  unknown: number = 0;
  /** ARP messages that ask for no address of ours, or make no sense. */
  ignored: number = 0;
  /** Requests answered. */
  replies: number = 0;
}

/** A link to one neighbour. */
export class StaticArp implements Link<Ipv4Address>, Neighbour, Receiver {
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** It never ends. */
  readonly live: boolean = true;
  /** What it does and drops. */
  readonly counters: StaticArpCounters = new StaticArpCounters();
  /** Addresses that it answers for. */
  readonly claimed: Ipv4Address[] = [];
  /** Who reads the packets. */
  receiver: Receiver | null = null;
  readonly #wire: Wire;
  /** The header of what is sent: from us to the neighbour. */
  readonly #header: Uint8Array<ArrayBuffer>;

  /**
   * Starts the link.
   *
   * @param wire What carries it.
   * @param options The MAC addresses.
   * @throws {SyntaxError} When a text is no MAC address.
   */
  constructor(wire: Wire, options: StaticArpOptions) {
    this.#wire = wire;
    this.mtu = wire.mtu;
    this.#header = Uint8Array.of(...parseMac(options.neighbour), ...parseMac(options.mac), ETHERTYPE_IPV4 >> 8, 0);
    wire.attach(this);
  }

  /** Our MAC address. */
  get mac(): Uint8Array {
    return this.#header.subarray(6, 12);
  }

  /** Names who reads the packets. */
  attach(receiver: LinkReceiver): void {
    this.receiver = receiver;
  }

  /** Answers for an address from now on. */
  claim(address: Ipv4Address): boolean {
    return this.claimed.push(address) > 0;
  }

  /** Answers for an address no more. */
  release(address: Ipv4Address): void {
    const at = this.claimed.indexOf(address);
    if (at >= 0) this.claimed.splice(at, 1);
  }

  /** The neighbour. */
  neighbour(): Neighbour {
    return this;
  }

  /** Sends a packet to the neighbour. */
  transmit(packet: Packet): boolean {
    packet.bytes.set(this.#header, packet.start -= HEADER);
    return this.#wire.transmit(packet);
  }

  /** Reads one frame. */
  receive(packet: Packet): void {
    const { bytes, start: at } = packet;
    const group = bytes[at]! & 1;
    if (packet.length < HEADER || !group && !this.#isOurs(bytes, at)) {
      this.counters.foreign++;
      return;
    }
    const type = packet.u16(12);
    if (type === ETHERTYPE_IPV4) {
      packet.cast = group && (packet.i32(0) === -1 ? BROADCAST : MULTICAST);
      packet.start += HEADER;
      this.receiver?.receive(packet);
    } else if (type === ETHERTYPE_ARP) this.#answer(packet);
    else this.counters.unknown++;
  }

  /** Groups need no filter: the network layer has its own. */
  join(): void {}

  /** Groups need no filter. */
  leave(): void {}

  /** Turns a request for an address of ours into the answer (RFC 826). */
  #answer(packet: Packet): void {
    const { bytes, start: at } = packet;
    const wanted = packet.i32(TARGET + 6) as Ipv4Address;
    if (
      packet.length < ARP_END || packet.i32(HEADER) !== 0x00010800 || packet.i32(HEADER + 4) !== 0x06040001 ||
      !this.claimed.includes(wanted) || bytes[at + SENDER]! & 1
    ) {
      this.counters.ignored++;
      return;
    }
    this.counters.replies++;
    const { mac } = this;
    bytes[at + HEADER + 7] = 2;
    bytes.copyWithin(at + TARGET, at + SENDER, at + TARGET);
    bytes.set(mac, at + SENDER);
    packet.setI32(SENDER + 6, wanted);
    bytes.copyWithin(at, at + TARGET, at + TARGET + 6);
    bytes.set(mac, at + 6);
    packet.end = at + ARP_END;
    this.#wire.transmit(packet);
  }

  #isOurs(bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < 6; i++) if (bytes[at + i] !== this.#header[6 + i]) return false;
    return true;
  }
}

/** The {@linkcode staticArp} protocol. */
export interface StaticArpProtocol
  extends Protocol<"staticArp", { wire: Wire }, { link: Link<Ipv4Address>; staticArp: StaticArp }> {}

/**
 * IPv4 over Ethernet to one neighbour, without ARP.
 *
 * @param options The MAC addresses.
 * @returns The protocol.
 * @throws {TypeError} When an option is missing, unknown or of another type.
 */
export function staticArp(options: StaticArpOptions): StaticArpProtocol {
  checkOptions("staticArp", STATIC_ARP_OPTIONS, options);
  return {
    name: "staticArp",
    needs: { wire: "required" },
    start: (core, { wire }) => {
      const link = new StaticArp(wire, options);
      core.count("staticArp", link.counters);
      return { link, staticArp: link };
    },
  };
}
