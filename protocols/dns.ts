/**
 * The DNS resolver (RFC 1035, 2181, 2308, 3596, 5452, 6891, 7766): asks the servers of the network for names, over UDP,
 * and over TCP where an answer is too large.
 *
 * With it, names stand wherever a host does: `net.tcp.connect({ hostname: "example.com", port: 80 })`.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { dns } from "@bonsai/net/protocols/dns";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ip");
 * const net = stack({
 *   driver,
 *   protocols: [ipv4({ address: "10.0.0.2/24", gateway: "10.0.0.1" }), udp(), tcp(), dns({ servers: ["10.0.0.1"] })],
 * });
 * net.dns.lookup("example.com").then(([address]) => console.log(address), () => console.log("no such name"));
 * ```
 *
 * @module
 */

import type { Ip, IpAddress, LookupOptions, Network, Resolver } from "../core/ip.ts";
import { NetError, type NetErrorCode } from "../core/net_error.ts";
import { checkOptions } from "../core/options.ts";
import { getI32 } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { readName, writeName } from "../core/domain_name.ts";
import type { RecordAt } from "./dns/answer.ts";
import {
  CLASS_IN,
  DNS_PORT,
  FORMAT_ERROR,
  MOST_ALIASES,
  MOST_ANSWERS,
  MOST_NEGATIVE_TTL,
  MOST_TTL,
  NAME_ERROR,
  NOT_IMPLEMENTED,
  RCODE,
  RESOLUTION_DELAY,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_SOA,
} from "./dns/codes.ts";
import { exchange, type ExchangeShared } from "./dns/exchange.ts";
import { delay, happyEyeballs, unlessAborted } from "./dns/happy_eyeballs.ts";
import { type DnsResponse, nameBytes } from "./dns/query.ts";
import { DNS_OPTIONS, DnsCounters, type DnsOptions } from "./dns/settings.ts";
import type { TcpClient } from "./tcp.ts";
import type { Udp } from "./udp.ts";

export type { RecordAt } from "./dns/answer.ts";
export { DNS_OPTIONS, DnsCounters, type DnsOptions } from "./dns/settings.ts";

/** What a question came to: the records, none where the name or the type does not exist, and for how many seconds. */
interface Answer {
  readonly records: readonly RecordAt[];
  readonly ttl: number;
}

/** An answer that is remembered or under way. */
interface Remembered {
  readonly answer: Promise<Answer>;
  /** Until when, in the clock's milliseconds. */
  expires: number;
}

/** An address, and its network. */
interface Found {
  readonly network: Network;
  readonly address: IpAddress;
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
  /** By type and name. */
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
  constructor(core: Core, { udp, tcp, mdns }: { udp: Udp; tcp?: TcpClient; mdns?: Resolver }, options: DnsOptions) {
    this.#core = core;
    this.#ip = udp.ip;
    this.#options = options;
    this.#mdns = mdns;
    this.#shared = { core, udp, tcp, port: options.port ?? DNS_PORT, counters: this.counters };
    this.#ip.resolver = this;
    core.count("dns", this.counters);
  }

  /** Whom it asks, the preferred one first: those of the options, or else those that the network told. */
  get servers(): readonly string[] {
    return this.#options.servers ?? [...this.#ip.nameServers.values()].flatMap(({ servers }) => servers);
  }

  /** The domains in which it looks for names that have no dot. */
  get search(): readonly string[] {
    return this.#options.search ?? [...this.#ip.nameServers.values()].flatMap(({ search }) => search);
  }

  /** Forgets every answer. */
  flush(): void {
    this.#cache.clear();
  }

  /**
   * Asks for records, through the search list and along aliases. `resolve()` of `protocols/dns_records` reads them.
   *
   * @param name The name; one with a dot at its end is not looked for in the search list.
   * @param type The number of the type, such as 15 for MX.
   * @returns The records; at least one.
   * @throws {NetError} `ENOTFOUND` when there are none, `ETIMEDOUT` when no server answers, `EPROTO` when all of them fail
   * or aliases lead too far, `EMSGSIZE` when the answer needs TCP and there is none.
   * @throws {SyntaxError} When the text is no name.
   */
  query(name: string, type: number): Promise<readonly RecordAt[]> {
    return this.#search(name, (candidate) => this.#ask(candidate, type));
  }

