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
   * waits until the stack has sent what it acknowledges; datagrams wait for those that they answer. `"golden"` feeds what the
   * recorded stack received, for what this one sends to be compared with `expected`. `"feed"` when left out.
   */
  readonly mode?: "feed" | "converse" | "golden";
  /**
   * Addresses that stand in the place of recorded ones: IPv4 for IPv4, IPv6 for IPv6, MAC for MAC. Checksums change with them.
   * `from` names hosts as they were recorded.
   */
  readonly rewrite?: Readonly<Record<string, string>>;
  /**
   * Milliseconds for which a packet waits for the stack to send what was recorded; for a tenth of it, the packets of other
   * conversations wait too. Then the conversation goes on without it, if the stack has answered at all, or is given up. Infinity
   * when left out.
   */
  readonly patience?: number;
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
      enum: ["feed", "converse", "golden"],
      description: "Whether packets are mapped onto what the stack sends, or compared with it",
    },
    rewrite: { description: "Addresses that stand in the place of recorded ones" },
    patience: { type: "number", minimum: 0, description: "Milliseconds for which a packet waits for the stack" },
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
