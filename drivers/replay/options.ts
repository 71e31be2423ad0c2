/**
 * How to replay a recording.
 *
 * @module
 */

import type { Clock } from "../../core/clock.ts";
import type { OptionsSchema } from "../../core/options.ts";

/** How to replay a recording. */
export interface ReplayOptions {
  /**
   * Whose packets go to the stack: IPv4, IPv6 or MAC addresses of the recorded hosts that stand at the other end of the wire. All
   * packets when left out.
   */
  readonly from?: readonly string[];
  /**
   * `"feed"` sends the recorded packets as they are. `"converse"` lets the stack play the hosts that are not in `from`: sequence
   * numbers, timestamps, windows and ports of the recorded TCP segments are mapped onto what the stack really sends, and each
   * waits until the stack has sent what it acknowledges. `"feed"` when left out.
   */
  readonly mode?: "feed" | "converse";
  /** `"recorded"` keeps the times between the packets, `"fast"` none; `"recorded"` when left out. */
  readonly pace?: "recorded" | "fast";
  /** The time by which packets are due: that of the stack. The host's when left out. */
  readonly clock?: Clock;
  /** Bytes of the largest packet, without the Ethernet header, 68 to 65,535; 1500 when left out. */
  readonly mtu?: number;
  /** Packets of the stack that are kept for comparison, 0 to 1,048,576; 65,536 when left out. */
  readonly keep?: number;
}

/** The schema of {@linkcode ReplayOptions}. */
export const REPLAY_OPTIONS: OptionsSchema<ReplayOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: {
      type: "array",
      items: { type: "string" },
      description: "Whose packets go to the stack: IPv4, IPv6 or MAC addresses",
    },
    mode: {
      type: "string",
      enum: ["feed", "converse"],
      description: "Whether TCP is mapped onto what the stack sends",
    },
    pace: { type: "string", enum: ["recorded", "fast"], description: "Whether the times between packets are kept" },
    clock: { description: "The time by which packets are due" },
    mtu: {
      type: "integer",
      minimum: 68,
      maximum: 65_535,
      description: "Bytes of the largest packet, without the Ethernet header",
    },
    keep: { type: "integer", minimum: 0, maximum: 1_048_576, description: "Packets of the stack that are kept" },
  },
};

/** What a replay counts. */
export class ReplayCounters {
  /** Recorded packets that went to the stack. */
  fed: number = 0;
  /** Recorded packets of other hosts, which stay where they are. */
  others: number = 0;
  /** Recorded packets left out because they were cut short when they were recorded. */
  cut: number = 0;
  /** Recorded packets left out because they are larger than a frame may be. */
  oversized: number = 0;
  /** Recorded TCP segments left out: of a conversation whose beginning was not recorded, or which the stack reset. */
  skipped: number = 0;
  /** Packets made up in a conversation: bare acknowledgements and ARP replies. */
  added: number = 0;
  /** Packets that the stack sent. */
  sent: number = 0;
  /** Packets of the stack no longer kept because there were too many. */
  forgotten: number = 0;
}
