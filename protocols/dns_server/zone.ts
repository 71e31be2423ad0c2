/**
 * A zone: the records of names below one name, and what it says to a question (RFC 1034, 4.3.2; RFC 2308; RFC 4592).
 *
 * @module
 */

import { readName, writeName } from "../../core/domain_name.ts";
import { CLASS_IN } from "../dns/codes.ts";
import type { DnsMx, DnsRecord, DnsSoa, DnsSrv } from "../dns/record.ts";
import { isWritable } from "../dns/writer.ts";
import type { DnsServerRecord } from "./settings.ts";

/** Aliases that are followed within the zone. */
const ALIASES = 16;
/** The type that asks for all. */
const ANY = "TYPE255";

/** What a zone says to a question. */
export interface ZoneAnswer {
  /** The records asked for, aliases that led to them included. */
  readonly answers: DnsRecord[];
  /** Its start, where there are none of the type. */
  readonly authorities: DnsRecord[];
  /** The addresses of hosts that answers name (RFC 1034, 4.3.2; RFC 2782). */
  readonly additionals: DnsRecord[];
  /** Whether the name exists. */
  readonly exists: boolean;
}

/** A zone. */
export class Zone {
  /** Its name, in lower case. */
  readonly name: string;
  readonly #names: Map<string, DnsRecord[]> = new Map();
  readonly #soa: DnsRecord;

  /**
   * Makes a zone.
   *
   * @param name Its name.
   * @param records Its records.
   * @param ttl Seconds for which they may be remembered, unless they say.
   * @throws {RangeError} When a record lies outside of it, or cannot be written.
   */
  constructor(name: string, records: readonly DnsServerRecord[], ttl: number) {
    this.name = normalize(name);
    const all = records.map((record): DnsRecord => ({
      name: normalize(record.name),
      type: record.type,
      class: CLASS_IN,
      ttl: record.ttl ?? ttl,
      data: record.data,
    }));
    const soa = all.find(({ name, type }) => name === this.name && type === "SOA");
    this.#soa = soa ?? {
      name: this.name,
      type: "SOA",
      class: CLASS_IN,
      ttl,
      data: {
        mname: `ns.${this.name}`,
        rname: `hostmaster.${this.name}`,
        serial: 1,
        refresh: 3600,
        retry: 600,
        expire: 86_400,
        minimum: ttl,
      },
    };
    if (!soa) all.push(this.#soa);
    for (const record of all) {
      if (!this.holds(record.name)) {
        throw new RangeError(`dnsServer(): the record of "${record.name}" lies outside of the zone "${name}"`);
      }
      if (!isWritable(record)) {
        throw new RangeError(`dnsServer(): the ${record.type} record of "${record.name}" has data that is none`);
      }
      const others = this.#names.get(record.name);
      if (others) others.push(record);
      else this.#names.set(record.name, [record]);
    }
    // A name exists also where only names below it have records (RFC 8020).
    for (const name of [...this.#names.keys()]) {
      for (let above = parent(name); this.holds(above) && !this.#names.has(above); above = parent(above)) {
        this.#names.set(above, []);
      }
    }
  }

  /**
   * Tells whether a name lies in the zone.
   *
   * @param name The name.
   * @returns Whether it is the zone's name, or below it.
   */
  holds(name: string): boolean {
    const lower = name.toLowerCase();
    return lower === this.name || this.name === "" || lower.endsWith(`.${this.name}`);
  }

  /**
   * Answers a question.
   *
   * @param name A name in the zone.
   * @param type The type.
   * @returns What there is.
   */
  answer(name: string, type: string): ZoneAnswer {
    const answers: DnsRecord[] = [];
    let exists = false;
    for (let aliases = 0; aliases <= ALIASES && this.holds(name); aliases++) {
      const records = this.#find(name);
      exists = records !== undefined;
      if (!records) break;
      const found = records.filter((record) => record.type === type || type === ANY);
      const alias = records.find((record) => record.type === "CNAME");
      if (found.length > 0 || !alias) {
        answers.push(...found);
        const authorities = found.length > 0 ? [] : [this.#absence()];
        return { answers, authorities, additionals: this.#addresses(found), exists: true };
      }
      if (answers.includes(alias)) break;
      answers.push(alias);
      name = alias.data as string;
    }
    // What lies outside is for others to say.
    return { answers, authorities: exists ? [] : [this.#absence()], additionals: [], exists };
  }

  /** The zone's start, for as long as the absence of a record may be remembered (RFC 2308, 3). */
  #absence(): DnsRecord {
    const { minimum } = this.#soa.data as DnsSoa;
    return { ...this.#soa, ttl: Math.min(this.#soa.ttl, minimum) };
  }

  /** The addresses of the hosts of this zone that records name. */
  #addresses(records: readonly DnsRecord[]): DnsRecord[] {
    const hosts = new Set(
      records.map(({ type, data }) =>
        type === "NS"
          ? data as string
          : type === "MX"
          ? (data as DnsMx).exchange
          : type === "SRV"
          ? (data as DnsSrv).target
          : ""
      ),
    );
    return [...hosts].flatMap((host) => this.#names.get(normalize(host)) ?? [])
      .filter(({ type }) => type === "A" || type === "AAAA");
  }

  /** The records of a name, made up from a wildcard where there is one (RFC 4592, 3.3.1). */
  #find(name: string): DnsRecord[] | undefined {
    const known = this.#names.get(name.toLowerCase());
    if (known) return known;
    let above = parent(name.toLowerCase());
    while (!this.#names.has(above) && this.holds(above) && above !== "") above = parent(above);
    return this.#names.get(above === "" ? "*" : `*.${above}`)?.map((record) => ({ ...record, name }));
  }
}

/** The name above a name. */
function parent(name: string): string {
  // A dot within a label is written \046.
  const dot = name.indexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1);
}

/** A name as it is read from the wire, in lower case. */
function normalize(name: string): string {
  const bytes = writeName(name);
  if (!bytes) throw new RangeError(`dnsServer(): "${name}" is no domain name such as "example.com"`);
  return readName(bytes, 0)!.name.toLowerCase();
}
