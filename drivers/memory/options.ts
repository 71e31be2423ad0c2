/**
 * What wires and switches in memory have in common.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import type { OptionsSchema } from "../../core/options.ts";

/** Bytes that a frame may have beyond the MTU: an Ethernet header and one VLAN tag. */
const FRAME_HEADERS = 18;

/**
 * Tells how large a frame may be.
 *
 * @param medium What the wire carries.
 * @param mtu Bytes of the largest payload.
 * @returns Bytes of the largest frame.
 */
export function frameSize(medium: Medium, mtu: number): number {
  return medium === "ethernet" ? mtu + FRAME_HEADERS : mtu;
}

/** How to make a wire in memory. */
export interface MemoryOptions {
  /** Bytes of the largest packet, without the Ethernet header: 68 to 65,535; 1500 when left out. */
  readonly mtu?: number;
  /** Packets under way in each direction at most, 1 to 65,536; 512 when left out. */
  readonly slots?: number;
  /**
   * Whether the process may end while a stack sleeps on this wire with a timer armed, where the runtime permits; false
   * when left out. A wire on which nobody waits for a timer never holds the process.
   */
  readonly background?: boolean;
}

/** The schema of {@linkcode MemoryOptions}. */
export const MEMORY_OPTIONS: OptionsSchema<MemoryOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    mtu: {
      type: "integer",
      minimum: 68,
      maximum: 65_535,
      description: "Bytes of the largest packet, without the Ethernet header",
    },
    slots: { type: "integer", minimum: 1, maximum: 65_536, description: "Packets under way in each direction at most" },
    background: { type: "boolean", description: "Whether the process may end while a stack sleeps on this wire" },
  },
};

/** What an end of a wire, or a port of a switch, counts. */
export class MemoryCounters {
  /** Packets sent. */
  sent: number = 0;
  /** Packets received. */
  received: number = 0;
  /** Packets dropped because the other side's queue was full. */
  full: number = 0;
  /** Packets refused because they were larger than a frame may be. */
  oversized: number = 0;
  /** Packets that vanished because nobody is at the other end any more. */
  vanished: number = 0;
}
