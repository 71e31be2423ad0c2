/**
 * Group management for IPv4 (IGMPv3, RFC 3376, and version 2, RFC 2236, where a router speaks it): tells routers and switches
 * which groups we are in, so that they send them here. The host's part of it, without source filters: every group is
 * wanted from every source.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { igmp } from "@bonsai/net/protocols/igmp";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({
 *   driver,
 *   protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), igmp(), udp()],
 * });
 * net.udp.bind({ port: 5353 }, (data) => console.log(data)).join("224.0.0.251");
 * ```
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import type { Ip, IpReceiver } from "../core/ip.ts";
import type { IpObserver } from "../core/ip_family.ts";
import { type Ipv4Address, isIpv4Multicast } from "../core/ipv4_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import {
  decode,
  hasRouterAlert,
  HEADER,
  IS_EXCLUDE,
  IS_INCLUDE,
  LEAVE,
  QUERY,
  REPORT_V1,
  REPORT_V2,
  REPORT_V3,
  ROUTER_ALERT,
  TO_EXCLUDE,
  TO_INCLUDE,
} from "./igmp/message.ts";
import type { Ipv4 } from "./ipv4.ts";

/** IP protocol number of IGMP. */
const PROTOCOL_IGMP = 2;
/** The group of all hosts, which is never reported. */
const ALL_HOSTS = 0xe0000001 | 0;
/** The group of all routers, which a version 2 host tells what it leaves. */
const ALL_ROUTERS = 0xe0000002 | 0;
/** The group of all routers that speak IGMPv3. */
const ALL_IGMPV3_ROUTERS = 0xe0000016 | 0;
/** How often a change is told until a router says otherwise (the Robustness Variable). */
const ROBUSTNESS = 2;
/** Milliseconds between two queries until a router says otherwise (the Query Interval). */
const QUERY_INTERVAL = 125_000;
/** Milliseconds within which a version 1 query is answered (the Query Response Interval). */
const RESPONSE_INTERVAL = 10_000;
/** Milliseconds between two reports of a change, at most, in version 3 (the Unsolicited Report Interval). */
const INTERVAL = 1000;
/** The same in versions 1 and 2 (RFC 2236, 8.10). */
const OLD_INTERVAL = 10_000;
/** Sources that are remembered of queries for one group; who asks for more hears of all (RFC 3376, 9.1). */
const MOST_SOURCES = 64;
/** TOS of what is sent: internetwork control (RFC 3376, 4). */
const CONTROL = 0xc0;

/** How to report. */
export interface IgmpOptions {
  /** Milliseconds within which a query is answered, at most; as the query says when left out. */
  readonly longestDelay?: number;
}

/** The JSON Schema of {@linkcode IgmpOptions}. */
export const IGMP_OPTIONS: OptionsSchema<IgmpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { longestDelay: { type: "integer", minimum: 1, maximum: 3_174_400 } },
};

/** What the IGMP layer counts. */
export class IgmpCounters {
  /** Messages that are too short, or whose checksum is wrong. */
  malformed: number = 0;
  /** Queries heard. */
  queries: number = 0;
  /** Queries that no router of this link can have sent. */
  badQueries: number = 0;
  /** Reports and leaves sent. */
  reports: number = 0;
  /** Answers that another host gave before us. */
  suppressed: number = 0;
}

/** What a report tells of a group. */
interface Change {
  readonly group: Ipv4Address;
  readonly kind: number;
  readonly sources: readonly number[];
  left: number;
}

/** A group that we are in. */
interface Member {
  /** When it is answered for. */
  readonly answer: Timer;
  /** Sources that were asked for; none when all are meant. */
  sources: number[];
  /** Whether we were the last to report it, so that a version 2 router hears when we leave. */
  last: boolean;
}

/** The IGMP layer. */
export class Igmp implements IpReceiver, IpObserver<Ipv4Address> {
  /** What it does and drops. */
  readonly counters: IgmpCounters = new IgmpCounters();
  readonly #core: Core;
  readonly #ipv4: Ipv4;
  readonly #longest: number;
  readonly #members: Map<Ipv4Address, Member> = new Map();
  /** Changes still to be told. */
  #changes: Change[] = [];
  readonly #change: Timer = new Timer(() => this.#tellChanges());
  readonly #answer: Timer = new Timer(() => this.#tellState());
  readonly #newer: Timer = new Timer((now) => this.#setVersion(now));
  /** Until when a router of version 1, and one of version 2, is taken to be there. */
  readonly #until: [number, number] = [-Infinity, -Infinity];
  #version: number = 3;
  #robustness: number = ROBUSTNESS;
  #queryInterval: number = QUERY_INTERVAL;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip Where it is attached.
   * @param ipv4 Whose groups it reports.
   * @param options How, checked already.
   */
  constructor(core: Core, ip: Ip, ipv4: Ipv4, options: IgmpOptions) {
    this.#core = core;
    this.#ipv4 = ipv4;
    this.#longest = options.longestDelay ?? Infinity;
    ip.attach(PROTOCOL_IGMP, this);
    ipv4.observers.push(this);
    core.count("igmp", this.counters);
    for (const group of new Set(ipv4.groups)) this.grouped(group, true);
  }

