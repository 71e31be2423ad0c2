/**
 * The options of the resolver, and what it counts.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";

/** How to make the resolver. */
export interface DnsOptions {
  /** Whom to ask, such as `"10.0.0.1"`; those that DHCP and router advertisements tell when left out. */
  readonly servers?: readonly string[];
  /** The servers' port; 53 when left out. */
  readonly port?: number;
  /** The domains in which names are looked for: before they are as they are, where they have no dot, or after; those
   * that DHCP and router advertisements tell when left out. */
  readonly search?: readonly string[];
  /** Milliseconds to wait for an answer before the next server is asked, doubled in each round; 2,000 when left out. */
  readonly timeout?: number;
  /** Rounds through the servers; 3 when left out. */
  readonly attempts?: number;
}

/** The JSON Schema of {@linkcode DnsOptions}. */
export const DNS_OPTIONS: OptionsSchema<DnsOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    servers: { type: "array", items: { type: "string" } },
    port: { type: "integer", minimum: 1, maximum: 65_535 },
    search: { type: "array", items: { type: "string" } },
    timeout: { type: "integer", minimum: 1, maximum: 60_000 },
    attempts: { type: "integer", minimum: 1, maximum: 10 },
  },
};

/** What the resolver counts. */
export class DnsCounters {
  /** Queries sent over UDP. */
  queries: number = 0;
  /** Queries sent over TCP, for their answer was cut. */
  overTcp: number = 0;
  /** Answers that were remembered. */
  cached: number = 0;
  /** Datagrams that answer no question of ours, or make no sense. */
  ignored: number = 0;
  /** Servers that did not answer in time, or could not be reached. */
  unanswered: number = 0;
  /** Answers in which a server says that it failed. */
  failed: number = 0;
}
