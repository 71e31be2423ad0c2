/**
 * Multicast DNS (RFC 6762): the names of hosts and services on the link, without a server.
 *
 * ```ts
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { stack } from "@bonsai/net";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { mdns } from "@bonsai/net/protocols/mdns";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const services = [{ name: "Kitchen lamp", type: "_http._tcp", port: 80 }];
 * const net = stack({
 *   driver,
 *   protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), udp(), mdns({ hostname: "lamp", services })],
 * });
 * net.mdns.lookup("printer.local").then(([address]) => console.log(address), () => console.log("no printer"));
 * ```
 *
 * @module
 */

import { type Ip, type IpAddress, type LookupOptions, type Resolver, sameAddress } from "../core/ip.ts";
import { NetError } from "../core/net_error.ts";
import { checkOptions } from "../core/options.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { Timer } from "../core/timers.ts";
import { CLASS_IN, FLAG_RESPONSE, OPCODE, RCODE } from "./dns/codes.ts";
import { happyEyeballs, unlessAborted } from "./dns/happy_eyeballs.ts";
import { nameBytes } from "./dns/query.ts";
import { type DnsMessage, readMessage } from "./dns/reader.ts";
import { type DnsDataOf, type DnsRecord, type DnsType, sameName } from "./dns/record.ts";
import { isWritable, writeMessage } from "./dns/writer.ts";
import { canonical, essence, sharedRecords, uniqueRecords } from "./mdns/records.ts";
import { MdnsResponder } from "./mdns/responder.ts";
import {
  MDNS_GROUPS,
  MDNS_OPTIONS,
  MDNS_PORT,
  MdnsCounters,
  type MdnsOptions,
  UNICAST_WANTED,
} from "./mdns/settings.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Ipv6 } from "./ipv6.ts";
import type { Udp, UdpSocket } from "./udp.ts";

export { MDNS_OPTIONS, MdnsCounters, type MdnsOptions, type MdnsService } from "./mdns/settings.ts";

/** Milliseconds after which a question is asked again, doubled for each time after (RFC 6762, 5.2). */
const ASK_AGAIN = 1000;

/** A question of ours that is open. */
interface Asked {
  readonly name: string;
  readonly type: string;
  found(record: DnsRecord): void;
  /** No more will come. */
  end(): void;
}

/** What mDNS stands on. */
interface Below {
  readonly udp: Udp;
  readonly ipv4?: Ipv4;
  readonly ipv6?: Ipv6;
}

/** Multicast DNS. */
export class Mdns implements Resolver {
  /** What it does and drops. */
  readonly counters: MdnsCounters = new MdnsCounters();
  readonly #core: Core;
  readonly #ip: Ip;
  readonly #timeout: number;
  readonly #socket: UdpSocket;
  readonly #responder: MdnsResponder | null;
  readonly #asked: Set<Asked> = new Set();

