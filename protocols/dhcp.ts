/**
 * The DHCP client (RFC 2131, 4.4): gets an IPv4 address, and what a host needs to know of its network, from a server.
 *
 * ```ts
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { stack } from "@bonsai/net";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { dhcp } from "@bonsai/net/protocols/dhcp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), arp(), ipv4(), udp(), dhcp()] });
 * net.dhcp.bound().then(({ address }) => console.log(address));
 * ```
 *
 * @module
 */

import { IPV4_BROADCAST, type Ipv4Address, parseIpv4 } from "../core/ipv4_address.ts";
import { NetError } from "../core/net_error.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import type { Arp } from "./arp.ts";
import { type DhcpLease, readLease } from "./dhcp/lease.ts";
import {
  ACK,
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST_FLAG,
  DECLINE,
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  type DhcpOptionMap,
  DISCOVER,
  NAK,
  OFFER,
  OPTION_CLIENT,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_HOSTNAME,
  OPTION_MASK,
  OPTION_MTU,
  OPTION_PARAMETERS,
  OPTION_REQUESTED,
  OPTION_ROUTER,
  OPTION_ROUTES,
  OPTION_SEARCH,
  OPTION_SERVER,
  OPTION_SIZE,
  OPTION_TYPE,
  readDhcp,
  RELEASE,
  REQUEST,
  words,
  wordsOf,
  writeDhcp,
} from "./dhcp/message.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Udp } from "./udp.ts";

export type { DhcpLease, DhcpRoute } from "./dhcp/lease.ts";

/** Milliseconds before the first repetition, doubled for each up to the last (RFC 2131, 4.1). */
const FIRST_DELAY = 4000;
/** Milliseconds between the last repetitions. */
const LAST_DELAY = 64_000;
/** Requests before the search begins anew. */
const REQUESTS = 4;
/** Milliseconds between two requests to renew, at least (RFC 2131, 4.4.5). */
const LEAST_RENEWAL = 60_000;
/** Milliseconds to wait after an address that turned out to be in use (RFC 2131, 3.1). */
const DECLINE_DELAY = 10_000;
/** Milliseconds to wait after a server took its word back, so that two that quarrel do not flood the link. */
const NAK_DELAY = 1000;
/** Options that are asked for; the routes of RFC 3442 come before the router. */
const PARAMETERS = [
  OPTION_MASK,
  OPTION_ROUTES,
  OPTION_ROUTER,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_MTU,
  OPTION_SEARCH,
];

/** The states of RFC 2131, 4.4, and `CHECKING`: the server has granted an address, and ARP asks whether it is free. */
export type DhcpState =
  | "INIT"
  | "SELECTING"
  | "REQUESTING"
  | "INIT-REBOOT"
  | "REBOOTING"
  | "CHECKING"
  | "BOUND"
  | "RENEWING"
  | "REBINDING";

/** Hears that the lease is another one, or lost: null. */
export type OnLease = (lease: DhcpLease | null) => void;

/** How to make the DHCP client. */
export interface DhcpOptions {
  /** The name that we tell the server. */
  readonly hostname?: string;
  /** What the server knows us by, in hexadecimal, such as `"ff00000001…"` (RFC 4361); our MAC address when left out. */
  readonly clientId?: string;
  /** The address that we had when we last ran, asked for first (INIT-REBOOT). */
  readonly request?: string;
  /** Whether ARP asks, for some five seconds, if an address is free before it is used (RFC 5227); true when left out. */
  readonly probe?: boolean;
  /** Hears of every lease. */
  readonly onLease?: OnLease;
}

/** The JSON Schema of {@linkcode DhcpOptions}. */
export const DHCP_OPTIONS: OptionsSchema<DhcpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    hostname: { type: "string", pattern: "^.{1,255}$" },
    clientId: { type: "string", pattern: "^([0-9a-fA-F]{2}){2,255}$", examples: ["01020000000001"] },
    request: { type: "string", examples: ["10.0.0.2"] },
    probe: { type: "boolean" },
    onLease: {},
  },
};

