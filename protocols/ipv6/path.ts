/**
 * The way from one of our addresses to an IPv6 host.
 *
 * @module
 */

import { sumBytes } from "../../core/checksum.ts";
import type { Neighbour } from "../../core/driver.ts";
import { IpPath } from "../../core/ip_path.ts";
import type { Ipv6Address } from "../../core/ipv6_address.ts";
import { type Packet, setI32 } from "../../core/packet.ts";
import type { Ipv6 } from "../ipv6.ts";
import { IPV6_HEADER } from "./header.ts";

/** Words of the header. */
const WORDS = 20;

/** The way from one of our addresses to a host. */
export class Ipv6Path extends IpPath<Ipv6Address, Ipv6> {
  /** The sum of both addresses, at most 2^20. */
  readonly addressSum: number;
  readonly #flowLabel: number;
  readonly #header: Uint8Array<ArrayBuffer> = new Uint8Array(IPV6_HEADER);
  // Stores into a packet's words cost a third of a copy of bytes.
  readonly #words: Uint16Array<ArrayBuffer> = new Uint16Array(this.#header.buffer);

  /**
   * Made by {@linkcode Ipv6.path}.
   *
   * @param network The layer.
   * @param source Our address.
   * @param destination The host's address.
   * @param neighbour Whom packets are handed to.
   * @param flowLabel The label of its packets, 20 bits: the same for a whole flow (RFC 6437).
   */
  constructor(
    network: Ipv6,
    source: Ipv6Address,
    destination: Ipv6Address,
    neighbour: Neighbour,
    flowLabel: number,
  ) {
    super(network, source, destination, neighbour, IPV6_HEADER);
    this.#flowLabel = flowLabel;
    source.write(this.#header, 8);
    destination.write(this.#header, 24);
    this.addressSum = sumBytes(this.#header, 8, IPV6_HEADER);
  }

  /** Whether a received packet came this way back. */
  matches({ bytes, network: at }: Packet): boolean {
    return this.destination.at(bytes, at + 8) && this.source.at(bytes, at + 24);
  }

  /** Whether a packet of ours that an error quotes went this way. */
  quoted({ bytes, network: at }: Packet): boolean {
    return this.source.at(bytes, at + 8) && this.destination.at(bytes, at + 24);
  }

  /** Sends a payload. */
  transmit(packet: Packet, protocol: number): boolean {
    const whole = this.prepare();
    const bytes = packet.bytes;
    const payload = packet.length;
    const at = packet.network = packet.start -= IPV6_HEADER;
    if (at & 1) bytes.set(this.#header, at);
    else {
      const from = this.#words;
      const to = packet.words;
      for (let i = 4, word = at >> 1; i < WORDS; i++) to[word + i] = from[i]!;
    }
    setI32(bytes, at, 6 << 28 | this.trafficClass << 20 | this.#flowLabel);
    bytes[at + 4] = payload >>> 8;
    bytes[at + 5] = payload;
    bytes[at + 6] = protocol;
    bytes[at + 7] = this.ttl;
    return this.pass(packet, whole);
  }
}
