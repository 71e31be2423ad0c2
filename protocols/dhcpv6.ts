/**
 * DHCPv6 without state (RFC 8415, 18.2.6): where a router says that a server knows more of the network than the router
 * itself, the server is asked for DNS servers and search domains. Addresses come from `slaac()`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { dhcpv6 } from "@bonsai/net/protocols/dhcpv6";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 * import { ndp } from "@bonsai/net/protocols/ndp";
 * import { slaac } from "@bonsai/net/protocols/slaac";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), ndp(), ipv6(), icmpv6(), slaac(), udp(), dhcpv6()] });
 * console.log(net.counters().dhcpv6);
 * ```
 *
 * @module
 */

import type { IpAddress, NameServers } from "../core/ip.ts";
import { Ipv6Address, isIpv6LinkLocal } from "../core/ipv6_address.ts";
import { NetError } from "../core/net_error.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import {
  INFORMATION_REQUEST,
  OPTION_CLIENTID,
  OPTION_DNS_SERVERS,
  OPTION_DOMAIN_LIST,
  OPTION_ELAPSED_TIME,
  OPTION_INF_MAX_RT,
  OPTION_ORO,
  OPTION_REFRESH_TIME,
  OPTION_SERVERID,
  OPTION_STATUS_CODE,
  readDhcpv6,
  REPLY,
  searchOf,
  secondsOf,
  serversOf,
  writeDhcpv6,
} from "./dhcpv6/message.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Ipv6 } from "./ipv6.ts";
import type { Advertisement, Slaac } from "./slaac.ts";
import type { Udp } from "./udp.ts";

/** The group of all servers and relays of the link. */
const ALL_SERVERS: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xff020000, 0, 0, 0x00010002);
/** The port that clients listen at. */
const CLIENT_PORT = 546;
/** The port that servers listen at. */
const SERVER_PORT = 547;
/** Milliseconds within which the first request is sent (INF_MAX_DELAY). */
const FIRST_DELAY = 1000;
/** Milliseconds to the first repetition, doubled for each (INF_TIMEOUT). */
const TIMEOUT = 1000;
/** Seconds between two requests, at most, unless a server says otherwise (INF_MAX_RT). */
const MAX_RT = 3600;
/** Seconds until what was told is asked for again, unless the server says otherwise (IRT_DEFAULT). */
const REFRESH = 86_400;
/** The fewest that a server may say (IRT_MINIMUM). */
const LEAST_REFRESH = 600;
/** Seconds that mean for ever. */
const FOREVER = 0xffffffff;
/** Options that are asked for. */
const WANTED = [OPTION_DNS_SERVERS, OPTION_DOMAIN_LIST, OPTION_REFRESH_TIME, OPTION_INF_MAX_RT];

/** Hears of what a server told. */
export type OnInformation = (information: NameServers) => void;

/** How to ask. */
export interface Dhcpv6Options {
  /** Whether to ask at once, whatever routers say; false when left out. */
  readonly always?: boolean;
  /** Hears of what a server told, every time. */
  readonly onInformation?: OnInformation;
}

/** The JSON Schema of {@linkcode Dhcpv6Options}. */
export const DHCPV6_OPTIONS: OptionsSchema<Dhcpv6Options> = {
  type: "object",
  additionalProperties: false,
  properties: { always: { type: "boolean" }, onInformation: {} },
};

/** What the DHCPv6 client counts. */
export class Dhcpv6Counters {
  /** Requests sent. */
  requests: number = 0;
  /** Replies taken up. */
  replies: number = 0;
  /** Messages that are none, or not for us, or not now. */
  ignored: number = 0;
}

/** The DHCPv6 client. */
export class Dhcpv6 {
  /** What it does and drops. */
  readonly counters: Dhcpv6Counters = new Dhcpv6Counters();
  /** What a server told last; null before. */
  information: NameServers | null = null;
  readonly #core: Core;
  readonly #ipv6: Ipv6;
  readonly #udp: Udp;
  readonly #options: Dhcpv6Options;
  /** What servers know us by: DUID-LL (RFC 8415, 11.4). */
  readonly #duid: Uint8Array;
  readonly #timer: Timer = new Timer((now) => this.#ask(now));
  readonly #waiters: { resolve(information: NameServers): void; reject(error: NetError): void }[] = [];
  /** Whether a router has said that there is a server. */
  #wanted: boolean = false;
  /** Which exchange; -1 while there is none. */
  #xid: number = -1;
  #began: number = 0;
  /** Milliseconds to the last repetition; 0 before the first. */
  #timeout: number = 0;
  #longest: number = 1000 * MAX_RT;