  /**
   * Starts it.
   *
   * @param core The core.
   * @param below What carries it, and tells that addresses change.
   * @param options What it answers for, checked already.
   */
  constructor(core: Core, { udp, ipv4, ipv6 }: Below, options: MdnsOptions) {
    this.#core = core;
    this.#ip = udp.ip;
    this.#timeout = options.timeout ?? 2000;
    const common = { port: MDNS_PORT, reuseAddress: true };
    this.#socket = udp.bind(
      { ...common, ttl: 255, multicastTtl: 255, loopback: false },
      (data, from, port) => {
        const network = typeof from === "number" ? ipv4 : ipv6;
        const hop = network?.nextHop(from as never);
        // Who is not on the link can reach a host alone, but not the group (RFC 6762, 11).
        if (hop && sameAddress(hop, from)) this.#receive(data, from, port);
        else this.counters.distant++;
      },
    );
    for (const { family } of this.#ip.networks) {
      const hostname = MDNS_GROUPS[family];
      udp.bind({ ...common, hostname }, (data, from, port) => this.#receive(data, from, port)).join(hostname);
    }
    this.#responder = options.hostname === undefined
      ? null
      : new MdnsResponder(core, this.#ip, options, this.counters, (...message) => this.#send(...message));
    const addressed = (): void => this.#responder?.addressed();
    ipv4?.observers.push({ addressed });
    ipv6?.observers.push({ addressed, claimed: addressed });
    this.#ip.resolver ??= this;
    core.count("mdns", this.counters);
    core.onClose(() => {
      for (const { end } of this.#asked) end();
    });
  }

  /** The name that this host goes by, without `.local`; empty when it answers for none. */
  get hostname(): string {
    return this.#responder?.hostname ?? "";
  }

  /** Whether the name is known to be no other host's. */
  get ready(): boolean {
    return this.#responder?.ready ?? false;
  }

  /**
   * Asks everybody on the link for records, and gathers answers.
   *
   * @typeParam T The type.
   * @param name The name, such as `"_http._tcp.local"`.
   * @param type The type, such as `"PTR"`.
   * @returns The data of all records that came within the time of the options; none when nobody answered.
   * @throws {SyntaxError} When the text is no name.
   */
  async query<T extends DnsType>(name: string, type: T): Promise<DnsDataOf[T][]> {
    const found = await this.#ask(name, [type], () => false);
    return found.map(({ data }) => data as DnsDataOf[T]);
  }

  /**
   * Asks everybody on the link for a host's addresses.
   *
   * @param name The host's name, such as `"lamp.local"`, or an address in text.
   * @param options Which addresses are wanted.
   * @returns Its addresses in text; at least one.
   * @throws {NetError} `ENOTFOUND` when nobody has the name.
   * @throws {SyntaxError} When the text is no name.
   */
  async lookup(name: string, options: LookupOptions = {}): Promise<string[]> {
    const literal = this.#ip.parse(name);
    if (literal) return [literal.network.format(literal.address)];
    const types = this.#ip.networks.filter(({ family }) => (options.family ?? family) === family)
      .map(({ family }) => family === 4 ? "A" : "AAAA");
    if (/\.local\.?$/i.test(name) && types.length > 0) {
      // A host says all that it has in one answer, so that the first message with an address ends the wait.
      const found = await this.#ask(name, types, () => true);
      const all = found.map(({ data }) => this.#ip.parse(data as string)).filter((one) => one !== null);
      const { rank } = this.#ip;
      if (rank) all.sort((x, y) => rank(y.address) - rank(x.address));
      if (all.length > 0) return all.map(({ network, address }) => network.format(address));
    }
    throw new NetError("ENOTFOUND", `Cannot find host "${name}": nobody on the link has that name`);
  }

  /** Looks a name up, and tries its addresses until one works. */
  async connect<T>(
    name: string,
    attempt: (hostname: string, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return happyEyeballs(this.#core, await unlessAborted(this.lookup(name), signal), attempt, signal);
  }

  /** Asks, again after a while, and gathers what comes until it is enough or the time is over. */
  #ask(name: string, types: readonly string[], enough: () => boolean): Promise<DnsRecord[]> {
    nameBytes(name);
    const core = this.#core;
    const end = core.now() + this.#timeout;
    const found: Map<string, DnsRecord> = new Map();
    return new Promise((resolve) => {
      let interval = ASK_AGAIN;
      const done = (): void => {
        timer.deadline = Infinity;
        for (const asked of all) this.#asked.delete(asked);
        resolve([...found.values()]);
      };
      const step = (): void => {
        const now = core.now();
        if (core.closed || now >= end || found.size > 0 && enough()) return done();
        const flag = interval === ASK_AGAIN ? UNICAST_WANTED : 0;
        this.counters.questions++;
        this.#send({
          questions: types.map((type) => ({ name, type, class: CLASS_IN | flag })),
          // Who has said it already need not again (RFC 6762, 7.1).
          answers: [...found.values()],
        });
        core.timers.arm(timer, Math.min(end, now + interval));
        interval *= 2;
      };
      const timer = new Timer(step);
      const all = types.map((type): Asked => ({
        name: canonical(name.replace(/\.$/, "")),
        type,
        found: (record) => {
          if (record.ttl === 0) return;
          found.set(essence(record), record);
          if (enough()) core.timers.arm(timer, core.now());
        },
        end: done,
      }));
      for (const asked of all) this.#asked.add(asked);
      step();
    });
  }

  #receive(data: Uint8Array, from: IpAddress, port: number): void {
    const message = readMessage(data);
    if (!message) {
      this.counters.malformed++;
      return;
    }
    // Others are for times to come (RFC 6762, 18.3 and 18.11), and no responder speaks from another port (6).
    if (message.flags & (OPCODE | RCODE) || message.flags & FLAG_RESPONSE && port !== MDNS_PORT) return;
    if (!(message.flags & FLAG_RESPONSE)) {
      this.#responder?.receive(message, from, port);
      return;
    }
    for (const record of [...message.answers, ...message.additionals]) {
      for (const { name, type, found } of this.#asked) {
        if (record.type === type && sameName(record.name, name)) found(record);
      }
      this.#responder?.hear(record);
    }
  }

  /** Sends a message to everybody, or to one host. */
  #send(message: Partial<DnsMessage>, to?: IpAddress, port: number = MDNS_PORT): void {
    const bytes = writeMessage({
      id: 0,
      flags: 0,
      questions: [],
      answers: [],
      authorities: [],
      additionals: [],
      ...message,
    });
    const addresses = to === undefined
      ? this.#ip.networks.map((network) => network.parse(MDNS_GROUPS[network.family])!)
      : [to];
    for (const address of addresses) {
      try {
        this.#socket.send(bytes, address, port);
      } catch (error) {
        // A family without an address says nothing.
        if (!(error instanceof NetError)) throw error;
      }
    }
  }
}

/** The {@linkcode mdns} protocol. */
export interface MdnsProtocol extends Protocol<"mdns", { udp: Udp; ipv4?: Ipv4; ipv6?: Ipv6 }, { mdns: Mdns }> {}

/**
 * Multicast DNS: `net.mdns`, and names in `local` wherever a host is taken. List it before `dns()`, which then asks it for
 * such names.
 *
 * @param options What it answers for; it only asks when left out.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range, or a service is none.
 */
export function mdns(options: MdnsOptions = {}): MdnsProtocol {
  checkOptions("mdns", MDNS_OPTIONS, options);
  for (const service of options.services ?? []) {
    const records = [...uniqueRecords(options.hostname ?? "a", [], [service]), ...sharedRecords([service])];
    if (!/^_[^.]+\._(tcp|udp)$/.test(service.type) || !records.every(isWritable)) {
      throw new RangeError(
        `mdns(): "${service.name}" is no service such as { name: "Lamp", type: "_http._tcp", port: 80 }`,
      );
    }
  }
  return {
    name: "mdns",
    needs: { udp: "required", ipv4: "optional", ipv6: "optional" },
    start: (core, below) => ({ mdns: new Mdns(core, below, options) }),
  };
}
