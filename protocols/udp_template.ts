/**
 * UDP over IPv4 to one host, from a template: for an app that sends readings and does nothing else.
 *
 * The headers are written once. A send writes its payload behind them, and of the headers only what follows from it: the
 * lengths when the length changed, and the checksum, which starts from the sum of all that stays (RFC 1071, 2). Nothing is
 * allocated after the start.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { udpTemplate } from "@bonsai/net/protocols/udp_template";
 *
 * const [driver] = memory("ip");
 * const net = stack({
 *   driver,
 *   protocols: [udpTemplate({ source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 })],
 * });
 * net.datagram.send(new TextEncoder().encode("21.5"));
 * ```
 *
 * Payloads are summed byte by byte, which is fastest for the few bytes of a reading and takes the least code; of a large
 * one that changes in few places {@linkcode setPayloadU16} spares the sum.
 *
 * It stands on a link: that of a driver for IP packets, of `staticArp()`, or of `ethernet()` and `arp()`. It receives
 * nothing, has no routes and sends no fragments; who needs them lists `ipv4()` and `udp()`.
 *
 * @module
 */

import { foldChecksum, sumBytes, updateChecksum } from "../core/checksum.ts";
import type { Link, Neighbour } from "../core/driver.ts";
import { PROTOCOL_UDP } from "../core/ip.ts";
import { type Ipv4Address, parseIpv4 } from "../core/ipv4_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { HEADROOM, Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";

/** Bytes of the IPv4 header. */
const IPV4 = 20;
/** Bytes of both headers. */
const HEADERS = 28;
/** Where the UDP checksum lies. */
const CHECKSUM = 26;
/** The flag Don't Fragment: such a packet needs no Identification (RFC 6864, 4.1), so that its header stays as it is. */
const DONT_FRAGMENT = 0x40;

/** How to make the template. */
export interface UdpTemplateOptions {
  /** Our address, such as `"10.0.0.2"`. */
  readonly source: string;
  /** Our port, 0 to 65,535; that of the destination when left out. */
  readonly sourcePort?: number;
  /** The host to send to, such as `"10.0.0.1"`. */
  readonly destination: string;
  /** The port there, 1 to 65,535. */
  readonly destinationPort: number;
  /** The router to hand packets to; the destination itself, on our own link, when left out. */
  readonly gateway?: string;
  /** Hops that packets may take, 1 to 255; 64 when left out. */
  readonly ttl?: number;
}

/** The JSON Schema of {@linkcode UdpTemplateOptions}. */
export const UDP_TEMPLATE_OPTIONS: OptionsSchema<UdpTemplateOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["source", "destination", "destinationPort"],
  properties: {
    source: { type: "string" },
    sourcePort: { type: "integer", minimum: 0, maximum: 65_535 },
    destination: { type: "string" },
    destinationPort: { type: "integer", minimum: 1, maximum: 65_535 },
    gateway: { type: "string" },
    ttl: { type: "integer", minimum: 1, maximum: 255 },
  },
};

/** A datagram that is sent again and again. */
export class UdpTemplate {
  /** Datagrams sent. */
  sent: number = 0;
  /** Datagrams dropped below while they were sent. */
  unsent: number = 0;
  /** The core. */
  readonly core: Core;
  /** The datagram, with its headers. */
  readonly packet: Packet;
  readonly #payload: Uint8Array<ArrayBuffer>;
  readonly #find: () => Neighbour;
  // What stays of each sum that a checksum is made of.
  readonly #header: number;
  readonly #pseudo: number;
  readonly #ports: number;
  #neighbour: Neighbour;