  /**
   * Starts the client.
   *
   * @param core The core.
   * @param below What carries it, and what hears of routers.
   * @param options How, checked already.
   */
  constructor(
    core: Core,
    { ethernet, ipv6, udp, slaac }: { ethernet: Ethernet; ipv6: Ipv6; udp: Udp; slaac: Slaac },
    options: Dhcpv6Options,
  ) {
    this.#core = core;
    this.#ipv6 = ipv6;
    this.#udp = udp;
    this.#options = options;
    this.#duid = Uint8Array.of(0, 3, 0, 1, ...ethernet.mac);
    udp.bind({ port: CLIENT_PORT }, (data, from) => this.#receive(data, from));
    core.count("dhcpv6", this.counters);
    core.onClose(() => {
      this.#timer.deadline = Infinity;
      const error = new NetError("ECONNABORTED", "Cannot ask a DHCPv6 server: the stack was closed");
      for (const { reject } of this.#waiters.splice(0)) reject(error);
    });
    slaac.listeners.push((told) => this.#advertised(told));
    if (options.always) this.#want();
  }

  /**
   * Waits for what a server tells.
   *
   * @returns What it told last, at once where it did.
   * @throws {NetError} `ECONNABORTED` when the stack closes before.
   */
  informed(): Promise<NameServers> {
    if (this.information) return Promise.resolve(this.information);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #advertised({ managed, other }: Advertisement): void {
    // Who has addresses to give has the rest too (RFC 4861, 4.2).
    if (managed || other) this.#want();
  }

  #want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#core.timers.arm(this.#timer, this.#core.now() + FIRST_DELAY * fraction(() => this.#core.random()));
  }

  /** Asks, ever more rarely while nobody answers (RFC 8415, 15 and 18.2.6). */
  #ask(now: number): void {
    const { timers } = this.#core;
    const own = this.#ipv6.addresses.find(({ address, usable }) => usable && isIpv6LinkLocal(address));
    const path = own ? this.#ipv6.path(ALL_SERVERS, own.address) : "EADDRNOTAVAIL";
    if (typeof path === "string") return timers.arm(this.#timer, now + FIRST_DELAY);
    if (this.#xid < 0) {
      this.#xid = this.#core.random() & 0xffffff;
      this.#began = now;
      this.#timeout = 0;
    }
    const elapsed = Math.min(0xffff, Math.floor((now - this.#began) / 10));
    this.counters.requests++;
    this.#udp.transmit(
      path,
      CLIENT_PORT,
      SERVER_PORT,
      writeDhcpv6({
        type: INFORMATION_REQUEST,
        xid: this.#xid,
        options: new Map([
          [OPTION_CLIENTID, this.#duid],
          [OPTION_ORO, Uint8Array.from(WANTED.flatMap((code) => [code >> 8, code]))],
          [OPTION_ELAPSED_TIME, Uint8Array.of(elapsed >> 8, elapsed)],
        ]),
      }),
    );
    const wander = 0.2 * fraction(() => this.#core.random()) - 0.1;
    const next = this.#timeout > 0 ? this.#timeout * (2 + wander) : TIMEOUT * (1 + wander);
    this.#timeout = next > this.#longest ? this.#longest * (1 + wander) : next;
    timers.arm(this.#timer, now + this.#timeout);
  }

  /** Reads a reply (RFC 8415, 16.10 and 18.2.10.4). */
  #receive(data: Uint8Array, from: IpAddress): void {
    const message = typeof from === "object" ? readDhcpv6(data) : null;
    const { options } = message ?? {};
    const client = options?.get(OPTION_CLIENTID);
    if (
      !options || message!.type !== REPLY || message!.xid !== this.#xid || !options.has(OPTION_SERVERID) ||
      client?.length !== this.#duid.length || client.some((byte, i) => byte !== this.#duid[i])
    ) {
      this.counters.ignored++;
      return;
    }
    const longest = secondsOf(options, OPTION_INF_MAX_RT);
    if (longest !== undefined && longest >= 60 && longest <= 86_400) this.#longest = 1000 * longest;
    const status = options.get(OPTION_STATUS_CODE);
    if (status && (status[0] || status[1])) {
      // The server could not: it is asked again in its time.
      this.counters.ignored++;
      return;
    }
    this.counters.replies++;
    this.#xid = -1;
    const refresh = secondsOf(options, OPTION_REFRESH_TIME) ?? REFRESH;
    const now = this.#core.now();
    const delay = FIRST_DELAY * fraction(() => this.#core.random());
    if (refresh === FOREVER) this.#core.timers.disarm(this.#timer);
    else this.#core.timers.arm(this.#timer, now + 1000 * Math.max(refresh, LEAST_REFRESH) + delay);
    const information = { servers: serversOf(options), search: searchOf(options) };
    this.information = information;
    this.#udp.ip.nameServers.set("dhcpv6", information);
    for (const { resolve } of this.#waiters.splice(0)) resolve(information);
    try {
      this.#options.onInformation?.(information);
    } catch (error) {
      this.#core.report(error);
    }
  }
}

/** The {@linkcode dhcpv6} protocol. */
export interface Dhcpv6Protocol
  extends Protocol<"dhcpv6", { ethernet: Ethernet; ipv6: Ipv6; udp: Udp; slaac: Slaac }, { dhcpv6: Dhcpv6 }> {}

/**
 * DHCPv6 without state: DNS servers and search domains, for `net.ip.nameServers` and with it `dns()`.
 *
 * @param options How to ask.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 */
export function dhcpv6(options: Dhcpv6Options = {}): Dhcpv6Protocol {
  checkOptions("dhcpv6", DHCPV6_OPTIONS, options);
  return {
    name: "dhcpv6",
    needs: { ethernet: "required", ipv6: "required", udp: "required", slaac: "required" },
    start: (core, below) => ({ dhcpv6: new Dhcpv6(core, below, options) }),
  };
}
