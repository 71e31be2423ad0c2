/**
 * The DNS resolver (RFC 1035, 2181, 2308, 3596, 5452, 6891, 7766): asks the servers of the network for names, over UDP,
 * and over TCP where an answer is too large.
 *
 * With it, names stand wherever a host does: `net.tcp.connect({ hostname: "example.com", port: 80 })`.
 *
 * @module
 */

import type { Ip, LookupOptions, Resolver } from "../core/ip.ts";
import { NetError, type NetErrorCode } from "../core/net_error.ts";
import { checkOptions } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Timer } from "../core/timers.ts";
import { exchange, type ExchangeShared } from "./dns/exchange.ts";
import { happyEyeballs, interleave } from "./dns/happy_eyeballs.ts";
import { nameBytes } from "./dns/query.ts";
import { type DnsMessage, RCODE } from "./dns/reader.ts";
import { type DnsDataOf, type DnsRecord, type DnsSoa, type DnsType, sameName, typeNumber } from "./dns/record.ts";
import { DNS_OPTIONS, DnsCounters, type DnsOptions } from "./dns/settings.ts";
import type { Tcp } from "./tcp.ts";
import type { Udp } from "./udp.ts";

export { happyEyeballs } from "./dns/happy_eyeballs.ts";
export type { DnsDataOf, DnsMx, DnsRecord, DnsSoa, DnsSrv, DnsType } from "./dns/record.ts";
export { DNS_OPTIONS, DnsCounters, type DnsOptions } from "./dns/settings.ts";

