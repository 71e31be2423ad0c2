/**
 * Ethernet II frames.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({
 *   driver,
 *   protocols: [ethernet({ mac: "02:00:00:00:00:02" }), arp(), ipv4({ address: "10.0.0.2/24" })],
 * });
 * console.log(net.counters().ethernet);
 * ```
 *
 * @module
 */

import type { Neighbour, Receiver, Wire } from "../core/driver.ts";
import { type MacAddress, parseMac } from "../core/mac_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { BROADCAST, MULTICAST, type Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { ETHERNET_HEADER, etherType, ETHERTYPE_LEAST, ETHERTYPE_VLAN, VLAN_ID, VLAN_TAG } from "./ethernet/header.ts";

/** How to make the Ethernet layer. */
export interface EthernetOptions {
  /** Our address, such as `"02:00:00:00:00:01"`; a random, locally administered one when left out. */
  readonly mac?: string;
}

/** The JSON Schema of {@linkcode EthernetOptions}. */
export const ETHERNET_OPTIONS: OptionsSchema<EthernetOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    mac: { type: "string", pattern: "^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$", examples: ["02:00:00:00:00:01"] },
  },
};

/** What the Ethernet layer counts. */
export class EthernetCounters {
  /** Frames for another host. */
  foreign: number = 0;
  /** Frames shorter than a header. */
  runts: number = 0;
  /** Frames whose source is no single host. */
  badSource: number = 0;
  /** Frames with a length instead of an EtherType. */
  lengths: number = 0;
  /** Frames of a protocol that nobody reads. */
  unknown: number = 0;
}

/** The Ethernet layer: frames by EtherType. */
export class Ethernet implements Receiver {
  /** Our address. */
  readonly mac: MacAddress;
  /** Bytes of the largest payload of a frame. */
  readonly mtu: number;
  /** What it drops, by reason. */
  readonly counters: EthernetCounters = new EthernetCounters();
  /** Who reads the frames, by EtherType. */
  readonly uppers: Map<number, Receiver> = new Map();
  /** Groups that were joined, each as often as it was: their addresses as 48-bit numbers. */
  readonly groups: number[] = [];
  readonly #wire: Wire;
  readonly #high: number;
  readonly #low: number;

  /**
   * Starts the layer.
   *
   * @param wire What carries it.
   * @param mac Our address.
   */
  constructor(wire: Wire, mac: MacAddress) {
    this.#wire = wire;
    this.mac = mac;
    this.#high = macHigh(mac, 0);
    this.#low = macLow(mac, 0);
    this.mtu = wire.mtu;
    wire.attach(this);
  }

  /**
   * Names who reads the frames of a protocol.
   *
   * @param type Its EtherType.
   * @param receiver Who reads them.
   */
  attach(type: number, receiver: Receiver): void {
    this.uppers.set(type, receiver);
  }

  /**
   * Lets frames for a group through, until it was left as often as it was joined.
   *
   * @param group Its address.
   */
  join(group: MacAddress): void {
    this.groups.push(groupNumber(group, 0));
  }

  /**
   * Lets frames for a group through no more.
   *
   * @param group Its address.
   */
  leave(group: MacAddress): void {
    const at = this.groups.indexOf(groupNumber(group, 0));
    if (at >= 0) this.groups.splice(at, 1);
  }

  /**
   * Prepares the way to a host, for many frames.
   *
   * @param target Its address; copied.
   * @param type The EtherType of what goes there.
   * @returns The way.
   */
  path(target: Uint8Array, type: number): EthernetPath {
    const header = new Uint8Array(ETHERNET_HEADER);
    header.set(target);
    header.set(this.mac, 6);
    header[12] = type >>> 8;
    header[13] = type;
    return new EthernetPath(this.#wire, header);
  }

  /** Reads one frame. */
  receive(packet: Packet): void {
    const { bytes, start: at } = packet;
    if (packet.length < ETHERNET_HEADER) {
      this.counters.runts++;
      return;
    }
    if (bytes[at]! & 1) {
      const all = macHigh(bytes, at) === -1 && macLow(bytes, at) === 0xffff;
      if (!all && !this.groups.includes(groupNumber(bytes, at))) {
        this.counters.foreign++;
        return;
      }
      packet.cast = all ? BROADCAST : MULTICAST;
    } else if (macHigh(bytes, at) !== this.#high || macLow(bytes, at) !== this.#low) {
      this.counters.foreign++;
      return;
    }
    if (bytes[at + 6]! & 1) {
      this.counters.badSource++;
      return;
    }
    let start = at + ETHERNET_HEADER;
    let type = etherType(bytes, at);
    // A tag of VLAN 0 gives a priority alone: the frame is of no VLAN (IEEE 802.1Q, 6.9).
    if (
      type === ETHERTYPE_VLAN && packet.length >= ETHERNET_HEADER + VLAN_TAG &&
      (packet.u16(ETHERNET_HEADER) & VLAN_ID) === 0
    ) {
      type = etherType(bytes, at + VLAN_TAG);
      start += VLAN_TAG;
    }
    const upper = this.uppers.get(type);
    if (upper) {
      packet.start = start;
      upper.receive(packet);
    } else if (type < ETHERTYPE_LEAST) this.counters.lengths++;
    else this.counters.unknown++;
  }
}

/** The way of one protocol to one host: its header, ready to be written. */
export class EthernetPath implements Neighbour {
  /** It never ends. */
  readonly live: boolean = true;
  readonly #wire: Wire;
  // The header as seven words in the host's byte order: stores into a packet's words cost a third of a copy of bytes.
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;
  readonly #d: number;
  readonly #e: number;
  readonly #f: number;
  readonly #g: number;
  readonly #header: Uint8Array<ArrayBuffer>;

