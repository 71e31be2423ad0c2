/**
 * A DHCP server (RFC 2131, 4.3): gives addresses out of a range, and tells clients of their network.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { dhcpServer } from "@bonsai/net/protocols/dhcp_server";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({
 *   driver,
 *   protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.1/24" }), udp(), dhcpServer({ range: "10.0.0.100-10.0.0.199" })],
 * });
 * console.log(net.counters().dhcpServer);
 * ```
 *
 * @module
 */

import { formatIpv4, IPV4_BROADCAST, type Ipv4Address, type Ipv4Cidr, parseIpv4 } from "../core/ipv4_address.ts";
import { parseMac } from "../core/mac_address.ts";
import { checkOptions } from "../core/options.ts";
import { getI32, setI32 } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import {
  ACK,
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST,
  CHADDR,
  CIADDR,
  DECLINE,
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  DISCOVER,
  FLAGS,
  GIADDR,
  INFORM,
  NAK,
  OFFER,
  OPTION_CLIENT,
  OPTION_LEASE,
  OPTION_MESSAGE,
  OPTION_REQUESTED,
  OPTION_SERVER,
  OPTION_SIZE,
  OPTION_TYPE,
  OPTIONS,
  RELEASE,
  REQUEST,
  XID,
  YIADDR,
} from "./dhcp/codes.ts";
import { type DhcpOptionList, readOptions, wordOf, wordOption, writeMessage } from "./dhcp/message.ts";
import { clientName, DhcpPool } from "./dhcp_server/pool.ts";
import { longOption, networkOptions, searchOption, textOption } from "./dhcp_server/options.ts";
import { DHCP_SERVER_OPTIONS, DhcpServerCounters, type DhcpServerOptions } from "./dhcp_server/settings.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Udp } from "./udp.ts";

export { DHCP_SERVER_OPTIONS, DhcpServerCounters, type DhcpServerOptions } from "./dhcp_server/settings.ts";

/** Bytes of the largest packet that every client takes (RFC 2131, 2), and of its IP and UDP headers. */
const LEAST_SIZE = 576;
const DATAGRAM_HEADERS = 28;

/** An address that a client has. */
export interface DhcpGrant {
  /** The address, in text. */
  readonly address: string;
  /** The client's identifier, octets in hexadecimal: `01:` and its MAC address for most. */
  readonly client: string;
  /** Until when, in the clock's milliseconds. */
  readonly expires: number;
}

/** The DHCP server. */
export class DhcpServer {
  /** What it does and drops. */
  readonly counters: DhcpServerCounters = new DhcpServerCounters();
  readonly #core: Core;
  readonly #ipv4: Ipv4;
  readonly #udp: Udp;
  readonly #own: Ipv4Cidr;
  readonly #pool: DhcpPool;
  readonly #lease: number;
  /** What every client is told. */
  readonly #told: readonly number[];
  /** And this where it fits. */
  readonly #search: readonly number[];

  /**
   * Starts the server.
   *
   * @param core The core.
   * @param below What carries it.
   * @param options What to give out, checked already.
   * @throws {RangeError} When the range lies in none of our networks.
   */
  constructor(core: Core, { ipv4, udp }: { ipv4: Ipv4; udp: Udp }, options: DhcpServerOptions) {
    this.#core = core;
    this.#ipv4 = ipv4;
    this.#udp = udp;
    const [first, last] = options.range.split("-").map(parseIpv4) as [Ipv4Address, Ipv4Address];
    const own = ipv4.addresses.find(({ address, mask }) =>
      [first, last].every((end) => ((end ^ address) & mask) === 0)
    );
    if (!own || first >>> 0 > last >>> 0) {
      throw new RangeError(`dhcpServer(): the range ${options.range} lies in none of our networks`);
    }
    this.#own = own;
    const reserved = Object.entries(options.reservations ?? {}).map(([mac, address]) =>
      [clientName([1, ...parseMac(mac)]), parseIpv4(address)] as const
    );
    this.#pool = new DhcpPool(first, last, new Map(reserved), (address) => ipv4.isLocal(address));
    this.#lease = options.lease ?? 3600;
    this.#told = networkOptions(own, options);
    this.#search = searchOption(options.search ?? []);
    udp.bind({ port: DHCP_SERVER_PORT }, (data) => this.#receive(data));
    core.count("dhcpServer", this.counters);
  }

  /** The addresses that clients have now. */
  get leases(): DhcpGrant[] {
    const now = this.#core.now();
    return [...this.#pool.bindings].filter(({ client, expires }) => client && expires > now)
      .map(({ address, client, expires }) => ({ address: formatIpv4(address), client, expires }));
  }

  #receive(message: Uint8Array): void {
    const { counters } = this;
    const options = readOptions(message, BOOTREQUEST);
    const { address: own, mask } = this.#own;
    const relay = getI32(message, GIADDR);
    // Of another network, whose relay asks for it, there is nothing to give (RFC 2131, 4.3.1).
    if (!options || relay && ((relay ^ own) & mask) !== 0) {
      counters.ignored++;
      return;
    }
    const now = this.#core.now();
    const client = clientName(clientOf(message, options));
    const server = wordOf(options, OPTION_SERVER);
    const wish = wordOf(options, OPTION_REQUESTED) as Ipv4Address;
    const ciaddr = getI32(message, CIADDR) as Ipv4Address;
    const known = this.#pool.of(client);
    if (server && server !== own) {
      // It has chosen another server: what we offered is free again.
      if (known) known.expires = Math.min(known.expires, now);
      counters.ignored++;
      return;
    }
    switch (options[OPTION_TYPE]?.[0]) {
      case DISCOVER: {
        const offer = this.#pool.offer(client, wish, now);
        if (!offer) {
          counters.exhausted++;
          break;
        }
        counters.offers++;
        this.#reply(message, options, OFFER, offer.address, this.#leaseOptions());
        break;
      }
      case REQUEST:
        this.#request(message, options, wish || ciaddr, server !== 0);
        break;
      case DECLINE:
        if (known?.address !== wish) break;
        counters.declined++;
        this.#pool.decline(known, now);
        break;
      case RELEASE:
        if (known?.address !== ciaddr) break;
        counters.released++;
        known.expires = now;
        break;
      case INFORM:
        if (ciaddr) this.#reply(message, options, ACK, 0, this.#told);
        break;
      default:
        counters.ignored++;
    }
  }

  /** Gives an address, or refuses it (RFC 2131, 4.3.2). */
  #request(message: Uint8Array, options: DhcpOptionList, address: Ipv4Address, selected: boolean): void {
    const { counters } = this;
    const now = this.#core.now();
    const client = clientName(clientOf(message, options));
    const known = this.#pool.of(client);
    const { address: own, mask } = this.#own;
    const near = ((address ^ own) & mask) === 0;
    // Of a client that we do not know, and that does not speak to us, another server may know more.
    if (near && !known && !selected && getI32(message, CIADDR) === 0) {
      counters.ignored++;
      return;
    }
    if (!near || !this.#pool.isFree(address, client, now) || selected && known?.address !== address) {
      counters.refused++;
      return this.#reply(message, options, NAK, 0, textOption(OPTION_MESSAGE, `${formatIpv4(address)} is not yours`));
    }
    this.#pool.bind(client, address, now + this.#lease * 1000);
    counters.acknowledged++;
    this.#reply(message, options, ACK, address, this.#leaseOptions());
  }

