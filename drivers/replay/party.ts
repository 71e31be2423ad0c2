/**
 * What the recorded packets belong to: a TCP conversation or an exchange of datagrams, one side of which is played live.
 *
 * @module
 */

import type { Headers } from "./headers.ts";

/** One end of a conversation. */
export interface Endpoint {
  /** The IP address. */
  readonly address: string;
  /** The port; 0 where there are none. */
  readonly port: number;
}

/** How a replay of a conversation came out. */
export type Verdict = "identical" | "different" | "impossible";

/** What came of one recorded conversation. */
export interface ReplayReport {
  /** What was spoken. */
  readonly kind: "tcp" | "udp" | "dns" | "icmp" | "arp";
  /** Who was played from the recording. */
  readonly peer: Endpoint;
  /** Who was played by the live stack, as recorded. */
  readonly local: Endpoint;
  /** The number of its first packet in the file. */
  readonly packet: number;
  /** Whether the live stack sent what was recorded; impossible when that cannot be told. */
  readonly verdict: Verdict;
  /** The first difference, or why it was impossible; null for what is identical. */
  readonly reason: string | null;
}

/** A recorded packet for the stack. */
export interface RecordedPacket {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Milliseconds after the first packet of the file. */
  readonly time: number;
  /** The packet, as the driver carries it. */
  readonly bytes: Uint8Array;
  /** To what it belongs; null when it stands for itself. */
  readonly party: Party | null;
  /** How much the side that is played live had sent by then in the recording, as its party counts. */
  readonly before: number;
}

/** A conversation, as it is played. */
export interface Party {
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Whether the rest of its packets is left out. */
  readonly over: boolean;
  /** Changes with everything that the live stack sends in it. */
  readonly progress: number;
  /** Recorded packets of it that were not fed yet. */
  left: number;
  /**
   * Tells what a recorded packet has to wait for.
   *
   * @param headers Its headers, as recorded.
   * @param packet The packet.
   * @returns Null when it can go to the live stack; else the end of a sentence.
   */
  missing(headers: Headers, packet: RecordedPacket): string | null;
  /**
   * Ends a wait that took too long: goes on without what is missing, or gives the rest up.
   *
   * @param headers The headers of the packet that waits.
   * @param packet The packet.
   */
  giveWay(headers: Headers, packet: RecordedPacket): void;
  /**
   * Makes a recorded packet fit the live stack, once nothing is missing.
   *
   * @param headers Its headers, where they may be changed.
   * @param packet The packet as recorded.
   */
  rewrite(headers: Headers, packet: RecordedPacket): void;
  /** What came of it. */
  report(): ReplayReport;
}

/**
 * Shows where two texts of bytes part.
 *
 * @param recorded What was recorded.
 * @param live What came.
 * @returns The place of the first difference; -1 when there is none.
 */
export function firstDifference(recorded: Uint8Array, live: Uint8Array): number {
  const size = Math.min(recorded.length, live.length);
  for (let i = 0; i < size; i++) if (recorded[i] !== live[i]) return i;
  return recorded.length === live.length ? -1 : size;
}

/**
 * Writes bytes so that a person can read them.
 *
 * @param bytes The bytes.
 * @param at The first to show.
 * @param count How many at most.
 */
export function excerpt(bytes: Uint8Array, at: number, count: number = 32): string {
  const some = bytes.subarray(at, at + count);
  if (some.length === 0) return "nothing";
  const binary = some.some((byte) => byte > 126 || (byte < 32 && byte !== 10 && byte !== 13 && byte !== 9));
  const text = binary
    ? Array.from(some, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
    : JSON.stringify(String.fromCharCode(...some));
  return at + count < bytes.length ? `${text}…` : text;
}