  /**
   * Writes the headers.
   *
   * @param core The core.
   * @param link What carries it.
   * @param options From where and to whom, checked already.
   * @throws {SyntaxError} When a text is no address.
   */
  constructor(core: Core, link: Link<Ipv4Address>, options: UdpTemplateOptions) {
    const { source, destination, destinationPort: port, sourcePort = port, gateway = destination, ttl = 64 } = options;
    const own = parseIpv4(source);
    const packet = new Packet(HEADROOM + link.mtu);
    const { bytes, start } = packet;
    this.core = core;
    const nextHop = parseIpv4(gateway);
    this.packet = packet;
    this.#payload = bytes.subarray(start + HEADERS, start + link.mtu);
    packet.network = start;
    packet.transport = start + IPV4;
    bytes.set([0x45, 0, 0, 0, 0, 0, DONT_FRAGMENT, 0, ttl, PROTOCOL_UDP], start);
    packet.setI32(12, own);
    packet.setI32(16, parseIpv4(destination));
    packet.setI32(IPV4, sourcePort << 16 | port);
    this.#header = sumBytes(bytes, start, start + IPV4);
    this.#pseudo = sumBytes(bytes, start + 12, start + IPV4, PROTOCOL_UDP);
    this.#ports = sourcePort + port;
    this.#fill(0);
    link.claim(own);
    this.#find = () => link.neighbour(nextHop);
    this.#neighbour = this.#find();
    core.count("datagram", this);
  }

  /**
   * Sends a datagram. It leaves at the end of the turn.
   *
   * @param data The payload, which is copied. When left out the datagram is the one sent last, with what
   * {@linkcode setPayloadU16} changed in it.
   * @returns False when it was dropped, as any datagram may be: a queue is full.
   * @throws {RangeError} When it is larger than the link carries.
   */
  send(data?: Uint8Array): boolean {
    const { packet } = this;
    packet.start = HEADROOM;
    if (data) {
      this.#payload.set(data);
      this.#fill(data.length);
    }
    if (!this.#neighbour.live) this.#neighbour = this.#find();
    const sent = this.#neighbour.transmit(packet);
    if (sent) this.sent++;
    else this.unsent++;
    this.core.wake();
    return sent;
  }

  /** Makes the headers fit a payload that is there already. */
  #fill(size: number): void {
    const { packet } = this;
    const { bytes, start } = packet;
    const length = size + 8;
    const end = start + IPV4 + length;
    if (packet.end !== end) {
      packet.end = end;
      packet.setU16(2, IPV4 + length);
      packet.setU16(10, foldChecksum(this.#header + IPV4 + length));
      packet.setU16(IPV4 + 4, length);
    }
    const sum = sumBytes(bytes, start + HEADERS, end, this.#pseudo + this.#ports + 2 * length);
    packet.setU16(CHECKSUM, foldChecksum(sum) || 0xffff);
  }
}

/**
 * Changes two bytes of the datagram sent last, and its checksum by their difference alone (RFC 1624): for a large datagram
 * of which little changes. `send()` sends it.
 *
 * @param datagram The datagram.
 * @param offset Where, in bytes from the front of the payload; even.
 * @param value The big-endian field, 0 to 65,535.
 * @throws {RangeError} When no word of the datagram begins there.
 */
export function setPayloadU16(datagram: UdpTemplate, offset: number, value: number): void {
  const { packet } = datagram;
  packet.start = HEADROOM;
  const at = HEADERS + offset;
  if (!(offset >= 0 && at + 1 < packet.length) || offset & 1) {
    throw new RangeError(`Cannot set a word at byte ${offset} of a payload of ${packet.length - HEADERS} bytes`);
  }
  const before = packet.u16(at);
  packet.setU16(at, value);
  packet.setU16(CHECKSUM, updateChecksum(packet.u16(CHECKSUM), before, value) || 0xffff);
}

/** The {@linkcode udpTemplate} protocol. */
export interface UdpTemplateProtocol
  extends Protocol<"udpTemplate", { link: Link<Ipv4Address> }, { datagram: UdpTemplate }> {}

/**
 * UDP over IPv4 to one host.
 *
 * @param options From where and to whom.
 * @returns The protocol.
 * @throws {TypeError} When an option is missing, unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function udpTemplate(options: UdpTemplateOptions): UdpTemplateProtocol {
  checkOptions("udpTemplate", UDP_TEMPLATE_OPTIONS, options);
  return {
    name: "udpTemplate",
    needs: { link: "required" },
    start: (core, { link }) => ({ datagram: new UdpTemplate(core, link, options) }),
  };
}
