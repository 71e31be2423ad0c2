/**
 * Resource records (RFC 1035, 3.2; RFC 3596; RFC 2782): their types, and how the data of each is laid out.
 *
 * @module
 */

/** A mail exchanger. */
export interface DnsMx {
  /** The lower, the sooner. */
  readonly preference: number;
  /** The host. */
  readonly exchange: string;
}

/** Where a service is. */
export interface DnsSrv {
  /** The lower, the sooner. */
  readonly priority: number;
  /** Of the same priority, how often. */
  readonly weight: number;
  /** The port. */
  readonly port: number;
  /** The host. */
  readonly target: string;
}

/** The start of a zone. */
export interface DnsSoa {
  /** The primary server. */
  readonly mname: string;
  /** The mailbox of who is responsible. */
  readonly rname: string;
  /** The version. */
  readonly serial: number;
  /** Seconds between two looks of a secondary server. */
  readonly refresh: number;
  /** Seconds after one that failed. */
  readonly retry: number;
  /** Seconds after which a secondary server gives up. */
  readonly expire: number;
  /** Seconds for which the absence of a name or type is remembered, at most (RFC 2308, 4). */
  readonly minimum: number;
}

/** What the data of each type is. Other types are written `TYPE65` (RFC 3597), their data is bytes. */
export interface DnsDataOf {
  /** An IPv4 address. */
  A: string;
  /** An IPv6 address. */
  AAAA: string;
  /** The name that an alias stands for. */
  CNAME: string;
  /** A mail exchanger. */
  MX: DnsMx;
  /** A name server. */
  NS: string;
  /** A name, as for an address. */
  PTR: string;
  /** The start of a zone. */
  SOA: DnsSoa;
  /** Where a service is. */
  SRV: DnsSrv;
  /** Texts. */
  TXT: string[];
}

/** The types whose data is more than bytes. */
export type DnsType = keyof DnsDataOf;

/** A resource record. */
export interface DnsRecord {
  /** Whose it is. */
  readonly name: string;
  /** Its type, such as `"A"` or `"TYPE65"`. */
  readonly type: string;
  /** Its class: 1 for the Internet; mDNS sets the highest bit to flush caches, and an OPT record tells its size here. */
  readonly class: number;
  /** Seconds for which it may be remembered. */
  readonly ttl: number;
  /** Its data, as {@linkcode DnsDataOf} says; bytes of another type, or where they do not fit theirs. */
  readonly data: DnsDataOf[DnsType] | Uint8Array<ArrayBuffer>;
}

/**
 * A type: its number, and the kinds of the data's fields with their names. `4` and `6` are addresses, `n` a name, `s` and
 * `l` integers of 16 and 32 bits, `t` texts to the end.
 */
export type Layout = readonly [type: number, kinds: string, fields: string];

/** The types whose data is more than bytes. */
export const LAYOUTS: { readonly [K in DnsType]: Layout } = {
  A: [1, "4", ""],
  NS: [2, "n", ""],
  CNAME: [5, "n", ""],
  SOA: [6, "nnlllll", "mname rname serial refresh retry expire minimum"],
  PTR: [12, "n", ""],
  MX: [15, "sn", "preference exchange"],
  TXT: [16, "t", ""],
  AAAA: [28, "6", ""],
  SRV: [33, "sssn", "priority weight port target"],
};

/**
 * Finds the number of a type.
 *
 * @param type The type, such as `"A"` or `"TYPE65"`.
 * @returns Its number; NaN when there is none.
 */
export function typeNumber(type: string): number {
  return Object.hasOwn(LAYOUTS, type) ? LAYOUTS[type as DnsType][0] : Number(/^TYPE(\d{1,5})$/.exec(type)?.[1]);
}

/**
 * Finds the type of a number.
 *
 * @param number The number.
 * @returns The type, such as `"A"` or `"TYPE65"`.
 */
export function typeName(number: number): string {
  for (const name in LAYOUTS) if (LAYOUTS[name as DnsType][0] === number) return name;
  return `TYPE${number}`;
}

/**
 * Compares two names, in which upper and lower case are the same (RFC 1035, 2.3.3; RFC 4343).
 *
 * @param a One name.
 * @param b The other.
 * @returns Whether they are the same.
 */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
