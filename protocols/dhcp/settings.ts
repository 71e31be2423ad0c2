/**
 * The options of the DHCP client, and what it counts.
 *
 * @module
 */

import type { OptionsSchema } from "../../core/options.ts";
import type { DhcpLease } from "./lease.ts";

/** The names of the states, by their number: those of RFC 2131, 4.4, and `CHECKING`, when ARP asks who has the address. */
export const DHCP_STATES: readonly string[] = [
  "INIT",
  "INIT-REBOOT",
  "BOUND",
  "SELECTING",
  "REBOOTING",
  "RENEWING",
  "REBINDING",
  "REQUESTING",
  "CHECKING",
];

/** An option of DHCP that the client does not know by itself: one to tell the server, or to ask it for. */
export interface DhcpOption {
  /** Its code, 1 to 254. */
  readonly code: number;
  /** What the server is told, at most 255 bytes; it is asked for the option when this is left out. */
  readonly value?: readonly number[];
  /**
   * Reads what the server tells.
   *
   * @param bytes The option's bytes, which may be anything.
   * @returns What it changes in the lease.
   */
  read?(bytes: readonly number[]): Partial<DhcpLease>;
}

/** How to make the DHCP client. */
export interface DhcpOptions {
  /** The address that we had when we last ran, asked for first (INIT-REBOOT). */
  readonly request?: string;
  /** Whether ARP asks, for some five seconds, if an address is free before it is used (RFC 5227); true when left out. */
  readonly probe?: boolean;
  /** More to tell and to ask: `hostname()`, `everyOption` and others of `protocols/dhcp_options`, or one's own. */
  readonly options?: readonly DhcpOption[];
}

/** The JSON Schema of {@linkcode DhcpOptions}. */
export const DHCP_OPTIONS: OptionsSchema<DhcpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    request: { type: "string" },
    probe: { type: "boolean" },
    options: { type: "array", items: {} },
  },
};

/** What the DHCP client counts. */
export class DhcpCounters {
  /** Messages sent. */
  sent: number = 0;
  /** Leases granted or renewed. */
  acknowledged: number = 0;
  /** Addresses refused by a server. */
  refused: number = 0;
  /** Addresses that another host turned out to have. */
  declined: number = 0;
  /** Messages that are none, or not for us, or not now. */
  ignored: number = 0;
}
