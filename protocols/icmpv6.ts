/**
 * ICMP for IPv6 (RFC 4443): echo, and errors both ways.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv6({ address: "2001:db8::2/64" }), icmpv6()] });
 * console.log(net.counters().icmpv6); // it answers pings by itself
 * ```
 *
 * @module
 */

import type { Receiver } from "../core/driver.ts";
import { type IcmpFamily, IcmpLayer, IcmpLayerCounters } from "../core/icmp_layer.ts";
import { type Ip, type IpFault, PROTOCOL_ICMPV6 } from "../core/ip.ts";
import type { Ipv6Address } from "../core/ipv6_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { ECHO_REPLY, ECHO_REQUEST, INFORMATIONAL, readFault } from "./icmpv6/message.ts";
import type { Ipv6, Ipv6Path } from "./ipv6.ts";

/** Bytes of an IPv6 header without extensions. */
const IPV6_HEADER = 40;
const FAMILY: IcmpFamily = {
  protocol: PROTOCOL_ICMPV6,
  // As many as fit into the least MTU (RFC 4443, 2.4 (c)).
  quoted: 1232,
  echo: ECHO_REQUEST,
};

/** How to make the ICMPv6 layer. */
export interface Icmpv6Options {
  /** Errors, and replies to groups, sent in a second, at most; 1000 when left out. */
  readonly rateLimit?: number;
}

/** The JSON Schema of {@linkcode Icmpv6Options}. */
export const ICMPV6_OPTIONS: OptionsSchema<Icmpv6Options> = {
  type: "object",
  additionalProperties: false,
  properties: { rateLimit: { type: "integer", minimum: 0, maximum: 1_000_000 } },
};

/** The ICMPv6 layer. */
export class Icmpv6 extends IcmpLayer<Ipv6Address, Ipv6, Ipv6Path> {
  /** What it does and drops. */
  readonly counters: IcmpLayerCounters = new IcmpLayerCounters();
  readonly #types: Map<number, Receiver> = new Map();

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param ipv6 What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ip: Ip, ipv6: Ipv6, options: Icmpv6Options) {
    super(core, ip, ipv6, FAMILY, options.rateLimit);
    core.count("icmpv6", this.counters);
  }

  /**
   * Names who reads messages of a type that is neither an echo nor an error.
   *
   * @param type The type, 130 to 255.
   * @param receiver Who reads them, the window at the ICMPv6 header.
   */
  attachType(type: number, receiver: Receiver): void {
    this.#types.set(type, receiver);
  }

  /** Hears that an echo or a reply of ours did not arrive. */
  override fault(packet: Packet, fault: IpFault): void {
    // What is too big comes through in fragments next time. We keep nothing of the hosts whose echoes were answered, so that
    // any reply that may have been ours is believed, but for one that would have gone through (RFC 8201, 4; RFC 5927, 7).
    const length = IPV6_HEADER + (packet.bytes[packet.network + 4]! << 8 | packet.bytes[packet.network + 5]!);
    if (fault.mtu > 0 && fault.mtu < length && (this.isAwaited(packet) || packet.u8(0) === ECHO_REPLY)) {
      this.network.limit(this.network.destination(packet), fault.mtu);
    }
    super.fault(packet, fault);
  }

  /** Reads a message whose checksum is right. */
  protected read(packet: Packet, type: number): void {
    if (type === ECHO_REQUEST) {
      // One packet to a group must not bring forth many, nor without end.
      if (packet.bytes[packet.network + 24] !== 255 || this.bucket.take()) this.reply(packet, ECHO_REPLY);
      else this.counters.limited++;
    } else if (type === ECHO_REPLY) this.replied(packet);
    else if (type < INFORMATIONAL) this.report(packet, readFault(type, packet.u8(1), packet.i32(4) >>> 0));
    else {
      const receiver = this.#types.get(type);
      if (receiver) receiver.receive(packet);
      else this.counters.ignored++;
    }
  }

  /** The sum of the pseudo-header (RFC 8200, 8.1). */
  protected pseudoSum(addresses: number, length: number): number {
    return addresses + PROTOCOL_ICMPV6 + length;
  }

  /** The Traffic Class byte of a received packet. */
  protected trafficClass({ bytes, network }: Packet): number {
    return bytes[network]! << 4 & 0xf0 | bytes[network + 1]! >> 4;
  }

  /** Errors are of no class. */
  protected errorTrafficClass(): number {
    return 0;
  }
}

/** The {@linkcode icmpv6} protocol. */
export interface Icmpv6Protocol extends Protocol<"icmpv6", { ip: Ip; ipv6: Ipv6 }, { icmpv6: Icmpv6 }> {}

/**
 * ICMP for IPv6.
 *
 * @param options Limits.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function icmpv6(options: Icmpv6Options = {}): Icmpv6Protocol {
  checkOptions("icmpv6", ICMPV6_OPTIONS, options);
  return {
    name: "icmpv6",
    needs: { ip: "required", ipv6: "required" },
    start: (core, { ip, ipv6 }) => ({ icmpv6: new Icmpv6(core, ip, ipv6, options) }),
  };
}