/** What the DHCP client counts. */
export class DhcpCounters {
  /** Messages sent. */
  sent: number = 0;
  /** Leases granted or renewed. */
  acknowledged: number = 0;
  /** Addresses refused by a server. */
  refused: number = 0;
  /** Addresses that another host turned out to have. */
  declined: number = 0;
  /** Messages that are none, or not for us, or not now. */
  ignored: number = 0;
}

/** The DHCP client. */
export class Dhcp {
  /** What it does and drops. */
  readonly counters: DhcpCounters = new DhcpCounters();
  readonly #core: Core;
  readonly #below: { ethernet: Ethernet; ipv4: Ipv4; udp: Udp; arp?: Arp };
  readonly #options: DhcpOptions;
  readonly #timer: Timer = new Timer((now) => this.#step(now));
  readonly #waiters: { resolve(lease: DhcpLease): void; reject(error: NetError): void }[] = [];
  #state: DhcpState = "INIT";
  #lease: DhcpLease | null = null;
  /** The address that is asked for. */
  #wanted: Ipv4Address = 0 as Ipv4Address;
  /** The server that offers it; 0 before one is chosen. */
  #server: number = 0;
  #xid: number = 0;
  #tries: number = 0;
  /** When this exchange began, and when its last request was sent. */
  #began: number = 0;
  #asked: number = 0;
  /** Seconds that it lasts so far; a REQUEST repeats what the DISCOVER said (RFC 2131, 3.1). */
  #secs: number = 0;

