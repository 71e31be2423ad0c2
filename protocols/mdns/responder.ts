/**
 * What answers for a host: probes for its names, announces them, answers, and defends them (RFC 6762, 6 to 10).
 *
 * @module
 */

import type { Ip, IpAddress } from "../../core/ip.ts";
import type { Core } from "../../core/protocol.ts";
import { fraction } from "../../core/random.ts";
import { Timer } from "../../core/timers.ts";
import { CLASS_IN, FLAG_AUTHORITATIVE, FLAG_RESPONSE, FLAG_TRUNCATED } from "../dns/codes.ts";
import type { DnsMessage, DnsQuestion } from "../dns/reader.ts";
import { type DnsRecord, sameName } from "../dns/record.ts";
import { answersTo } from "./answers.ts";
import { CACHE_FLUSH, canonical, essence, isNamesake, sharedRecords, uniqueRecords } from "./records.ts";
import {
  ANY,
  MDNS_GROUPS,
  MDNS_PORT,
  type MdnsCounters,
  type MdnsOptions,
  type MdnsSend,
  type MdnsService,
  UNICAST_WANTED,
} from "./settings.ts";

/** Probes, and milliseconds between them, and before the first at the most (RFC 6762, 8.1). */
const PROBES = 3;
const PROBE_DELAY = 250;
/** Announcements, and milliseconds between them (RFC 6762, 8.3). */
const ANNOUNCEMENTS = 2;
const ANNOUNCE_DELAY = 1000;
/** Milliseconds to wait after a probe of another host that has the better claim (RFC 6762, 8.2). */
const DEFERENCE = 1000;
/** Conflicts after which names are no longer given up at once, and milliseconds to wait then (RFC 6762, 8.1). */
const QUARREL = 15;
const QUARREL_DELAY = 5000;
/** Milliseconds before an answer that many hosts may give is sent: from, and how many more (RFC 6762, 6). */
const SHARED_DELAY = 20;
const SHARED_SPREAD = 100;
/** Milliseconds within which a record is not sent to everybody again (RFC 6762, 6). */
const REPEAT_DELAY = 1000;
/** Milliseconds before an answer to an asker that has more to say than fits into a message: from, and how many more. */
const MORE_DELAY = 400;
const MORE_SPREAD = 100;
/** Such askers at once, at most. */
const MOST_HELD = 64;
/** Seconds for which askers from before mDNS may remember an answer (RFC 6762, 6.7). */
const LEGACY_TTL = 10;

/** What answers for a host. */
export class MdnsResponder {
  readonly #core: Core;
  readonly #ip: Ip;
  readonly #options: MdnsOptions;
  readonly #counters: MdnsCounters;
  readonly #send: MdnsSend;
  readonly #timer: Timer = new Timer(() => this.#step());
  /** When each record was last sent to everybody, by its name and essence. */
  readonly #told: Map<string, number> = new Map();
  /** What askers have said so far that have more to say. */
  readonly #held: Map<string, { questions: DnsQuestion[]; answers: DnsRecord[] } & DnsMessage> = new Map();
  #hostname: string;
  #services: readonly MdnsService[];
  #state: "probing" | "announcing" | "running" = "probing";
  #steps: number = 0;
  #conflicts: number = 0;