  /**
   * Looks the addresses of a name up. Addresses in text and `localhost` need no server; names in `local` are asked for on
   * the link where `mdns()` is listed before.
   *
   * @param name The name.
   * @param options Which addresses are wanted.
   * @returns Its addresses in text, the best first (RFC 6724, 6); at least one.
   * @throws {NetError} As {@linkcode Dns.query}.
   */
  async lookup(name: string, options: LookupOptions = {}): Promise<string[]> {
    const literal = this.#ip.parse(name);
    if (literal) return [literal.network.format(literal.address)];
    if (this.#mdns && /\.local\.?$/i.test(name)) return this.#mdns.lookup(name, options);
    const networks = this.#ip.networks.filter(({ family }) => (options.family ?? family) === family);
    if (/(^|\.)localhost\.?$/i.test(name) && networks.length > 0) {
      return networks.map(({ family }) => family === 4 ? "127.0.0.1" : "::1");
    }
    const found = await this.#search(name, (candidate) => this.#addresses(candidate, networks));
    return found.map(({ network, address }) => network.format(address));
  }

  /** Looks a name up, and tries its addresses until one works. */
  async connect<T>(
    name: string,
    attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return happyEyeballs(this.#core, await unlessAborted(this.lookup(name), signal), attempt, signal);
  }

  /** Looks for a name as it is, and in the domains of the search list: there first where it has no dot. */
  async #search<T>(name: string, ask: (candidate: string) => Promise<readonly T[]>): Promise<readonly T[]> {
    // No names come of a dot at the end, and of domains that are none or too long, which the network may have told.
    const searched = this.search.map((domain) => `${name}.${domain}`).filter(writeName);
    for (const candidate of name.includes(".") ? [name, ...searched] : [...searched, name]) {
      const found = await ask(candidate);
      if (found.length > 0) return found;
    }
    throw failure("ENOTFOUND", name, "it has no such record");
  }

  /** Asks for the addresses of both families at once. */
  async #addresses(name: string, networks: readonly Network[]): Promise<Found[]> {
    const found: Found[] = [];
    let fault: unknown;
    const each = networks.map(async (network) => {
      try {
        for (const { bytes, at, end } of await this.#ask(name, network.family === 4 ? TYPE_A : TYPE_AAAA)) {
          const address = network.parse(addressText(bytes.subarray(at, end)));
          if (address !== null) found.push({ network, address });
        }
      } catch (error) {
        fault = error;
      }
    });
    const all = Promise.all(each);
    await Promise.race([all, ...each]);
    // A server that is silent about one family does not hold up the other.
    await Promise.race(found.length > 0 ? [all, delay(this.#core, RESOLUTION_DELAY)] : [all]);
    // Where one family is missing and the other fails, the failure tells more.
    if (found.length === 0 && fault) throw fault;
    const { rank } = this.#ip;
    return rank ? found.sort((x, y) => rank(y.address) - rank(x.address)) : found;
  }

  /** Asks for a name, unless the answer is remembered or under way. */
  async #ask(name: string, type: number): Promise<readonly RecordAt[]> {
    const cache = this.#cache;
    const key = `${type} ${name.toLowerCase()}`;
    let known = cache.get(key);
    if (known && known.expires > this.#core.now()) this.counters.cached++;
    else {
      if (cache.size >= MOST_ANSWERS) cache.clear();
      const asked = known = { answer: this.#follow(name, type), expires: Infinity };
      cache.set(key, asked);
      asked.answer.then(({ ttl }) => asked.expires = this.#core.now() + ttl * 1000, () => asked.expires = 0);
    }
    return (await known.answer).records;
  }

  /** Asks for a name, and for what its aliases lead to (RFC 1034, 3.6.2). */
  async #follow(name: string, type: number): Promise<Answer> {
    let ttl = MOST_TTL;
    let flags = 0;
    let records: readonly RecordAt[] = [];
    let asked: string | null = null;
    // As names are read from the wire.
    let owner = readName(nameBytes(name), 0)!.name.toLowerCase();
    for (let aliases = 0; aliases <= MOST_ALIASES;) {
      const of = (type: number): RecordAt[] =>
        records.filter((one) =>
          !one.section && one.type === type && one.class === CLASS_IN && one.name.toLowerCase() === owner
        );
      const found = of(type);
      if (found.length > 0) return { records: found, ttl: Math.min(ttl, ...found.map((record) => record.ttl)) };
      const [alias] = of(TYPE_CNAME);
      const soa = records.find((record) => record.section === 1 && record.type === TYPE_SOA);
      if (alias) {
        owner = (readName(alias.bytes, alias.at)?.name ?? "").toLowerCase();
        ttl = Math.min(ttl, alias.ttl);
        aliases++;
      } else if (asked === owner || soa || (flags & RCODE) === NAME_ERROR) {
        // How long that holds is the last field of the zone's start (RFC 2308, 4 and 5).
        const minimum = soa ? Math.min(soa.ttl, getI32(soa.bytes, soa.end - 4) >>> 0, MOST_NEGATIVE_TTL) : 0;
        return { records: [], ttl: Math.min(ttl, minimum) };
      } else {
        // An answer that ends with an alias, and does not say that nothing lies behind it, is to be followed.
        ({ flags, records } = await this.#exchange(asked = owner, type));
      }
    }
    throw failure("EPROTO", name, `more than ${MOST_ALIASES} aliases lead on from it`);
  }

  /** Asks the servers in turn until one says something. */
  async #exchange(name: string, type: number): Promise<DnsResponse> {
    const { counters } = this;
    const { timeout = 2000, attempts = 3 } = this.#options;
    // Those of a family that the stack has not are of no use to it, and names would have to be asked for.
    const servers = this.servers.filter((server) => this.#ip.parse(server));
    const bytes = nameBytes(name);
    const first = this.#preferred;
    let fault = failure("ENOTFOUND", name, "no DNS server is known");
    let edns = true;
    for (let i = 0; i < attempts * servers.length; i++) {
      const at = (first + i) % servers.length;
      const server = servers[at]!;
      const wait = timeout << Math.floor(i / servers.length);
      try {
        const response = await exchange(this.#shared, server, bytes, type, edns, wait);
        const code = response.flags & RCODE;
        if (code === 0 || code === NAME_ERROR) {
          this.#preferred = at;
          return response;
        }
        counters.failed++;
        fault = failure("EPROTO", name, `DNS server ${server} failed with code ${code}`);
        // A server from before EDNS is asked again without (RFC 6891, 7).
        if (edns && (code === FORMAT_ERROR || code === NOT_IMPLEMENTED)) {
          edns = false;
          i--;
        }
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        const { code, message } = error;
        counters.unanswered++;
        fault = failure(code, name, message);
        // Nobody else can help: there is no TCP, or the stack is closed.
        if (/SIZE|PIPE|ABORTED/.test(code)) break;
      }
    }
    throw fault;
  }
}

/** An address in text: its octets, or the groups of one of IPv6. */
function addressText(octets: Uint8Array): string {
  const hex = Array.from(octets, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return octets.length === 16 ? hex.match(/.{4}/g)!.join(":") : octets.join(".");
}

function failure(code: NetErrorCode, name: string, why: string): NetError {
  return new NetError(code, `Cannot find host "${name}": ${why}`);
}

/** The {@linkcode dns} protocol. */
export interface DnsProtocol extends Protocol<"dns", { udp: Udp; tcp?: TcpClient; mdns?: Resolver }, { dns: Dns }> {}

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