  #leaseOptions(): number[] {
    return [...wordOption(OPTION_LEASE, this.#lease), ...this.#told];
  }

  /** Answers, where the client can hear it (RFC 2131, 4.1). */
  #reply(message: Uint8Array, options: DhcpOptionList, type: number, yiaddr: number, more: readonly number[]): void {
    const { address } = this.#own;
    const relay = getI32(message, GIADDR);
    const ciaddr = getI32(message, CIADDR);
    const to = relay || (type === NAK ? 0 : ciaddr) || IPV4_BROADCAST;
    const path = this.#ipv4.path(to as Ipv4Address, address);
    if (typeof path === "string") return;
    const client = options[OPTION_CLIENT];
    const told = [
      ...[OPTION_TYPE, 1, type],
      ...wordOption(OPTION_SERVER, address),
      ...more,
      // The identifier comes back (RFC 6842).
      ...client ? longOption(OPTION_CLIENT, client) : [],
    ];
    // The long list only where the client takes as much (RFC 2132, 9.10).
    const size = Math.max(LEAST_SIZE, wordOf(options, OPTION_SIZE) >>> 16) - DATAGRAM_HEADERS;
    if (type !== NAK && OPTIONS + told.length + this.#search.length < size) told.push(...this.#search);
    const reply = writeMessage(BOOTREPLY, getI32(message, XID), message.subarray(CHADDR, CHADDR + 6), told);
    reply.set(message.subarray(FLAGS, FLAGS + 2), FLAGS);
    // The relay has to tell everybody of a refusal.
    if (relay && type === NAK) reply[FLAGS]! |= BROADCAST;
    setI32(reply, CIADDR, type === ACK ? ciaddr : 0);
    setI32(reply, YIADDR, yiaddr);
    setI32(reply, GIADDR, relay);
    this.#udp.transmit(path, DHCP_SERVER_PORT, relay ? DHCP_SERVER_PORT : DHCP_CLIENT_PORT, reply);
  }
}

/** What a client is known by: its identifier, or its hardware type and MAC address. */
function clientOf(message: Uint8Array, options: DhcpOptionList): readonly number[] {
  return options[OPTION_CLIENT] ?? [1, ...message.subarray(CHADDR, CHADDR + 6)];
}

/** The {@linkcode dhcpServer} protocol. */
export interface DhcpServerProtocol
  extends Protocol<"dhcpServer", { ipv4: Ipv4; udp: Udp }, { dhcpServer: DhcpServer }> {}

/**
 * A DHCP server: `net.dhcpServer`. It keeps its leases in memory.
 *
 * @param options What to give out.
 * @returns The protocol.
 * @throws {TypeError} When an option is missing, unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function dhcpServer(options: DhcpServerOptions): DhcpServerProtocol {
  checkOptions("dhcpServer", DHCP_SERVER_OPTIONS, options);
  return {
    name: "dhcpServer",
    needs: { ipv4: "required", udp: "required" },
    start: (core, below) => ({ dhcpServer: new DhcpServer(core, below, options) }),
  };
}
