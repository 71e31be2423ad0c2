/**
 * The options of the NDP layer, and what it counts.
 *
 * @module
 */

import type { Dad } from "../../core/claim.ts";
import type { Ipv6Address } from "../../core/ipv6_address.ts";
import { NeighbourLinkCounters, type NeighbourLinkOptions } from "../../core/neighbour_link.ts";
import type { OptionsSchema } from "../../core/options.ts";

/** How to make the NDP layer. */
export interface NdpOptions extends NeighbourLinkOptions<Ipv6Address> {
  /** Milliseconds for which an answer is believed, on average; 30,000 when left out, or what routers say. */
  readonly lifetime?: number;
  /**
   * What to do while it is asked, for one to two seconds, whether another host has an address of ours: `"wait"`, use it
   * already (`"optimistic"`, RFC 4429, as when left out), or do not ask at all (`"none"`).
   */
  readonly dad?: Dad;
  /** How often that is asked; 1 when left out. */
  readonly transmits?: number;
}

/** The JSON Schema of {@linkcode NdpOptions}. */
export const NDP_OPTIONS: OptionsSchema<NdpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    lifetime: { type: "integer", minimum: 1, maximum: 3_600_000 },
    neighbours: { type: "integer", minimum: 1, maximum: 65_536 },
    queue: { type: "integer", minimum: 1, maximum: 1024 },
    dad: { type: "string", enum: ["wait", "optimistic", "none"] },
    transmits: { type: "integer", minimum: 1, maximum: 10 },
    onConflict: {},
  },
};

/** What the NDP layer counts. */
export class NdpCounters extends NeighbourLinkCounters {
  /** Solicitations sent. */
  solicitations: number = 0;
  /** Advertisements sent. */
  advertisements: number = 0;
}
