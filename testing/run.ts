/**
 * What came of a replay.
 *
 * @module
 */

import type { ReplayDriver, ReplayedConversation, ReplayReport } from "../drivers/replay.ts";
import type { SentPacket } from "./compare_golden.ts";
import { expectGolden, type ExpectGoldenOptions } from "./golden.ts";
import { httpDifference, readResponses } from "./http_messages.ts";
import type { Tape } from "./record.ts";

/** What came of a replay; made by `replay()`. */
export class ReplayRun {
  /** What came of each recorded conversation, in the order of their first packets. */
  readonly reports: readonly ReplayReport[];
  /** What is wrong with the file, in a sentence: it was played up to there; null when nothing is. */
  readonly fault: string | null;
  readonly #driver: ReplayDriver<"ip">;
  readonly #tape: Tape;

  /**
   * Made by `replay()`.
   *
   * @param driver What played.
   * @param tape What recorded the run.
   * @param fault What is wrong with the file.
   * @param http Names of the fields in which HTTP responses may differ; null when streams are compared byte by byte.
   */
  constructor(driver: ReplayDriver<"ip">, tape: Tape, fault: string | null, http: readonly string[] | null) {
    this.#driver = driver;
    this.#tape = tape;
    this.fault = fault;
    this.reports = driver.reports().map((report) => http ? refine(report, driver.conversations, http) : report);
  }

  /** The recorded TCP conversations: the bytes of either side. */
  get conversations(): readonly ReplayedConversation[] {
    return this.#driver.conversations;
  }

  /**
   * The HTTP responses of the live app.
   *
   * @param conversation Which conversation, from 0; those of all when left out.
   * @returns The responses, in order; those that are not whole are left out.
   */
  responses(conversation?: number): Response[] {
    const chosen = conversation === undefined ? this.conversations : this.conversations.slice(conversation).slice(0, 1);
    return chosen.flatMap(({ live, received }) => readResponses(live.bytes(), received.bytes()));
  }

  /** What the live stack sent, IP packets. */
  get sent(): readonly SentPacket[] {
    return this.#driver.sent;
  }

  /** What was recorded of the host that is played live, IP packets. */
  get expected(): readonly SentPacket[] {
    return this.#driver.expected;
  }

  /** Whether every conversation came out as recorded. */
  get identical(): boolean {
    return this.fault === null && this.reports.every(({ verdict }) => verdict === "identical");
  }

  /** The packets of this run, as a pcapng file. */
  pcapng(): Uint8Array<ArrayBuffer> {
    return this.#tape.pcapng();
  }

  /**
   * Expects every conversation to come out as recorded. Otherwise the packets of the run are left behind in a file, which the
   * error names.
   *
   * @param name What the file is called after.
   * @throws {Error} When one differs, or could not be played.
   */
  expectIdentical(name: string = "replay"): void {
    if (this.identical) return;
    const lines = this.reports.filter(({ verdict }) => verdict !== "identical").map(describeReplay);
    if (this.fault !== null) lines.push(this.fault);
    const path = this.#tape.save(name);
    throw new Error(`The replay is not as recorded:\n${lines.join("\n")}\nThe packets of this run are in ${path}`);
  }

  /**
   * Expects the live stack to have sent what the recorded host sent, packet by packet.
   *
   * @param options Which fields may differ.
   * @throws {Error} When one differs: with both packets side by side.
   */
  expectGolden(options: ExpectGoldenOptions = {}): void {
    expectGolden(this.sent, this.expected, { ...options, medium: "ip" });
  }
}

/**
 * Writes a report in one line.
 *
 * @param report The report.
 */
export function describeReplay(report: ReplayReport): string {
  const { kind, peer, local, packet, verdict, reason } = report;
  const end = ({ address, port }: ReplayReport["peer"]): string => port > 0 ? `${address}.${port}` : address;
  return `${kind} ${end(peer)} > ${end(local)} (from packet ${packet}): ${verdict}${reason ? `: ${reason}` : ""}`;
}

/** Looks at the responses where the bytes of a conversation differ: two that mean the same are identical. */
function refine(
  report: ReplayReport,
  conversations: readonly ReplayedConversation[],
  ignore: readonly string[],
): ReplayReport {
  if (report.kind !== "tcp" || report.verdict !== "different") return report;
  const conversation = conversations.find(({ packet }) => packet === report.packet);
  if (!conversation) return report;
  const { recorded, live, received } = conversation;
  if (recorded.length === 0) return report;
  const difference = httpDifference(recorded.bytes(), live.bytes(), received.bytes(), ignore);
  if (difference === null) return report;
  if (difference) return { ...report, reason: difference };
  const { recordedEnd, liveEnd } = conversation;
  return recordedEnd === liveEnd ? { ...report, verdict: "identical", reason: null } : {
    ...report,
    reason: `the responses are the same, but the recorded connection ended ${recordedEnd}, and the live one ${liveEnd}`,
  };
}