/** Aliases that one name may lead through. */
const ALIASES = 16;
/** Seconds for which an answer is remembered, at most (RFC 2181, 8). */
const MOST_TTL = 604_800;
/** Seconds for which the absence of one is, at most (RFC 2308, 5). */
const MOST_NEGATIVE_TTL = 10_800;
/** Milliseconds for which the IPv6 addresses are waited for once the others are there (RFC 8305, 3). */
const RESOLUTION_DELAY = 50;
/** Response code: the server does not understand. */
const FORMAT_ERROR = 1;
/** Response code: no such name. */
const NAME_ERROR = 3;
/** Response code: the server does not do that. */
const NOT_IMPLEMENTED = 4;
/** What response codes say (RFC 1035, 4.1.1). */
const RCODES = ["", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/** What a question came to. */
interface Answer {
  /** The records; none where the name, or the type, does not exist. */
  readonly records: readonly DnsRecord[];
  /** Seconds for which that holds. */
  readonly ttl: number;
}

/** An answer that is remembered or under way. */
interface Remembered {
  readonly answer: Promise<Answer>;
  /** Until when, in the clock's milliseconds. */
  expires: number;
}

/** The resolver. */
export class Dns implements Resolver {
  /** What it does and drops. */
  readonly counters: DnsCounters = new DnsCounters();
  readonly #core: Core;
  readonly #ip: Ip;
  readonly #options: DnsOptions;
  readonly #mdns: Resolver | undefined;
  readonly #shared: ExchangeShared;
  /** The oldest first. */
  readonly #cache: Map<string, Remembered> = new Map();
  /** Which server answered last. */
  #preferred: number = 0;

  /**
   * Starts the resolver.
   *
   * @param core The core.
   * @param below What carries it.
   * @param options Whom to ask, and how, checked already.
   */
  constructor(core: Core, below: { udp: Udp; tcp?: Tcp; mdns?: Resolver }, options: DnsOptions) {
    const { udp, tcp, mdns } = below;
    this.#core = core;
    this.#ip = udp.ip;
    this.#options = options;
    this.#mdns = mdns;
    this.#shared = { core, udp, tcp, port: options.port ?? 53, counters: this.counters };
    this.#ip.resolver = this;
    core.count("dns", this.counters);
  }

  /** Whom it asks, the preferred one first: those of the options, or else those that the network told. */
  get servers(): readonly string[] {
    return this.#options.servers ?? [...this.#ip.nameServers.values()].flatMap(({ servers }) => servers);
  }

  /** The domains in which it looks for names that have too few dots. */
  get search(): readonly string[] {
    return this.#options.search ?? [...this.#ip.nameServers.values()].flatMap(({ search }) => search);
  }

  /** Forgets every answer. */
  flush(): void {
    this.#cache.clear();
  }

  /**
   * Looks records up, through the search list and along aliases.
   *
   * @typeParam T The type.
   * @param name The name; one with a dot at its end is not looked for in the search list.
   * @param type The type, such as `"MX"`.
   * @returns The data of its records; at least one.
   * @throws {NetError} `ENOTFOUND` when there are none, `ETIMEDOUT` when no server answers, `EPROTO` when all of them fail
   * or aliases lead too far, `EMSGSIZE` when the answer needs TCP and there is none.
   * @throws {SyntaxError} When the text is no name.
   * @throws {TypeError} When there is no such type.
   */
  async resolve<T extends DnsType>(name: string, type: T): Promise<DnsDataOf[T][]> {
    if (!typeNumber(type)) throw new TypeError(`There is no DNS type "${type}"`);
    for (const candidate of this.#candidates(name)) {
      const { records } = await this.#ask(candidate, type);
      if (records.length > 0) {
        return records.map(({ data }) => (type === "AAAA" ? this.#shortest(data) : data) as DnsDataOf[T]);
      }
    }
    throw failure("ENOTFOUND", name, `it has no ${type} record`);
  }

  /**
   * Looks the addresses of a name up. Addresses in text and `localhost` need no server; names in `local` are asked for on
   * the link where `mdns()` is listed before.
   *
   * @param name The name.
   * @param options Which addresses are wanted.
   * @returns Its addresses in text, IPv6 and IPv4 by turns, those that we have a way to first; at least one.
   * @throws {NetError} As {@linkcode Dns.resolve}.
   */
  async lookup(name: string, options: LookupOptions = {}): Promise<string[]> {
    const literal = this.#ip.parse(name);
    if (literal) return [literal.network.format(literal.address)];
    const families = this.#ip.networks.map(({ family }) => family).filter((family) =>
      (options.family ?? family) === family
    );
    if (/^(.+\.)?localhost\.?$/i.test(name)) return families.map((family) => family === 4 ? "127.0.0.1" : "::1");
    if (this.#mdns && /\.local\.?$/i.test(name)) return interleave(await this.#mdns.lookup(name, options));
    let fault: unknown = failure("ENOTFOUND", name, "the stack has no such family");
    const found: string[] = [];
    const each = families.map((family) =>
      this.resolve(name, family === 4 ? "A" : "AAAA").then((addresses) => void found.push(...addresses), (error) => {
        // Where one family is missing and the other fails, the failure tells more.
        if ((fault as NetError).code === "ENOTFOUND") fault = error;
      })
    );
    const all = Promise.all(each);
    await Promise.race([all, ...each]);
    // A server that is silent about one family does not hold up the other.
    await (found.length > 0 && each.length > 1 ? Promise.race([all, this.#sleep(RESOLUTION_DELAY)]) : all);
    if (found.length === 0) throw fault;
    const reachable = (text: string): boolean => {
      const parsed = this.#ip.parse(text);
      return parsed !== null && typeof parsed.network.path(parsed.address, null) !== "string";
    };
    return [...interleave(found.filter(reachable)), ...interleave(found.filter((text) => !reachable(text)))];
  }

  /** Looks a name up, and tries its addresses until one works. */
  async connect<T>(
    name: string,
    attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return happyEyeballs(this.#core, await this.lookup(name), attempt, signal);
  }

  /** An IPv6 address in the form of RFC 5952, where the stack has IPv6. */
  #shortest(data: unknown): string {
    const parsed = this.#ip.parse(data as string);
    return parsed ? parsed.network.format(parsed.address) : data as string;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#core.timers.arm(new Timer(() => resolve()), this.#core.now() + ms);
      this.#core.wake();
    });
  }

  /** The names to ask for, in order. */
  #candidates(name: string): string[] {
    if (name.endsWith(".")) return [name.slice(0, -1)];
    const searched = this.search.map((domain) => `${name}.${domain.replace(/\.$/, "")}`);
    const dots = name.split(".").length - 1;
    return dots >= (this.#options.ndots ?? 1) ? [name, ...searched] : [...searched, name];
  }

  /** Asks for a name, unless the answer is remembered or under way. */
  #ask(name: string, type: DnsType): Promise<Answer> {
    const cache = this.#cache;
    const key = `${type} ${name.toLowerCase()}`;
    const known = cache.get(key);
    if (known && known.expires > this.#core.now()) {
      this.counters.cached++;
      return known.answer;
    }
    const asked: Remembered = { answer: this.#follow(name, type), expires: Infinity };
    cache.delete(key);
    if (cache.size >= (this.#options.cache ?? 512)) {
      for (const oldest of cache.keys()) {
        cache.delete(oldest);
        break;
      }
    }
    if (this.#options.cache !== 0) cache.set(key, asked);
    asked.answer.then(({ ttl }) => asked.expires = this.#core.now() + ttl * 1000, () => asked.expires = 0);
    return asked.answer;
  }

  /** Asks for a name, and for what its aliases lead to (RFC 1034, 3.6.2). */
  async #follow(name: string, type: DnsType): Promise<Answer> {
    const asked = name;
    let ttl = MOST_TTL;
    for (let aliases = 0;;) {
      const { flags, answers, authorities } = await this.#query(name, type);
      const before = name;
      for (;;) {
        const records = answers.filter((record) => record.type === type && sameName(record.name, name));
        if (records.length > 0) return { records, ttl: Math.min(ttl, ...records.map((record) => record.ttl)) };
        const alias = answers.find((record) => record.type === "CNAME" && sameName(record.name, name));
        if (!alias) break;
        if (++aliases > ALIASES) {
          throw failure("EPROTO", asked, `more than ${ALIASES} aliases lead on from it`);
        }
        name = alias.data as string;
        ttl = Math.min(ttl, alias.ttl);
      }
      // An answer that ends with an alias, and does not say that nothing lies behind it, is to be followed.
      const soa = authorities.find((record) => record.type === "SOA");
      if (name === before || soa || (flags & RCODE) === NAME_ERROR) {
        const minimum = Math.min(soa?.ttl ?? 0, (soa?.data as DnsSoa)?.minimum ?? 0, MOST_NEGATIVE_TTL);
        return { records: [], ttl: Math.min(ttl, minimum) };
      }
    }
  }

  /** Asks the servers in turn until one says something. */
  async #query(name: string, type: DnsType): Promise<DnsMessage> {
    const { servers, counters } = this;
    const { timeout = 2000, attempts = 3 } = this.#options;
    const bytes = nameBytes(name);
    const first = this.#preferred;
    let fault: unknown = failure("ENOTFOUND", name, "no DNS server is known");
    let edns = true;
    for (let i = 0; i < attempts * servers.length; i++) {
      const server = servers[(first + i) % servers.length]!;
      try {
        const response = await exchange(
          this.#shared,
          server,
          bytes,
          type,
          edns,
          timeout << Math.floor(i / servers.length),
        );
        const code = response.flags & RCODE;
        if (code === 0 || code === NAME_ERROR) {
          this.#preferred = (first + i) % servers.length;
          return response;
        }
        counters.failed++;
        fault = failure("EPROTO", name, `${server} answered ${RCODES[code] ?? code}`);
        // A server from before EDNS is asked again without (RFC 6891, 7).
        if (edns && (code === FORMAT_ERROR || code === NOT_IMPLEMENTED)) {
          edns = false;
          i--;
        }
      } catch (error) {
        const { code, message } = error as NetError;
        if (code === undefined) throw error;
        counters.unanswered++;
        fault = failure(code, name, message);
        if (code === "EMSGSIZE" || code === "ECONNABORTED") break;
      }
    }
    throw fault;
  }
}

function failure(code: NetErrorCode, name: string, why: string): NetError {
  return new NetError(code, `Cannot find host "${name}": ${why}`);
}

/** The {@linkcode dns} protocol. */
export interface DnsProtocol extends Protocol<"dns", { udp: Udp; tcp?: Tcp; mdns?: Resolver }, { dns: Dns }> {}

/**
 * The resolver of the stack's names: `net.dns`, and every layer that takes a host.
 *
 * @param options Whom to ask, and how.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function dns(options: DnsOptions = {}): DnsProtocol {
  checkOptions("dns", DNS_OPTIONS, options);
  return {
    name: "dns",
    needs: { udp: "required", tcp: "optional", mdns: "optional" },
    start: (core, below) => ({ dns: new Dns(core, below, options) }),
  };
}