  /**
   * Made by {@linkcode Ethernet.path}.
   *
   * @param wire What carries the frames.
   * @param header The header's 14 bytes; kept.
   */
  constructor(wire: Wire, header: Uint8Array<ArrayBuffer>) {
    this.#wire = wire;
    this.#header = header;
    const words = new Uint16Array(header.buffer);
    this.#a = words[0]!;
    this.#b = words[1]!;
    this.#c = words[2]!;
    this.#d = words[3]!;
    this.#e = words[4]!;
    this.#f = words[5]!;
    this.#g = words[6]!;
  }

  /**
   * Tells whether it leads to a host.
   *
   * @param bytes Where the host's address lies.
   * @param at Its first byte.
   * @returns Whether this is the way there.
   */
  leadsTo(bytes: Uint8Array, at: number): boolean {
    return macHigh(this.#header, 0) === macHigh(bytes, at) && macLow(this.#header, 0) === macLow(bytes, at);
  }

  /**
   * Makes the way to the same host for another protocol.
   *
   * @param type Its EtherType.
   * @returns The way.
   */
  withType(type: number): EthernetPath {
    const header = this.#header.slice();
    header[12] = type >>> 8;
    header[13] = type;
    return new EthernetPath(this.#wire, header);
  }

  /**
   * Sends a payload.
   *
   * @param packet The payload; the caller's again when this returns, its window moved.
   * @returns False when it was dropped.
   */
  transmit(packet: Packet): boolean {
    const at = packet.start -= ETHERNET_HEADER;
    if (at & 1) packet.bytes.set(this.#header, at);
    else {
      const words = packet.words;
      const word = at >> 1;
      words[word] = this.#a;
      words[word + 1] = this.#b;
      words[word + 2] = this.#c;
      words[word + 3] = this.#d;
      words[word + 4] = this.#e;
      words[word + 5] = this.#f;
      words[word + 6] = this.#g;
    }
    return this.#wire.transmit(packet);
  }
}

function macHigh(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

function macLow(bytes: Uint8Array, at: number): number {
  return bytes[at + 4]! << 8 | bytes[at + 5]!;
}

function groupNumber(bytes: Uint8Array, at: number): number {
  return macHigh(bytes, at) * 0x10000 + macLow(bytes, at);
}

/** The {@linkcode ethernet} protocol. */
export interface EthernetProtocol extends Protocol<"ethernet", { wire: Wire }, { ethernet: Ethernet }> {}

/**
 * Ethernet II over a driver that carries frames.
 *
 * @param options Our address.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When the address is none, or is that of a group.
 */
export function ethernet(options: EthernetOptions = {}): EthernetProtocol {
  checkOptions("ethernet", ETHERNET_OPTIONS, options);
  return {
    name: "ethernet",
    needs: { wire: "required" },
    start: (core, { wire }) => {
      const layer = new Ethernet(wire, options.mac ? parseMac(options.mac) : randomMac(core));
      core.count("ethernet", layer.counters);
      return { ethernet: layer };
    },
  };
}

/** A locally administered address of a single host. */
function randomMac(core: Core): MacAddress {
  const high = core.random();
  const low = core.random();
  return Uint8Array.of(high >>> 8 & 0xfc | 2, high, low >>> 24, low >>> 16, low >>> 8, low) as MacAddress;
}
