/**
 * A DHCP server (RFC 2131, 4.3): gives addresses out of a range, and tells clients of their network.
 *
 * @module
 */

import { writeName } from "../core/domain_name.ts";
import { formatIpv4, IPV4_BROADCAST, type Ipv4Address, type Ipv4Cidr, parseIpv4 } from "../core/ipv4_address.ts";
import { parseMac } from "../core/mac_address.ts";
import { checkOptions } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import {
  ACK,
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST_FLAG,
  DECLINE,
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  type DhcpMessage,
  type DhcpOptionMap,
  DISCOVER,
  INFORM,
  NAK,
  OFFER,
  OPTION_CLIENT,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_MESSAGE,
  OPTION_MTU,
  OPTION_REQUESTED,
  OPTION_ROUTER,
  OPTION_SEARCH,
  OPTION_SERVER,
  OPTION_TYPE,
  readDhcp,
  RELEASE,
  REQUEST,
  words,
  wordsOf,
  writeDhcp,
} from "./dhcp/message.ts";
import { clientName, DhcpPool } from "./dhcp_server/pool.ts";
import { DHCP_SERVER_OPTIONS, DhcpServerCounters, type DhcpServerOptions } from "./dhcp_server/settings.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Udp } from "./udp.ts";

export { DHCP_SERVER_OPTIONS, DhcpServerCounters, type DhcpServerOptions } from "./dhcp_server/settings.ts";

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
  readonly #told: DhcpOptionMap;

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
      [clientName(Uint8Array.of(1, ...parseMac(mac))), parseIpv4(address)] as const
    );
    this.#pool = new DhcpPool(first, last, new Map(reserved), (address) => ipv4.isLocal(address));
    this.#lease = options.lease ?? 3600;
    this.#told = networkOptions(own, options);
    udp.bind({ port: DHCP_SERVER_PORT }, (data) => this.#receive(data));
    core.count("dhcpServer", this.counters);
  }

  /** The addresses that clients have now. */
  get leases(): DhcpGrant[] {
    const now = this.#core.now();
    return [...this.#pool.bindings].filter(({ client, expires }) => client && expires > now)
      .map(({ address, client, expires }) => ({ address: formatIpv4(address), client, expires }));
  }

  #receive(data: Uint8Array): void {
    const { counters } = this;
    const message = readDhcp(data);
    const server = message ? wordsOf(message.options, OPTION_SERVER)[0] : 0;
    if (message?.op !== BOOTREQUEST) {
      counters.ignored++;
      return;
    }
    const { options } = message;
    const now = this.#core.now();
    const client = clientName(options.get(OPTION_CLIENT) ?? Uint8Array.of(1, ...message.chaddr));
    const wish = (wordsOf(options, OPTION_REQUESTED)[0] ?? 0) as Ipv4Address;
    const known = this.#pool.of(client);
    if (server !== undefined && server !== this.#own.address) {
      // It has chosen another server: what we offered is free again.
      if (known) known.expires = Math.min(known.expires, now);
      counters.ignored++;
      return;
    }
    switch (options.get(OPTION_TYPE)![0]) {
      case DISCOVER: {
        const offer = this.#pool.offer(client, wish, now);
        if (!offer) {
          counters.exhausted++;
          break;
        }
        counters.offers++;
        this.#reply(message, OFFER, offer.address, this.#leaseOptions());
        break;
      }
      case REQUEST:
        this.#request(message, client, wish || message.ciaddr as Ipv4Address, server !== undefined);
        break;
      case DECLINE:
        if (known?.address !== wish) break;
        counters.declined++;
        this.#pool.decline(known, now);
        break;
      case RELEASE:
        if (known?.address !== message.ciaddr) break;
        counters.released++;
        known.expires = now;
        break;
      case INFORM:
        if (message.ciaddr) this.#reply(message, ACK, 0 as Ipv4Address, this.#told);
        break;
      default:
        counters.ignored++;
    }
  }

  /** Gives an address, or refuses it (RFC 2131, 4.3.2). */
  #request(message: DhcpMessage, client: string, address: Ipv4Address, selected: boolean): void {
    const { counters } = this;
    const now = this.#core.now();
    const known = this.#pool.of(client);
    const { address: own, mask } = this.#own;
    const near = ((address ^ own) & mask) === 0;
    // Of a client that we do not know, and that does not speak to us, another server may know more.
    if (near && !known && !selected && message.ciaddr === 0) {
      counters.ignored++;
      return;
    }
    if (!near || !this.#pool.isFree(address, client, now) || selected && known?.address !== address) {
      counters.refused++;
      const why = new TextEncoder().encode(`${formatIpv4(address)} is not yours`);
      return this.#reply(message, NAK, 0 as Ipv4Address, new Map([[OPTION_MESSAGE, why]]));
    }
    this.#pool.bind(client, address, now + this.#lease * 1000);
    counters.acknowledged++;
    this.#reply(message, ACK, address, this.#leaseOptions());
  }

  #leaseOptions(): DhcpOptionMap {
    return new Map([[OPTION_LEASE, words(this.#lease)], ...this.#told]);
  }

  /** Answers, where the client can hear it (RFC 2131, 4.1). */
  #reply(message: DhcpMessage, type: number, yiaddr: Ipv4Address, more: DhcpOptionMap): void {
    const { giaddr, ciaddr, flags, chaddr, xid } = message;
    const { address } = this.#own;
    const client = message.options.get(OPTION_CLIENT);
    const options: DhcpOptionMap = new Map([
      [OPTION_TYPE, Uint8Array.of(type)],
      [OPTION_SERVER, words(address)],
      ...more,
    ]);
    // The identifier comes back (RFC 6842).
    if (client) options.set(OPTION_CLIENT, client);
    const to = giaddr || (type === NAK ? 0 : ciaddr) || IPV4_BROADCAST;
    const path = this.#ipv4.path(to as Ipv4Address, address);
    if (typeof path === "string") return;
    this.#udp.transmit(
      path,
      DHCP_SERVER_PORT,
      giaddr ? DHCP_SERVER_PORT : DHCP_CLIENT_PORT,
      writeDhcp({
        op: BOOTREPLY,
        xid,
        secs: 0,
        flags: giaddr && type === NAK ? flags | BROADCAST_FLAG : flags,
        ciaddr: type === ACK ? ciaddr : 0,
        yiaddr,
        siaddr: 0,
        giaddr,
        chaddr,
        options,
      }),
    );
  }
}

/** What every client is told of the network. */
function networkOptions(own: Ipv4Cidr, options: DhcpServerOptions): DhcpOptionMap {
  const { router, dns = [], search = [], mtu } = options;
  const told: DhcpOptionMap = new Map([[OPTION_MASK, words(own.mask)]]);
  if (router !== undefined) told.set(OPTION_ROUTER, words(parseIpv4(router)));
  if (dns.length > 0) told.set(OPTION_DNS, words(...dns.map(parseIpv4)));
  const [domain] = search;
  if (domain !== undefined) {
    told.set(OPTION_DOMAIN, new TextEncoder().encode(domain));
    told.set(
      OPTION_SEARCH,
      Uint8Array.from(search.flatMap((name) => {
        const bytes = writeName(name);
        if (!bytes) throw new SyntaxError(`Cannot parse "${name}" as a domain name such as "example.com"`);
        return [...bytes];
      })),
    );
  }
  if (mtu !== undefined) told.set(OPTION_MTU, Uint8Array.of(mtu >> 8, mtu));
  return told;
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
