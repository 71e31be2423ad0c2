/**
 * The options of the DHCP server, and what it counts.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";

/** How to make the DHCP server. */
export interface DhcpServerOptions {
  /** The addresses that it gives out, such as `"10.0.0.100-10.0.0.199"`: of one of our own networks. */
  readonly range: string;
  /** Seconds for which a client has its address; 3,600 when left out. */
  readonly lease?: number;
  /** The router; none when left out. */
  readonly router?: string;
  /** The DNS servers, such as our own address; none when left out. */
  readonly dns?: readonly string[];
  /** The domains in which clients look for names. */
  readonly search?: readonly string[];
  /** Bytes of the largest packet on the link. */
  readonly mtu?: number;
  /** Clients, by MAC address, that always have the same address. */
  readonly reservations?: Readonly<Record<string, string>>;
}

/** The JSON Schema of {@linkcode DhcpServerOptions}. */
export const DHCP_SERVER_OPTIONS: OptionsSchema<DhcpServerOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["range"],
  properties: {
    range: {
      type: "string",
      pattern: "^\\d+(\\.\\d+){3}-\\d+(\\.\\d+){3}$",
      examples: ["10.0.0.100-10.0.0.199"],
    },
    lease: { type: "integer", minimum: 1, maximum: 4_294_967_295 },
    router: { type: "string", examples: ["10.0.0.1"] },
    dns: { type: "array", items: { type: "string", examples: ["10.0.0.1"] } },
    search: { type: "array", items: { type: "string", examples: ["example.com"] } },
    mtu: { type: "integer", minimum: 68, maximum: 65_535 },
    reservations: { description: "MAC addresses, and the address that each always has" },
  },
};

/** What the DHCP server counts. */
export class DhcpServerCounters {
  /** Addresses offered. */
  offers: number = 0;
  /** Addresses given, or given for longer. */
  acknowledged: number = 0;
  /** Requests refused. */
  refused: number = 0;
  /** Addresses that clients found in use. */
  declined: number = 0;
  /** Addresses given back. */
  released: number = 0;
  /** Clients for which there was no address. */
  exhausted: number = 0;
  /** Messages that are none, or are for another server. */
  ignored: number = 0;
}