  /** The version in use: that of the oldest router heard of late (RFC 3376, 7.2.1). */
  get version(): number {
    return this.#version;
  }

  /** Hears that a group was joined or left (RFC 3376, 5.1; RFC 2236, 3). */
  grouped(group: Ipv4Address, joined: boolean): void {
    if (group === ALL_HOSTS) return;
    const member = this.#members.get(group);
    this.#changes = this.#changes.filter((change) => change.group !== group);
    if (joined) {
      this.#members.set(group, { answer: new Timer(() => this.#tellGroup(group)), sources: [], last: false });
    } else {
      member?.answer && this.#core.timers.disarm(member.answer);
      this.#members.delete(group);
      // Whom another host has spoken for since, that host stays; and version 1 knows no leaving.
      if (this.#version === 1 || this.#version === 2 && !member?.last) return;
    }
    const left = !joined && this.#version === 2 ? 1 : this.#robustness;
    this.#changes.push({ group, kind: joined ? TO_EXCLUDE : TO_INCLUDE, sources: [], left });
    // What changes in one turn goes into one report.
    this.#core.timers.arm(this.#change, this.#core.now());
    this.#core.wake();
  }

  /** Reads one message. */
  receive(packet: Packet): void {
    const { counters } = this;
    if (packet.length < HEADER || foldChecksum(sumPacket(packet, packet.start, packet.end)) !== 0) {
      counters.malformed++;
      return;
    }
    const type = packet.u8(0);
    if (type === QUERY) this.#queried(packet);
    else if (this.#version < 3 && (type === REPORT_V1 || type === REPORT_V2)) {
      // One host's word is enough (RFC 2236, 3).
      const member = this.#members.get(packet.i32(4) as Ipv4Address);
      if (!member) return;
      if (member.answer.armed) counters.suppressed++;
      this.#core.timers.disarm(member.answer);
      member.last = false;
    }
  }

  /** Reads a query (RFC 3376, 5.2 and 7.1; RFC 2236, 3). */
  #queried(packet: Packet): void {
    const code = packet.u8(1);
    const group = packet.i32(4) as Ipv4Address;
    const version = packet.length >= 12 ? 3 : packet.length > HEADER ? 0 : code > 0 ? 2 : 1;
    const count = version === 3 ? packet.u16(10) : 0;
    // What comes from beyond the link has no Router Alert, or another destination (RFC 3376, 9.1).
    if (
      version === 0 || version > 1 && !hasRouterAlert(packet) || packet.length < 12 + 4 * count && version === 3 ||
      (group === 0 ? this.#ipv4.destination(packet) !== ALL_HOSTS : !isIpv4Multicast(group))
    ) {
      this.counters.badQueries++;
      return;
    }
    this.counters.queries++;
    const now = this.#core.now();
    if (version === 3) {
      this.#robustness = packet.u8(8) & 7 || ROBUSTNESS;
      this.#queryInterval = decode(packet.u8(9)) * 1000 || QUERY_INTERVAL;
    } else {
      this.#until[version - 1] = now + this.#robustness * this.#queryInterval + RESPONSE_INTERVAL;
      this.#setVersion(now);
    }
    const longest = this.#version === 1 ? RESPONSE_INTERVAL : 100 * (version === 3 ? decode(code) : code || 100);
    const within = Math.min(longest, this.#longest);
    if (group !== 0) this.#askedFor(group, within, packet, count);
    else if (this.#version === 3) this.#arm(this.#answer, within);
    else for (const { answer } of this.#members.values()) this.#arm(answer, within);
  }

  #askedFor(group: Ipv4Address, within: number, packet: Packet, count: number): void {
    const member = this.#members.get(group);
    if (!member) return;
    const { answer } = member;
    const delay = within * fraction(() => this.#core.random());
    // An answer for everything comes sooner (RFC 3376, 5.2, rule 1).
    if (this.#answer.deadline <= this.#core.now() + delay) return;
    if (count === 0 || answer.armed && member.sources.length === 0) member.sources = [];
    else {
      const sources = new Set(member.sources);
      for (let i = 0; i < count && sources.size <= MOST_SOURCES; i++) sources.add(packet.i32(12 + 4 * i));
      member.sources = sources.size > MOST_SOURCES ? [] : [...sources];
    }
    this.#core.timers.arm(answer, Math.min(answer.deadline, this.#core.now() + delay));
  }

  /** Lets a timer fire at a random time, unless it would sooner. */
  #arm(timer: Timer, within: number): void {
    const { timers } = this.#core;
    timers.arm(timer, Math.min(timer.deadline, this.#core.now() + within * fraction(() => this.#core.random())));
  }

  /** Finds the version to speak; with another one nothing is pending any more (RFC 3376, 7.2.1). */
  #setVersion(now: number): void {
    const { timers } = this.#core;
    const version = this.#until[0] > now ? 1 : this.#until[1] > now ? 2 : 3;
    if (version < 3) timers.arm(this.#newer, this.#until[version - 1]!);
    if (version === this.#version) return;
    this.#version = version;
    this.#changes = [];
    for (const timer of [this.#change, this.#answer]) timers.disarm(timer);
    for (const { answer } of this.#members.values()) timers.disarm(answer);
  }

  #tellChanges(): void {
    this.#report(this.#changes);
    for (const change of this.#changes) change.left--;
    this.#changes = this.#changes.filter(({ left }) => left > 0);
    if (this.#changes.length > 0) this.#arm(this.#change, this.#version === 3 ? INTERVAL : OLD_INTERVAL);
  }

  #tellState(): void {
    this.#report([...this.#members.keys()].map((group) => ({ group, kind: IS_EXCLUDE, sources: [], left: 0 })));
  }

  #tellGroup(group: Ipv4Address): void {
    const member = this.#members.get(group)!;
    const { sources } = member;
    member.sources = [];
    this.#report([{ group, kind: sources.length > 0 ? IS_INCLUDE : IS_EXCLUDE, sources, left: 0 }]);
  }

  /** Sends what there is to tell, in the version in use. */
  #report(changes: readonly Change[]): void {
    if (this.#version < 3) {
      for (const { group, kind } of changes) {
        const member = this.#members.get(group);
        if (member) member.last = true;
        const type = kind === TO_INCLUDE ? LEAVE : this.#version === 2 ? REPORT_V2 : REPORT_V1;
        this.#send(kind === TO_INCLUDE ? ALL_ROUTERS : group, type, group, []);
      }
      return;
    }
    // As many records as fit into a packet, and at least one; the header has a Router Alert.
    const room = this.#ipv4.mtu - 24 - HEADER;
    for (let at = 0; at < changes.length;) {
      const first = at;
      let size = 0;
      do size += HEADER + 4 * changes[at++]!.sources.length; while (
        at < changes.length && size + HEADER + 4 * changes[at]!.sources.length <= room
      );
      this.#send(ALL_IGMPV3_ROUTERS, REPORT_V3, at - first, changes.slice(first, at));
    }
  }

  /** Sends one message behind a Router Alert (RFC 3376, 4; RFC 2236, 2). */
  #send(to: number, type: number, word: number, records: readonly Change[]): void {
    // Who has no address yet says so (RFC 3376, 4.2.13).
    const path = this.#ipv4.path(to as Ipv4Address, 0 as Ipv4Address);
    if (typeof path === "string") return;
    path.ttl = 1;
    path.trafficClass = CONTROL;
    const words: number[] = [];
    for (const { group, kind, sources } of records) words.push(kind << 24 | sources.length, group, ...sources);
    const { pool } = this.#core;
    const packet = pool.take(HEADER + 4 * words.length);
    packet.end = packet.start + HEADER + 4 * words.length;
    packet.setI32(0, type << 24);
    packet.setI32(4, word);
    words.forEach((value, i) => packet.setI32(HEADER + 4 * i, value));
    packet.setU16(2, foldChecksum(sumPacket(packet, packet.start, packet.end)));
    this.counters.reports++;
    path.transmit(packet, PROTOCOL_IGMP, Uint8Array.of(ROUTER_ALERT, 4, 0, 0));
    pool.give(packet);
  }
}

/** The {@linkcode igmp} protocol. */
export interface IgmpProtocol extends Protocol<"igmp", { ip: Ip; ipv4: Ipv4 }, { igmp: Igmp }> {}

/**
 * Group management for IPv4, the host's part.
 *
 * @param options How to report.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function igmp(options: IgmpOptions = {}): IgmpProtocol {
  checkOptions("igmp", IGMP_OPTIONS, options);
  return {
    name: "igmp",
    needs: { ip: "required", ipv4: "required" },
    start: (core, { ip, ipv4 }) => ({ igmp: new Igmp(core, ip, ipv4, options) }),
  };
}