  /**
   * Starts the client.
   *
   * @param core The core.
   * @param below What carries it, and what it configures.
   * @param options How, checked already.
   */
  constructor(core: Core, below: { ethernet: Ethernet; ipv4: Ipv4; udp: Udp; arp?: Arp }, options: DhcpOptions) {
    this.#core = core;
    this.#below = below;
    this.#options = options;
    below.udp.bind({ port: DHCP_CLIENT_PORT }, (data) => this.#receive(data));
    if (options.request !== undefined) {
      this.#wanted = parseIpv4(options.request);
      this.#state = "INIT-REBOOT";
    }
    core.timers.arm(this.#timer, core.now());
    core.count("dhcp", this.counters);
    core.onClose(() => {
      this.release();
      this.#timer.deadline = Infinity;
      const error = new NetError("ECONNABORTED", "Cannot get a lease: the stack was closed");
      for (const { reject } of this.#waiters.splice(0)) reject(error);
    });
  }

  /** Where it stands. */
  get state(): DhcpState {
    return this.#state;
  }

  /** The lease; null while there is none. */
  get lease(): DhcpLease | null {
    return this.#lease;
  }

  /**
   * Waits for a lease.
   *
   * @returns The lease; at once when there is one.
   * @throws {NetError} `ECONNABORTED` when the stack closes before.
   */
  bound(): Promise<DhcpLease> {
    if (this.#lease) return Promise.resolve(this.#lease);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Asks for more time at once, rather than at T1; does nothing without a lease. */
  renew(): void {
    if (this.#state !== "BOUND") return;
    this.#core.timers.arm(this.#timer, this.#core.now());
    this.#core.wake();
  }

  /** Gives the address back to the server, and asks for none until {@linkcode Dhcp.restart}. */
  release(): void {
    this.#timer.deadline = Infinity;
    if (this.#lease) this.#send(RELEASE);
    this.#below.arp?.release(this.#wanted);
    this.#state = "INIT";
    this.#drop();
  }

  /** Gives the address up without a word, and looks for a server again. */
  restart(): void {
    this.#drop();
    this.#init(0);
  }

  /** Does what is due in a state. */
  #step(now: number): void {
    const lease = this.#lease!;
    if (this.#state === "INIT" || this.#state === "INIT-REBOOT" || this.#state === "BOUND") {
      this.#state = this.#state === "INIT" ? "SELECTING" : this.#state === "BOUND" ? "RENEWING" : "REBOOTING";
      this.#xid = this.#core.random();
      this.#began = now;
      this.#tries = 0;
    }
    if (this.#state === "RENEWING" && now >= lease.rebinding) this.#state = "REBINDING";
    if (this.#state === "REBINDING" && now >= lease.expiry || this.#tries >= REQUESTS && this.#state === "REQUESTING") {
      return this.restart();
    }
    // Who does not know whether its old address still holds looks for a new one when nobody answers (RFC 2131, 3.2).
    if (this.#tries >= REQUESTS && this.#state === "REBOOTING") return this.#init(0);
    this.#asked = now;
    this.#send(this.#state === "SELECTING" ? DISCOVER : REQUEST);
    let delay = Math.min(FIRST_DELAY << this.#tries++, LAST_DELAY) - 1000 + 2000 * fraction(() => this.#core.random());
    if (this.#state === "RENEWING" || this.#state === "REBINDING") {
      const left = (this.#state === "RENEWING" ? lease.rebinding : lease.expiry) - now;
      delay = Math.min(left, Math.max(LEAST_RENEWAL, left / 2));
    }
    this.#core.timers.arm(this.#timer, now + delay);
  }

  #init(delay: number): void {
    this.#state = "INIT";
    this.#server = 0;
    // What was refused is not asked for again.
    if (delay > 0) this.#wanted = 0 as Ipv4Address;
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
    this.#core.wake();
  }

  #receive(data: Uint8Array): void {
    const { counters } = this;
    const message = readDhcp(data);
    const type = message?.options.get(OPTION_TYPE)?.[0];
    const server = message && wordsOf(message.options, OPTION_SERVER)[0];
    const { mac } = this.#below.ethernet;
    const state = this.#state;
    if (
      !message || !server || message.op !== BOOTREPLY || message.xid !== this.#xid ||
      message.chaddr.some((byte, i) => byte !== mac[i])
    ) {
      counters.ignored++;
    } else if (type === OFFER && state === "SELECTING" && message.yiaddr) {
      this.#wanted = message.yiaddr as Ipv4Address;
      this.#server = server;
      this.#state = "REQUESTING";
      this.#tries = 0;
      this.#step(this.#core.now());
    } else if (
      state !== "REQUESTING" && state !== "REBOOTING" && state !== "RENEWING" && state !== "REBINDING" ||
      state === "REQUESTING" && server !== this.#server
    ) {
      counters.ignored++;
    } else if (type === NAK) {
      counters.refused++;
      this.#drop();
      this.#init(NAK_DELAY);
    } else {
      const lease = type === ACK ? readLease(message, this.#asked) : null;
      if (lease) this.#granted(lease);
      else counters.ignored++;
    }
  }

  /** A server has granted an address: it is used as soon as it is known to be free. */
  #granted(lease: DhcpLease): void {
    const { arp } = this.#below;
    const { address } = lease.cidr;
    this.counters.acknowledged++;
    this.#server = lease.server;
    this.#wanted = address;
    if (!arp || this.#options.probe === false || this.#lease?.cidr.address === address) return this.#bind(lease);
    this.#drop();
    this.#state = "CHECKING";
    this.#timer.deadline = Infinity;
    arp.probe(address, (ours) => {
      if (this.#state !== "CHECKING") return;
      if (ours) return this.#bind(lease);
      this.counters.declined++;
      this.#send(DECLINE);
      this.#init(DECLINE_DELAY);
    });
  }

  #bind(lease: DhcpLease): void {
    const { ipv4, udp } = this.#below;
    this.#drop(lease);
    this.#lease = lease;
    this.#state = "BOUND";
    if (!ipv4.isLocal(lease.cidr.address)) ipv4.assign(lease.cidr);
    for (const { target, gateway } of lease.routes) ipv4.addRoute(target, gateway);
    ipv4.mtu = lease.mtu || Infinity;
    udp.ip.nameServers.set("dhcp", lease);
    this.#core.timers.arm(this.#timer, lease.renewal);
    for (const { resolve } of this.#waiters.splice(0)) resolve(lease);
    this.#tell(lease);
  }

  /** Undoes the lease, but for an address that the next one has too. */
  #drop(next: DhcpLease | null = null): void {
    const lease = this.#lease;
    if (!lease) return;
    const { ipv4, udp } = this.#below;
    this.#lease = null;
    for (const { target, gateway } of lease.routes) ipv4.removeRoute(target, gateway);
    if (next?.cidr.address === lease.cidr.address && next.cidr.prefix === lease.cidr.prefix) return;
    ipv4.withdraw(lease.cidr);
    udp.ip.nameServers.delete("dhcp");
    if (!next) this.#tell(null);
  }

  #tell(lease: DhcpLease | null): void {
    try {
      this.#options.onLease?.(lease);
    } catch (error) {
      this.#core.report(error);
    }
  }

  /** Sends a message: to the server where it is known that it can be reached, to everybody otherwise. */
  #send(type: number): void {
    const { ethernet: { mac }, ipv4, udp } = this.#below;
    const { hostname, clientId } = this.#options;
    const address = this.#lease?.cidr.address ?? 0 as Ipv4Address;
    const asks = type === DISCOVER || type === REQUEST;
    const options: DhcpOptionMap = new Map([[OPTION_TYPE, Uint8Array.of(type)]]);
    options.set(
      OPTION_CLIENT,
      clientId ? Uint8Array.from(clientId.match(/../g)!, (octet) => parseInt(octet, 16)) : Uint8Array.of(1, ...mac),
    );
    // Which fields each message has says the table of RFC 2131, 4.4.1.
    if (this.#wanted && !address) options.set(OPTION_REQUESTED, words(this.#wanted));
    if (this.#server && this.#state !== "RENEWING" && this.#state !== "REBINDING" || type === RELEASE) {
      options.set(OPTION_SERVER, words(this.#server));
    }
    if (asks) {
      options.set(OPTION_PARAMETERS, Uint8Array.from(PARAMETERS));
      options.set(OPTION_SIZE, Uint8Array.of(ipv4.mtu >> 8, ipv4.mtu));
      if (hostname) options.set(OPTION_HOSTNAME, new TextEncoder().encode(hostname));
    }
    const unicast = type === RELEASE || this.#state === "RENEWING";
    const path = ipv4.path(unicast ? this.#server as Ipv4Address : IPV4_BROADCAST, address);
    if (typeof path === "string") return;
    if (this.#state !== "REQUESTING") {
      this.#secs = Math.min(0xffff, Math.floor((this.#core.now() - this.#began) / 1000));
    }
    this.counters.sent++;
    udp.transmit(
      path,
      DHCP_CLIENT_PORT,
      DHCP_SERVER_PORT,
      writeDhcp({
        op: BOOTREQUEST,
        xid: this.#xid,
        secs: asks ? this.#secs : 0,
        flags: asks && !address ? BROADCAST_FLAG : 0,
        ciaddr: address,
        yiaddr: 0,
        siaddr: 0,
        giaddr: 0,
        chaddr: mac,
        options,
      }),
    );
  }
}

/** The {@linkcode dhcp} protocol. */
export interface DhcpProtocol
  extends Protocol<"dhcp", { ethernet: Ethernet; ipv4: Ipv4; udp: Udp; arp?: Arp }, { dhcp: Dhcp }> {}

/**
 * The DHCP client: `net.dhcp`. It configures the `ipv4()` of the same stack, which needs no address then.
 *
 * @param options What to tell the server.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 * @throws {SyntaxError} When the address asked for is none.
 */
export function dhcp(options: DhcpOptions = {}): DhcpProtocol {
  checkOptions("dhcp", DHCP_OPTIONS, options);
  if (options.request !== undefined) parseIpv4(options.request);
  return {
    name: "dhcp",
    needs: { ethernet: "required", ipv4: "required", udp: "required", arp: "optional" },
    start: (core, below) => ({ dhcp: new Dhcp(core, below, options) }),
  };
}
