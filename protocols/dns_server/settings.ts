/**
 * The options of the DNS server, and what it counts.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";
import type { DnsDataOf, DnsType } from "../dns/record.ts";

/** A record of a zone. */
export type DnsServerRecord = {
  [T in DnsType]: {
    /** Whose it is, in full, such as `"www.home.example"`; `*` in the place of the first label stands for all. */
    readonly name: string;
    /** Its type. */
    readonly type: T;
    /** Its data. */
    readonly data: DnsDataOf[T];
    /** Seconds for which it may be remembered; the zone's when left out. */
    readonly ttl?: number;
  };
}[DnsType];

/** How to make the DNS server. */
export interface DnsServerOptions {
  /** The zone that it is the authority for, such as `"home.example"`; none when left out, so that it only forwards. */
  readonly zone?: string;
  /** The zone's records. A SOA record is made up when there is none. */
  readonly records?: readonly DnsServerRecord[];
  /** Seconds for which records may be remembered, unless they say; 300 when left out. */
  readonly ttl?: number;
  /** Servers to ask for all other names, such as `["9.9.9.9"]`; such questions are refused when left out. */
  readonly forward?: readonly string[];
  /** Milliseconds to wait for their answer before the next is asked; 2,000 when left out. */
  readonly timeout?: number;
  /** Questions that may be forwarded at once; 256 when left out. */
  readonly pending?: number;
  /** The port; 53 when left out. */
  readonly port?: number;
  /** The one of our addresses to serve at; all of them when left out. */
  readonly hostname?: string;
}

/** The JSON Schema of {@linkcode DnsServerOptions}. */
export const DNS_SERVER_OPTIONS: OptionsSchema<DnsServerOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    zone: { type: "string", examples: ["home.example"] },
    // Each an object, which only its zone can judge.
    records: { type: "array", items: {} as never },
    ttl: { type: "integer", minimum: 0, maximum: 2_147_483_647 },
    forward: { type: "array", items: { type: "string", examples: ["9.9.9.9"] } },
    timeout: { type: "integer", minimum: 1, maximum: 60_000 },
    pending: { type: "integer", minimum: 1, maximum: 65_536 },
    port: { type: "integer", minimum: 1, maximum: 65_535 },
    hostname: { type: "string" },
  },
};

/** What the DNS server counts. */
export class DnsServerCounters {
  /** Questions answered as the authority. */
  answered: number = 0;
  /** Questions forwarded. */
  forwarded: number = 0;
  /** Questions that nobody answered who was asked, or that were too many. */
  failed: number = 0;
  /** Questions about names that are not ours. */
  refused: number = 0;
  /** Queries that make no sense, or ask for what is not there. */
  malformed: number = 0;
  /** Answers that were cut. */
  truncated: number = 0;
}
