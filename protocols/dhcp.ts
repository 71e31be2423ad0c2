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
import { checkOptions } from "../core/options.ts";
import { getI32, setI32 } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Timer } from "../core/timers.ts";
import type { Arp } from "./arp.ts";
import {
  ACK,
  BOOTREPLY,
  BOOTREQUEST,
  BOUND,
  BROADCAST,
  CHADDR,
  CHECKING,
  CIADDR,
  DECLINE,
  DECLINE_DELAY,
  DHCP_CLIENT_PORT,
  DHCP_SERVER_PORT,
  DISCOVER,
  DOUBLINGS,
  FIRST_DELAY,
  FLAGS,
  INIT,
  INIT_REBOOT,
  LEAST_RENEWAL,
  NAK,
  NAK_DELAY,
  OFFER,
  OPTION_CLIENT,
  OPTION_DNS,
  OPTION_MASK,
  OPTION_PARAMETERS,
  OPTION_REQUESTED,
  OPTION_ROUTER,
  OPTION_SERVER,
  OPTION_SIZE,
  OPTION_TYPE,
  REBINDING,
  RELEASE,
  RENEWING,
  REQUEST,
  REQUESTING,
  REQUESTS,
  SECOND,
  SELECTING,
  XID,
} from "./dhcp/codes.ts";
import { type DhcpLease, readLease } from "./dhcp/lease.ts";
import { readOptions, wordOf, wordOption, writeMessage } from "./dhcp/message.ts";
import { DHCP_OPTIONS, DhcpCounters, type DhcpOptions } from "./dhcp/settings.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Udp } from "./udp.ts";

export type { DhcpLease, DhcpRoute } from "./dhcp/lease.ts";
export { DHCP_OPTIONS, DHCP_STATES, DhcpCounters, type DhcpOption, type DhcpOptions } from "./dhcp/settings.ts";

/** What the client stands on. */
interface Below {
  readonly ethernet: Ethernet;
  readonly ipv4: Ipv4;
  readonly udp: Udp;
  readonly arp?: Arp;
}

/** The DHCP client. */
export class Dhcp {
  /** What it does and drops. */
  readonly counters: DhcpCounters = new DhcpCounters();
  readonly #core: Core;
  readonly #below: Below;
  readonly #options: DhcpOptions;
  readonly #timer: Timer = new Timer((now) => this.#step(now));
  /** Who waits for a lease; null when there will be none. */
  readonly #waiting: ((lease: DhcpLease | null) => void)[] = [];
  #state: number = INIT;
  #lease: DhcpLease | null = null;
  /** The address that is asked for, and the server that offers it; 0 before one is chosen. */
  #wanted: Ipv4Address;
  #server: number = 0;
  #xid: number = 0;
  #tries: number = 0;
  /** When the last request was sent. */
  #asked: number = 0;