  /**
   * Begins to probe.
   *
   * @param core The core.
   * @param ip Where the host's addresses are.
   * @param options What it answers for.
   * @param counters What it counts in.
   * @param send Sends a message.
   */
  constructor(core: Core, ip: Ip, options: MdnsOptions, counters: MdnsCounters, send: MdnsSend) {
    this.#core = core;
    this.#ip = ip;
    this.#options = options;
    this.#counters = counters;
    this.#send = send;
    this.#hostname = options.hostname ?? "";
    this.#services = options.services ?? [];
    core.timers.arm(this.#timer, core.now() + this.#random(PROBE_DELAY));
    core.onClose(() => {
      this.#timer.deadline = Infinity;
      // Goodbye (RFC 6762, 10.1).
      if (this.ready) this.#tell([...this.#unique(), ...this.#shared()].map((one) => ({ ...one, ttl: 0 })));
    });
  }

  /** The name that the host goes by, without `.local`. */
  get hostname(): string {
    return this.#hostname;
  }

  /** Whether the name is known to be no other host's. */
  get ready(): boolean {
    return this.#state !== "probing";
  }

  /**
   * Reads a query.
   *
   * @param query The query.
   * @param from Who asks.
   * @param port From which port.
   */
  receive(query: DnsMessage, from: IpAddress, port: number): void {
    if (!this.ready) return this.#compare(query);
    const who = this.#ip.networkOf(from)!.format(from);
    const held = this.#held.get(who);
    if (held) {
      held.questions.push(...query.questions);
      held.answers.push(...query.answers);
    } else if (query.flags & FLAG_TRUNCATED && this.#held.size < MOST_HELD) {
      // More that it knows comes in further messages (RFC 6762, 7.2).
      const all = { ...query, questions: [...query.questions], answers: [...query.answers] };
      this.#held.set(who, all);
      const answer = (): void => {
        this.#held.delete(who);
        if (this.ready) this.#answer(all, from, port);
      };
      this.#core.timers.arm(new Timer(answer), this.#core.now() + MORE_DELAY + this.#random(MORE_SPREAD));
    } else this.#answer(query, from, port);
  }

  /** Hears that the host's addresses are others: what was announced is announced anew (RFC 6762, 8.4). */
  addressed(): void {
    if (this.ready) {
      this.#state = "announcing";
      this.#steps = 0;
    }
    if (!this.#timer.armed) this.#core.timers.arm(this.#timer, this.#core.now());
  }

  /**
   * Reads a record that another host told: one that shows that it has a name of ours.
   *
   * @param record The record.
   */
  hear(record: DnsRecord): void {
    const namesakes = this.#unique().filter((own) =>
      isNamesake(own, record) && (!this.ready || own.type === record.type)
    );
    if (namesakes.length > 0 && record.ttl > 0 && !namesakes.some((own) => essence(own) === essence(record))) {
      // Who has the name already asks once more whether the other one insists (RFC 6762, 9).
      if (this.ready) {
        this.#counters.conflicts++;
        this.#probe(this.#random(PROBE_DELAY));
      } else this.#conflict(namesakes[0]!);
    }
  }

  #random(ms: number): number {
    return ms * fraction(() => this.#core.random());
  }

  /** The records that are ours alone. */
  #unique(): DnsRecord[] {
    const addresses: string[] = [];
    for (const network of this.#ip.networks) {
      const path = network.path(network.parse(MDNS_GROUPS[network.family])!, null);
      if (typeof path !== "string") addresses.push(network.format(path.source));
    }
    return addresses.length > 0 ? uniqueRecords(this.#hostname, addresses, this.#services) : [];
  }

  #shared(): DnsRecord[] {
    return sharedRecords(this.#services);
  }

  /** Probes, then announces. */
  #step(): void {
    const { timers } = this.#core;
    const now = this.#core.now();
    const unique = this.#unique();
    // Without an address there is nothing to say yet: DHCP may take its time.
    if (unique.length === 0) return;
    if (this.#state === "probing" && this.#steps === PROBES) {
      this.#state = "announcing";
      this.#steps = 0;
    }
    if (this.#state === "probing") {
      const names = [...new Set(unique.map(({ name }) => name))];
      this.#send({
        questions: names.map((name): DnsQuestion => ({ name, type: ANY, class: CLASS_IN | UNICAST_WANTED })),
        authorities: unique,
      });
    } else this.#tell([...unique, ...this.#shared()]);
    this.#steps++;
    if (this.#state === "probing") timers.arm(this.#timer, now + PROBE_DELAY);
    else if (this.#steps < ANNOUNCEMENTS) timers.arm(this.#timer, now + ANNOUNCE_DELAY);
    else this.#state = "running";
  }

  /** Another host has a name of ours: this one takes another (RFC 6762, 9). */
  #conflict({ name, type }: DnsRecord): void {
    this.#counters.conflicts++;
    this.#conflicts++;
    if (type === "A" || type === "AAAA") {
      this.#hostname = next(this.#hostname, /-(\d+)$/, (number) => `-${number}`);
      try {
        this.#options.onRename?.(this.#hostname);
      } catch (error) {
        this.#core.report(error);
      }
    } else {
      this.#services = this.#services.map((service) =>
        uniqueRecords("", [], [service]).some((record) => record.name === name)
          ? { ...service, name: next(service.name, / \((\d+)\)$/, (number) => ` (${number})`) }
          : service
      );
    }
    this.#probe(this.#conflicts > QUARREL ? QUARREL_DELAY : this.#random(PROBE_DELAY));
  }

  #probe(delay: number): void {
    this.#state = "probing";
    this.#steps = 0;
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
  }

  /** Two hosts probe for a name at the same time: who has the greater records wins (RFC 6762, 8.2). */
  #compare({ authorities }: DnsMessage): void {
    const ours = this.#unique();
    for (const { name } of ours) {
      const of = (records: readonly DnsRecord[]): string[] =>
        records.filter((record) => sameName(canonical(record.name), canonical(name))).map(essence).sort();
      const theirs = of(authorities);
      if (theirs.length === 0) continue;
      const own = of(ours);
      const at = own.findIndex((one, i) => one !== theirs[i]);
      const lost = at < 0 ? theirs.length > own.length : theirs[at] !== undefined && theirs[at]! > own[at]!;
      if (lost) return this.#probe(DEFERENCE);
    }
  }

  /** Answers what it can (RFC 6762, 6). */
  #answer(query: DnsMessage, from: IpAddress, port: number): void {
    const legacy = port !== MDNS_PORT;
    const { questions, answers, additionals, suppressed } = answersTo(query, this.#unique(), this.#shared(), legacy);
    this.#counters.suppressed += suppressed;
    if (answers.length === 0) return;
    this.#counters.responses++;
    if (legacy) {
      const plain = (record: DnsRecord): DnsRecord => ({ ...record, ttl: Math.min(record.ttl, LEGACY_TTL) });
      const { id, questions } = query;
      const flags = FLAG_RESPONSE | FLAG_AUTHORITATIVE;
      const all = { id, questions, flags, answers: answers.map(plain), additionals: additionals.map(plain) };
      return this.#send(all, from, port);
    }
    if (questions.every((question) => question.class & UNICAST_WANTED)) {
      return this.#send(response(answers, additionals), from, port);
    }
    if (!answers.some(({ type }) => type === "PTR")) return this.#tell(answers, additionals, true);
    const delay = SHARED_DELAY + this.#random(SHARED_SPREAD);
    this.#core.timers.arm(new Timer(() => this.#tell(answers, additionals, true)), this.#core.now() + delay);
  }

  /** Tells everybody, but not what they have just heard. */
  #tell(answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = [], sparing: boolean = false): void {
    const now = this.#core.now();
    for (const [record, at] of this.#told) if (now - at >= REPEAT_DELAY) this.#told.delete(record);
    const key = (record: DnsRecord): string => `${record.name} ${essence(record)}`;
    const fresh = sparing ? answers.filter((record) => !this.#told.has(key(record))) : answers;
    this.#counters.suppressed += answers.length - fresh.length;
    if (fresh.length === 0) return;
    for (const record of fresh) this.#told.set(key(record), now);
    this.#send(response(fresh, additionals));
  }
}

/** A response, in which what is ours alone drives out what others remember (RFC 6762, 10.2). */
function response(answers: readonly DnsRecord[], additionals: readonly DnsRecord[]): Partial<DnsMessage> {
  const flush = (record: DnsRecord): DnsRecord =>
    record.type === "PTR" ? record : { ...record, class: record.class | CACHE_FLUSH };
  return {
    flags: FLAG_RESPONSE | FLAG_AUTHORITATIVE,
    answers: answers.map(flush),
    additionals: additionals.map(flush),
  };
}

/** The next name to try: with a number, or the next one. */
function next(name: string, numbered: RegExp, suffix: (number: number) => string): string {
  const number = numbered.exec(name)?.[1];
  return name.replace(numbered, "") + suffix(Number(number ?? 1) + 1);
}