  /**
   * Starts the client.
   *
   * @param core The core.
   * @param below What carries it, and what it configures.
   * @param options How, checked already.
   * @param wanted The address of the last run; 0 when there was none.
   */
  constructor(core: Core, below: Below, options: DhcpOptions, wanted: Ipv4Address) {
    this.#core = core;
    this.#below = below;
    this.#options = options;
    below.udp.bind({ port: DHCP_CLIENT_PORT }, (data) => {
      if (!this.#receive(data)) this.counters.ignored++;
    });
    this.#wanted = wanted;
    this.#rest(wanted ? INIT_REBOOT : INIT, 0);
    core.count("dhcp", this.counters);
    core.onClose(() => {
      this.release();
      this.#tell(null);
    });
  }

  /** Where it stands, as {@linkcode DHCP_STATES} names it. */
  get state(): number {
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
    return new Promise((resolve, reject) => {
      this.#waiting.push((lease) =>
        lease ? resolve(lease) : reject(new NetError("ECONNABORTED", "Cannot get a lease: the stack is closed"))
      );
      if (this.#core.closed) this.#tell(null);
    });
  }

  /** Asks for more time at once, rather than at T1; does nothing without a lease. */
  renew(): void {
    if (this.#state === BOUND) this.#rest(BOUND, 0);
  }

  /** Gives the address back to the server, and asks for none until {@linkcode Dhcp.restart}. */
  release(): void {
    if (this.#lease) this.#send(RELEASE);
    this.#init(Infinity);
  }

  /** Gives the address up without a word, and looks for a server again. */
  restart(): void {
    this.#init(0);
  }

  /** Gives up what there is, and begins anew after a while: with an address to ask for, unless it was refused. */
  #init(delay: number, wanted: number = this.#wanted): void {
    this.#below.arp?.release(this.#wanted);
    this.#adopt(null);
    this.#wanted = wanted as Ipv4Address;
    this.#rest(INIT, delay);
  }

  #tell(lease: DhcpLease | null): void {
    for (const tell of this.#waiting.splice(0)) tell(lease);
  }

  /** Stands in a state until something is due, or comes. */
  #rest(state: number, delay: number): void {
    this.#state = state;
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
    this.#core.wake();
  }

  /** Does what is due in a state. */
  #step(now: number): void {
    const lease = this.#lease!;
    let state = this.#state;
    if (state < SELECTING) {
      if (state !== BOUND) this.#server = 0;
      state += 3;
      this.#xid = this.#core.random();
      this.#tries = 0;
    }
    // Who does not know whether its old address still holds looks for a new one when nobody answers (RFC 2131, 3.2).
    if (lease ? now >= lease.expiry : state > SELECTING && this.#tries >= REQUESTS) return this.#init(0);
    if (lease && now >= lease.rebinding) state = REBINDING;
    // The next is due after 4, 8, … 64 seconds, give or take one, or half of what is left (RFC 2131, 4.1 and 4.4.5).
    const left = lease && (state === RENEWING ? lease.rebinding : lease.expiry) - now;
    const delay = lease
      ? Math.min(left, Math.max(LEAST_RENEWAL, left / 2))
      : (FIRST_DELAY << Math.min(this.#tries++, DOUBLINGS)) + this.#core.random() / SECOND;
    this.#rest(state, delay);
    this.#asked = now;
    this.#send(state === SELECTING ? DISCOVER : REQUEST);
  }

  /** Reads a message; false when it is none for us, or not for now. */
  #receive(data: Uint8Array): boolean {
    const options = readOptions(data, BOOTREPLY);
    const server = options && wordOf(options, OPTION_SERVER);
    const state = this.#state;
    const { arp, ethernet: { mac } } = this.#below;
    if (!server || getI32(data, XID) !== this.#xid || mac.some((byte, i) => byte !== data[CHADDR + i])) return false;
    if (state < SELECTING || state > REQUESTING || state === REQUESTING && server !== this.#server) return false;
    const [type] = options[OPTION_TYPE] ?? [];
    if (type === NAK && state > SELECTING) {
      this.counters.refused++;
      this.#init(NAK_DELAY, 0);
      return true;
    }
    const lease = type === (state === SELECTING ? OFFER : ACK) && readLease(data, options, this.#asked);
    if (!lease) return false;
    this.#server = server;
    this.#wanted = lease.cidr.address;
    if (state === SELECTING) {
      this.#tries = 0;
      this.#state = REQUESTING;
      this.#step(this.#core.now());
      return true;
    }
    const { options: more = [], probe } = this.#options;
    for (const { code, read } of more) {
      const bytes = options[code];
      if (bytes) Object.assign(lease, read?.(bytes));
    }
    this.counters.acknowledged++;
    // The address is used as soon as it is known to be free.
    const known = (ours: boolean): void => {
      if (ours) {
        this.#adopt(lease);
        this.#rest(BOUND, lease.renewal - this.#core.now());
        this.#tell(lease);
      } else {
        this.counters.declined++;
        this.#send(DECLINE);
        this.#init(DECLINE_DELAY, 0);
      }
    };
    if (!arp || probe === false || this.#lease?.address === lease.address) known(true);
    else {
      this.#adopt(null);
      this.#rest(CHECKING, Infinity);
      arp.probe(this.#wanted, known);
    }
    return true;
  }

  /** Does as a lease says, and no more as the last one did. */
  #adopt(lease: DhcpLease | null): void {
    const { ipv4, udp } = this.#below;
    const last = this.#lease;
    const same = last?.address === lease?.address && last?.cidr.mask === lease?.cidr.mask;
    this.#lease = lease;
    for (const { target, gateway } of last?.routes ?? []) ipv4.removeRoute(target, gateway);
    udp.ip.nameServers.delete("dhcp");
    if (last && !same) ipv4.withdraw(last.cidr);
    ipv4.mtu = lease?.mtu ?? Infinity;
    if (!lease) return;
    if (!same) ipv4.assign(lease.cidr);
    for (const { target, gateway } of lease.routes) ipv4.addRoute(target, gateway);
    udp.ip.nameServers.set("dhcp", lease);
  }

  /** Sends a message: to the server where it is known that it can be reached, to everybody otherwise. */
  #send(type: number): void {
    const { ethernet: { mac }, ipv4, udp } = this.#below;
    const address = this.#lease?.cidr.address ?? 0 as Ipv4Address;
    const asks = type < DECLINE;
    // Which fields each message has says the table of RFC 2131, 4.4.1.
    const options = [
      ...[OPTION_TYPE, 1, type],
      ...wordOption(OPTION_REQUESTED, address ? 0 : this.#wanted),
      ...wordOption(OPTION_SERVER, asks && address ? 0 : this.#server),
    ];
    const wanted = [OPTION_MASK, OPTION_ROUTER, OPTION_DNS];
    for (const { code, value } of this.#options.options ?? []) {
      // Classless routes have to come before the router (RFC 3442).
      if (!value) wanted.unshift(code);
      else if (asks || code === OPTION_CLIENT) options.push(code, value.length, ...value);
    }
    // Replies may have 1500 bytes; otherwise it would be 576.
    if (asks) options.push(OPTION_PARAMETERS, wanted.length, ...wanted, OPTION_SIZE, 2, 5, 220);
    const path = ipv4.path(
      type === RELEASE || this.#state === RENEWING ? this.#server as Ipv4Address : IPV4_BROADCAST,
      address,
    );
    if (typeof path === "string") return;
    const message = writeMessage(BOOTREQUEST, this.#xid, mac, options);
    setI32(message, CIADDR, address);
    if (asks && !address) message[FLAGS] = BROADCAST;
    this.counters.sent++;
    udp.transmit(path, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, message);
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
  const wanted = parseIpv4(options.request ?? "0.0.0.0");
  return {
    name: "dhcp",
    needs: { ethernet: "required", ipv4: "required", udp: "required", arp: "optional" },
    start: (core, below) => ({ dhcp: new Dhcp(core, below, options, wanted) }),
  };
}
